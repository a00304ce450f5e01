# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS: version 1.2 at least, with the chain and the name verified, always with SNI; and in the words of the list what fails."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import time
from typing import List, Optional

from .failure import CheckFailed
from .text import clean

_NOT_YET_VALID, _EXPIRED = 9, 10  # X509_V_ERR_... in openssl/x509_vfy.h
_WRONG_NAME = (62, 64)  # of a host, of an IP address
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_...
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW", "WRONG_SSL_VERSION")
_MAX_NAMES = 5
_DAY = 86_400  # seconds


def make_context(ca_file: Optional[str], lenient: bool = False) -> ssl.SSLContext:
    """Trusts the system's authorities, or those in ``ca_file`` alone. ``lenient``: for a look at a certificate that has expired or another
    name; nothing is ever said to such a server."""
    if ca_file is not None and not _is_file(ca_file):
        raise CheckFailed("tls_untrusted", "the profile's ca_file is not on the host", f"put {ca_file} on the host, or correct ca_file")
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):  # the text may quote the file
        raise CheckFailed("tls_untrusted", "the profile's ca_file cannot be read, or is no PEM file", f"check {ca_file} on the host") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if lenient:
        context.check_hostname = False
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    return context


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # a FIFO would never end
    except (OSError, ValueError):
        return False


def handshake(connection: socket.socket, context: ssl.SSLContext, host: str, seconds: float) -> ssl.SSLSocket:
    """CheckFailed says why there is no TLS. A name is sent as SNI, an IP address is not; Python sees to that."""
    connection.settimeout(seconds)
    encrypted = context.wrap_socket(connection, server_hostname=host.rstrip("."), do_handshake_on_connect=False)
    try:
        encrypted.do_handshake()
        return encrypted
    except OSError as exc:
        encrypted.close()
        raise _failure(exc, host, seconds) from None


def _failure(exc: OSError, host: str, seconds: float) -> CheckFailed:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _distrust(exc, host)
    if isinstance(exc, socket.timeout):  # a class of its own until Python 3.9
        return CheckFailed("timeout", f"the server did not finish the TLS handshake within {seconds:.0f} seconds")
    if isinstance(exc, ssl.SSLError) and not isinstance(exc, ssl.SSLEOFError):
        reason = exc.reason or type(exc).__name__
        if reason in _TOO_OLD:
            return CheckFailed("not_tls", "the server has no TLS 1.2 or newer", "let the server offer TLS 1.2 or 1.3")
        return CheckFailed("not_tls", f"the server does not answer in TLS ({clean(reason.encode())})")
    return CheckFailed("not_tls", "the server breaks the connection off during the TLS handshake")


def _distrust(exc: ssl.SSLCertVerificationError, host: str) -> CheckFailed:
    code = exc.verify_code
    if code in _WRONG_NAME:
        return CheckFailed("tls_name", f"the certificate is not for {host}")
    if code == _EXPIRED:
        return CheckFailed("tls_expired", "the certificate has expired, or one that it depends on", "renew the certificate of the server")
    if code == _NOT_YET_VALID:
        return CheckFailed("tls_expired", "the certificate is not valid yet", "check the clocks of the host and the server")
    return CheckFailed("tls_untrusted", f"the certificate is not trusted ({clean(exc.verify_message.encode())})", _TRUST)


_TRUST = (
    "let the server send its whole chain of certificates; if its authority is your own, install that on the host, or name its file in the profile's ca_file"
)


def days_left(connection: ssl.SSLSocket) -> Optional[int]:
    """Until the server's own certificate expires."""
    try:
        return int((ssl.cert_time_to_seconds((connection.getpeercert() or {})["notAfter"]) - time.time()) // _DAY)
    except (KeyError, ValueError):
        return None


def certificate_names(connection: ssl.SSLSocket) -> List[str]:
    """Host names and addresses that the certificate is for, the first few."""
    names = [name for kind, name in (connection.getpeercert() or {}).get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    return [clean(name.encode()) for name in names[:_MAX_NAMES]] + (["..."] if len(names) > _MAX_NAMES else [])
