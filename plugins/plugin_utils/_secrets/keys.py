# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords at rest: sealed with the administrator's ``store_key``, opened on the controller, at the last moment.

A sealed password is a text of its own, ``$mailops$1$SALT$CHECK$DATA`` in base64url (RFC 4648 section 5, no padding), so that it
travels with its profile. 1 means scrypt (RFC 7914, n = 2^15, r = 8, p = 1) and AES-256-GCM (NIST SP 800-38D). CHECK tells another
key from a forged text. DATA is a random nonce of 12 bytes, the password and a tag of 16 bytes. The tag also covers the *binding*: where the
password belongs. A person who can write to the store can neither move it to another profile nor send it to another server.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import mmap
import multiprocessing
import os
from typing import Any, Mapping

from ansible.module_utils.basic import missing_required_lib

from .._model import variables
from .._model.errors import Invalid, MailopsError
from .._model.given import is_blank
from .._model.passwords import SEALED, SEALED_PREFIX, sealed
from .._model.ports import derived_port
from .sources import Source, checked_secret, given_secret

ENVIRONMENT = "MAILOPS_STORE_KEY"
_SOURCE = Source("store_key", ENVIRONMENT, 16)
OPTIONS = _SOURCE.options

_SALT, _KEY, _CHECK, _NONCE, _DIGEST = 16, 32, 8, 12, 32  # bytes

# Ansible forks a process for each host, and scrypt takes a good part of a second and 32 MiB. So processes share what one has derived:
# anonymous memory, common to all that are forked after this import. One entry, because a store has one salt.
_shared = mmap.mmap(-1, _DIGEST + _KEY + _CHECK + _DIGEST)
_deriving = multiprocessing.get_context("fork").Lock()
_LOCK_TIMEOUT = 3  # seconds; the process that held the lock may have been killed


class WrongKey(Invalid):
    """A password was sealed with another key."""


def new_salt() -> bytes:
    return os.urandom(_SALT)


def salt_of(text: str) -> bytes:
    """The salt that a password was sealed with."""
    return _decoded(SEALED.match(sealed(text))[1])


def binding(profile_id: str, side: str, data: Mapping[str, Any]) -> bytes:
    """What a password of ``side`` belongs to, of a complete profile (``Profile.as_data``): the profile, the field, the server and whom it is
    proven by, and the other side's command, which could read the file that the password is written to."""
    server, other = data[side], data["outgoing" if side == "incoming" else "incoming"]
    protocol = data["account_type"] if side == "incoming" else "smtp"
    declared = data["variables"]
    command = other["password_command"]
    # Through a default in the profile a variable in the host would lead to another server, and one in the command to another file.
    names = {name for text in (server["host"], *(command or ())) for name in variables.parse(text).names}
    defaults = {name: declared[name] for name in names & set(declared)}
    port = server["port"] or derived_port(protocol, server["security"])
    found = [profile_id, f"{side}.password", server["host"], defaults, port, server["security"], data["ca_file"], command]
    return json.dumps(found, sort_keys=True).encode()


def store_key(options: Mapping[str, Any], environ: Mapping[str, str]) -> StoreKey | None:
    """The key that the options or the environment give, if any."""
    found = given_secret(_SOURCE, options, environ)
    return None if found is None else StoreKey(*found)


def new_store_key(options: Mapping[str, Any]) -> StoreKey | None:
    """The key of ``store_key_new``, if it is given."""
    text = options.get("store_key_new")
    return None if is_blank(text) else StoreKey(checked_secret(text, "store_key_new", _SOURCE.min_length), "store_key_new")


class StoreKey:
    """The administrator's key. ``source`` is its name in messages; its text appears nowhere."""

    def __init__(self, text: str, source: str = "store_key") -> None:
        try:
            from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
        except ImportError as exc:
            raise MailopsError(missing_required_lib("cryptography", reason="for encrypted passwords")) from exc
        self._cipher, self._kdf, self._invalid, self._unsupported = AESGCM, Scrypt, InvalidTag, UnsupportedAlgorithm
        self.source = source
        self._text = text.encode()
        self._derived: dict[bytes, bytes] = {}

    def seal(self, text: str, bound: bytes, with_salt: bytes) -> str:
        key, check = self._derive(with_salt)
        nonce = os.urandom(_NONCE)
        data = nonce + self._cipher(key).encrypt(nonce, text.encode(), bound)
        return f"{SEALED_PREFIX}1$" + "$".join(map(_encoded, (with_salt, check, data)))

    def is_same(self, other: StoreKey) -> bool:
        return hmac.compare_digest(self._text, other._text)

    def fits(self, text: str) -> bool:
        """Whether a password was sealed with this key."""
        return hmac.compare_digest(self._derive(salt_of(text))[1], _decoded(SEALED.match(text)[2]))

    def open(self, text: str, bound: bytes) -> str:
        """The password in clear; WrongKey or Invalid says why it cannot be opened."""
        if not self.fits(text):
            raise WrongKey(f"is encrypted with another key than {self.source}: give the key that it was stored with, or clear it")
        data = _decoded(SEALED.match(text)[3])
        try:
            return self._cipher(self._derive(salt_of(text))[0]).decrypt(data[:_NONCE], data[_NONCE:], bound).decode()
        except self._invalid:
            raise Invalid(
                "is not what was stored for this profile and server: the encrypted password was changed or moved here, or host, port or "
                "security were changed in the store behind its back; look into that, then give password and server again"
            ) from None

    def _derive(self, with_salt: bytes) -> tuple[bytes, bytes]:
        """The cipher's key and the check."""
        if with_salt not in self._derived:
            name = hashlib.sha256(with_salt + self._text).digest()
            self._derived[with_salt] = _shared_entry(name) or self._scrypt(with_salt, name)
        derived = self._derived[with_salt]
        return derived[:_KEY], derived[_KEY:]

    def _scrypt(self, with_salt: bytes, name: bytes) -> bytes:
        locked = _deriving.acquire(timeout=_LOCK_TIMEOUT)
        try:
            derived = _shared_entry(name) or self._kdf(salt=with_salt, length=_KEY + _CHECK, n=2**15, r=8, p=1).derive(self._text)
            _shared[:] = name + derived + hashlib.sha256(name + derived).digest()
            return derived
        except self._unsupported:
            raise MailopsError(
                f"{self.source}: this controller's OpenSSL has no scrypt, as in FIPS mode, so it opens no passwords"
            ) from None
        finally:
            if locked:
                _deriving.release()


def _shared_entry(name: bytes) -> bytes | None:
    """What another process has derived under this name. The digest detects an entry that is half written."""
    entry, digest = _shared[:-_DIGEST], _shared[-_DIGEST:]
    if entry[:_DIGEST] != name or hashlib.sha256(entry).digest() != digest:
        return None
    return entry[_DIGEST:]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Invalid("is not a whole encrypted password") from None
