# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords of profiles on their way into a store, out of it, and from one key to the next. Pure, but for new salts and nonces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator, Mapping

from ansible_collections.mailops.profiles.plugins.plugin_utils._errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._profile import Profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets import (
    SERVERS,
    StoreKey,
    WrongKey,
    binding,
    is_literal,
    is_sealed,
    new_salt,
    salt_of,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import Snapshot, Stored

HOW = "give store_key, store_key_file or MAILOPS_STORE_KEY"


class Sealer:
    """Seals the passwords of profiles that are about to be stored, all of a store with one salt and one key."""

    def __init__(self, key: StoreKey | None, snapshot: Snapshot) -> None:
        self._key = key
        self._stored = _sealed(snapshot)
        self._sample: str | None = None
        self._chosen: bytes | None = None

    def data(self, profile: Profile, profile_id: str, before: Stored | None, origin: Stored | None) -> dict[str, Any]:
        """The profile as it is stored under this id. ``before`` is what the store has of it; ``origin`` is whose sealed passwords it bears.

        A password that is the same as before stays as it was sealed. Invalid says which cannot be stored.
        """
        data = profile.as_data()
        for side in SERVERS:
            password = data[side]["password"]
            try:
                if is_sealed(password):
                    data[side] = {**data[side], "password": self._moved(password, side, data, profile_id, before, origin)}
                elif is_literal(password):
                    data[side] = {**data[side], "password": self._new(password, side, data, profile_id, before)}
            except Invalid as exc:
                raise Invalid(f"{side}.password: {exc}") from exc
        return data

    def _moved(
        self, password: str, side: str, data: Mapping[str, Any], profile_id: str, before: Stored | None, origin: Stored | None
    ) -> str:
        if origin is None or origin.data[side]["password"] != password:
            raise Invalid("is an encrypted password, which can only be stored with its whole profile, id included (mail_profiles)")
        bound = binding(origin.id, side, origin.data)
        if bound == binding(profile_id, side, data) and salt_of(password) == self._salt(password):
            return password
        if self._key is None:
            raise Invalid(
                "is encrypted for another profile, another server (host, port or security) or another store: "
                f"{HOW}, so that it can be encrypted for this one, or give a password"
            )
        return self._new(self._key.open(password, bound), side, data, profile_id, before)

    def _new(self, text: str, side: str, data: Mapping[str, Any], profile_id: str, before: Stored | None) -> str:
        bound = binding(profile_id, side, data)
        if before is not None and is_sealed(before.data[side]["password"]) and bound == binding(before.id, side, before.data):
            if self._same(before.data[side]["password"], bound, text):
                return before.data[side]["password"]
        salt = self._salt()
        if self._sample is not None and not self._key.fits(self._sample):
            raise WrongKey(f"{self._key.source} is not the key of this store, which has passwords under another one")
        return self._key.seal(text, bound, salt)

    def _same(self, stored: str, bound: bytes, text: str) -> bool:
        try:
            return self._key.open(stored, bound) == text
        except WrongKey:
            raise
        except Invalid:  # forged, and about to be replaced
            return False

    def _salt(self, first: str | None = None) -> bytes:
        """The salt of the store; one that has none takes that of its first password, or a new one."""
        if self._chosen is None:
            self._sample = next(self._stored, first)
            self._chosen = salt_of(self._sample) if self._sample else new_salt()
        return self._chosen


def _sealed(snapshot: Snapshot) -> Iterator[str]:
    """The sealed passwords of a store."""
    for record in snapshot.values():
        for side in SERVERS:
            if is_sealed(record.data[side]["password"]):
                yield record.data[side]["password"]


def resealed(snapshot: Snapshot, key: StoreKey, new_key: StoreKey) -> list[tuple[Stored, Stored]]:
    """Each record before and after its passwords went from one key to another; MailopsError lists all that ``key`` cannot open.

    Passwords that are under the new key already stay, so that the same again changes nothing.
    """
    problems: list[str] = []
    pairs = []
    salt = new_salt()
    for record in snapshot.values():
        data = dict(record.data)
        for side in SERVERS:
            password = data[side]["password"]
            try:
                if is_sealed(password) and not new_key.fits(password):
                    bound = binding(record.id, side, data)
                    data[side] = {**data[side], "password": new_key.seal(key.open(password, bound), bound, salt)}
            except Invalid as exc:
                problems.append(f"profile '{record.name}': {side}.password: {exc}")
        changed = data != record.data
        pairs.append((record, record._replace(revision=record.revision + 1, data=data) if changed else record))
    if problems:
        raise MailopsError(*problems)
    return pairs


def revealed(profile: Profile, profile_id: str | None, key: StoreKey | None) -> Profile:
    """The profile with its passwords in clear, for an account; MailopsError names those that cannot be opened."""
    data = profile.as_data()
    problems: list[str] = []
    for side in SERVERS:
        server = getattr(profile, side)
        if not is_sealed(server.password):
            continue
        try:
            if key is None:
                raise Invalid(f"is encrypted: {HOW}")
            if profile_id is None:
                raise Invalid(
                    "is encrypted, which needs the id that the profile was stored with: give it as mail_profile_info returns it"
                )
            opened = key.open(server.password, binding(profile_id, side, data))
            profile = profile._replace(**{side: replace(server, password=opened)})
        except Invalid as exc:
            problems.append(f"profile '{profile.name}': {side}.password: {exc}")
    if problems:
        raise MailopsError(*problems)
    return profile
