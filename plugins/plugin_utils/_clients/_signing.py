# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key and certificates that sign files, as an administrator gives them: read once, and checked before anything is written."""

from __future__ import annotations

import datetime
import functools
import hashlib
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple

from ansible.module_utils.basic import missing_required_lib

from .._model.errors import Invalid, Problems, named
from . import _cms
from ._client import Option, OptionCheck, OptionFile, Secret

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

OPTIONS = (
    Option(
        "signing_key_file", "path", None,
        "The private key that signs the profiles, RSA or EC, in PEM: an absolute path on the controller of a file that others cannot read. "
        "Without it they are not signed.", private=True,
    ),
    Option("signing_key_passphrase", "str", None, "The passphrase of the key, if it is encrypted.", secret=True),
    Option("signing_certificate_file", "path", None, "The certificate of the key in PEM. More certificates in the file count as its chain."),
    Option("signing_chain_file", "path", None, "The certificates between that one and the root, in PEM. They go into the profiles."),
    Option("warn_before_days", "int", 30, "How many days before a certificate expires there is a warning."),
)  # fmt: skip
_KEY, _PASSPHRASE, _CERTIFICATE, _CHAIN, _WARN_BEFORE = (option.name for option in OPTIONS)


class Signer(NamedTuple):
    """``chain``: certificates behind the one of the key, if any."""

    key: Any
    certificate: Certificate
    chain: tuple[Certificate, ...]

    def signed(self, content: bytes) -> bytes:
        return _cms.signed(content, self.key, self.certificate, self.chain)

    @property
    def tag(self) -> str:
        """Of the key, not of the certificate, which may be renewed: the SHA-256 of the public key."""
        return _public_digest(self.certificate.public_key())

    @property
    def description(self) -> str:
        """One line for people."""
        until = _expiry(self.certificate).date().isoformat()
        return f"signed with the key {self.tag[:16]}, certificate {_digest(self.certificate)} until {until}, {len(self.chain)} more in the chain"


def signer(options: Mapping[str, Any]) -> Signer | None:
    """The signer of options that ``check`` found nothing wrong with; None: no key is given."""
    if options[_KEY] is None or options[_CERTIFICATE] is None:
        return None
    return _signer(*(options[name] for name in (_KEY, _PASSPHRASE, _CERTIFICATE, _CHAIN)))


def check(options: Mapping[str, Any], now: datetime.datetime) -> OptionCheck:
    given = [name for name in (_KEY, _PASSPHRASE, _CERTIFICATE, _CHAIN) if options[name] is not None]
    if not given:
        return OptionCheck(warnings=(f"{_KEY}: is not given, so the profiles are not signed, and devices say so when they are installed",))
    missing = [name for name in (_KEY, _CERTIFICATE) if name not in given]
    if missing:
        return OptionCheck(tuple(f"{name}: is needed with {given[0]}" for name in missing))
    problems = Problems()
    with problems.at(""):
        found = signer(options)
        with named(_KEY):
            found.signed(b"")  # the first signature says whether this kind of key can be used
        return _check_dates(found, options[_WARN_BEFORE], now)
    return OptionCheck(tuple(problem.removeprefix(": ") for problem in problems))


@functools.lru_cache(maxsize=4)
def _signer(key_file: OptionFile, passphrase: Secret | None, certificate_file: OptionFile, chain_file: OptionFile | None) -> Signer:
    """Loaded once for all users; Invalid begins with the name of the option."""
    with named(_KEY):
        key = _key(key_file, passphrase)
    with named(_CERTIFICATE):
        certificate, *chain = _certificates(certificate_file)
        if _public_digest(certificate.public_key()) != _public_digest(key.public_key()):
            raise Invalid(f"{certificate_file.path} is the certificate of another key than {_KEY}")
    if chain_file is not None:
        with named(_CHAIN):
            chain += _certificates(chain_file)
    return Signer(key, certificate, tuple(chain))


def _key(file: OptionFile, passphrase: Secret | None) -> Any:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise Invalid(missing_required_lib("cryptography", reason="for signatures")) from None
    try:
        key = load_pem_private_key(file.content, None if passphrase is None else passphrase.text.encode())
    except TypeError:
        reason = f"is encrypted: give {_PASSPHRASE}" if passphrase is None else f"is not encrypted: leave {_PASSPHRASE} out"
        raise Invalid(f"{file.path} {reason}") from None
    except (ValueError, UnsupportedAlgorithm):  # their text says nothing more to an administrator
        reason = "is not a private key in PEM" if passphrase is None else f"is not a private key in PEM, or {_PASSPHRASE} is another one's"
        raise Invalid(f"{file.path} {reason}") from None
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise Invalid(f"{file.path} is neither an RSA nor an EC key")
    return key


def _certificates(file: OptionFile) -> list[Certificate]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(file.content)
    except ValueError:
        raise Invalid(f"{file.path} has no certificate in PEM") from None


def _check_dates(found: Signer, warn_before: int, now: datetime.datetime) -> OptionCheck:
    start, end = _start(found.certificate), _expiry(found.certificate)
    if now < start:
        return OptionCheck((f"{_CERTIFICATE}: is not valid before {start.date()}: look at the controller's clock, or give another one",))
    if now >= end:
        return OptionCheck((f"{_CERTIFICATE}: has expired on {end.date()}: renew it, with the same key",))
    warnings = []
    if end - now <= datetime.timedelta(days=warn_before):
        warnings.append(f"{_CERTIFICATE}: expires on {end.date()}: renew it, with the same key, or devices refuse the next profile")
    for each in found.chain:
        if _expiry(each) - now <= datetime.timedelta(days=warn_before):
            warnings.append(f"{_CHAIN}: the certificate of {each.subject.rfc4514_string()} expires on {_expiry(each).date()}")
    return OptionCheck(warnings=tuple(warnings))


def _start(certificate: Certificate) -> datetime.datetime:
    return _utc(certificate, "not_valid_before")


def _expiry(certificate: Certificate) -> datetime.datetime:
    return _utc(certificate, "not_valid_after")


def _utc(certificate: Certificate, name: str) -> datetime.datetime:
    """cryptography before 42 has it without a time zone only."""
    found = getattr(certificate, f"{name}_utc", None)
    return found or getattr(certificate, name).replace(tzinfo=datetime.timezone.utc)


def _public_digest(public_key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _digest(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()[:16]
