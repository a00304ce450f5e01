# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypts the passwords of profiles for a store, opens them, and changes their key. Pure, except for new salts and nonces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Iterator, Mapping

from .._model.errors import Invalid, MailopsError, Problems, named
from .._model.passwords import SERVERS, is_literal, is_sealed
from .._model.profile import Profile
from .._model.profile_reader import read_profile
from .._model.stored import Snapshot, Stored
from .keys import StoreKey, WrongKey, binding, new_salt, salt_of

HOW = "give store_key, store_key_file or MAILOPS_STORE_KEY"


class Sealer:
    """Seals the passwords of profiles that are about to be stored, all of a store with one salt and one key.

    The key is never passed on: whoever can write to the store cannot have a password sealed for another server. ``before`` is what the
    store has of a profile, ``profile_id`` its id. Invalid says which password cannot be stored.
    """

    def __init__(self, key: StoreKey | None, snapshot: Snapshot) -> None:
        self._key = key
        self._stored = ((record.name, password) for record, _side, password in _sealed(snapshot))
        self._sample: tuple[str, str] | None = None
        self._chosen: bytes | None = None

    def listed(self, data: dict[str, Any], profile_id: str, before: Stored | None, given_id: str | None) -> None:
        """Seal the passwords of a profile that was given as a whole, possibly as another store had it, under ``given_id``."""

        def moved(side: str, password: str, bound: bytes) -> str:
            if before is not None and before.data[side].get("password") == password:
                if _bound(before, side) != bound:
                    raise Invalid(
                        "is encrypted for another server than this one: give a password, or change the server with mail_profile"
                    )
                return password
            if given_id is None:
                raise Invalid(
                    "is another encrypted password than the stored one: give the id that it was stored with, as mail_profile_info does"
                )
            origin = binding(given_id, side, data)
            fits = origin == bound and salt_of(password) == self._salt((data["name"], password))
            if fits and self._key is None:
                return password
            text = self._opened(password, origin)
            return password if fits else self._new(text, bound, side, before)

        def literal(side: str, password: str, bound: bytes) -> str:
            return self._new(password, bound, side, before)

        _seal(data, profile_id, moved, literal)

    def edited(
        self, data: dict[str, Any], profile_id: str, before: Stored | None, base: Stored | None, given: Mapping[str, Any]
    ) -> None:
        """Seal the passwords of a profile that is what ``given`` made of ``base``, which is ``before`` or a profile that is copied."""

        def kept(side: str, password: str, bound: bytes) -> str:
            origin = _bound(base, side) if base is not None and base.data[side].get("password") == password else None
            if origin == bound:
                return password
            if origin is None or (given.get(side) or {}).get("password") is not None:
                raise Invalid(
                    "is an encrypted password, which can only be stored with its whole profile, id included (mail_profiles)"
                )
            return self._new(self._opened(password, origin), bound, side, before)

        def literal(side: str, password: str, bound: bytes) -> str:
            if not self._proven(base, side) and not _names_server(given, side, profile_id, bound):
                raise Invalid(
                    "give it together with all that leads to its server (host, port, security, and account_type, variables, ca_file and "
                    "the other side's password_command where they matter): what only the store says may have been changed behind its back"
                )
            return self._new(password, bound, side, before)

        _seal(data, profile_id, kept, literal)

    def _proven(self, base: Stored | None, side: str) -> bool:
        """Whether a password was stored with the key for the server in ``base``."""
        stored = base.data[side].get("password") if base is not None else None
        bound = _bound(base, side) if is_sealed(stored) else None
        return bound is not None and self._opens(stored, bound) is not None

    def _opened(self, password: str, origin: bytes) -> str:
        if self._key is None:
            raise Invalid(
                "is encrypted for another profile, another server (host, port, security or ca_file), another password_command beside it, or another store: "
                f"{HOW}, so that it can be encrypted for this one, or give a variable, or clear it"
            )
        return self._key.open(password, origin)

    def _opens(self, password: str, bound: bytes) -> str | None:
        """The password in clear, or None when it was forged."""
        try:
            return self._key.open(password, bound)
        except WrongKey:
            raise
        except Invalid:
            return None

    def _new(self, text: str, bound: bytes, side: str, before: Stored | None) -> str:
        """The password, sealed; the stored text if it is the same password for the same server."""
        stored = before.data[side].get("password") if before is not None else None
        if is_sealed(stored) and _bound(before, side) == bound and self._opens(stored, bound) == text:
            return stored
        salt = self._salt()
        if self._sample is not None and not self._key.fits(self._sample[1]):
            raise WrongKey(
                f"{self._key.source} is not the key of profile '{self._sample[0]}', and a store has one key: give that one, "
                "or clear all passwords that are under it"
            )
        return self._key.seal(text, bound, salt)

    def _salt(self, first: tuple[str, str] | None = None) -> bytes:
        """The salt of the store; one that has none takes that of its first password, or a new one."""
        if self._chosen is None:
            self._sample = next(self._stored, first)
            self._chosen = salt_of(self._sample[1]) if self._sample else new_salt()
        return self._chosen


_Seal = Callable[[str, str, bytes], str]  # side, password, what it belongs to -> sealed password


def _seal(data: dict[str, Any], profile_id: str, moved: _Seal, literal: _Seal) -> None:
    """Replace encrypted passwords by what ``moved`` returns, and clear ones by what ``literal`` returns."""
    for side in SERVERS:
        password = data[side]["password"]
        seal = moved if is_sealed(password) else literal if is_literal(password) else None
        if seal:
            with named(f"{side}.password"):
                data[side] = {**data[side], "password": seal(side, password, binding(profile_id, side, data))}


def _bindings(record: Stored) -> dict[str, bytes]:
    """What the password of each side belongs to. Empty: the record is not a valid profile."""
    try:
        data = read_profile({**record.data, "name": record.name}).as_data()
    except MailopsError:
        return {}
    return {side: binding(record.id, side, data) for side in SERVERS}


def _bound(record: Stored, side: str) -> bytes | None:
    return _bindings(record).get(side)


def _names_server(given: Mapping[str, Any], side: str, profile_id: str, bound: bytes) -> bool:
    """Whether the task alone, without anything from the store, leads to the same server."""
    other = "outgoing" if side == "incoming" else "incoming"
    named = {name: given[name] for name in ("account_type", "variables", "ca_file", side) if name in given}
    command = (given.get(other) or {}).get("password_command")
    try:
        data = read_profile({"name": "x", **named, other: {"host": "x", "password_command": command}}, literals=True).as_data()
    except MailopsError:
        return False
    return binding(profile_id, side, data) == bound


def _sealed(snapshot: Snapshot) -> Iterator[tuple[Stored, str, str]]:
    """The sealed passwords of a store, each with its record and its side."""
    for record in snapshot.values():
        for side in SERVERS:
            if is_sealed(record.data[side].get("password")):
                yield record, side, record.data[side]["password"]


def resealed(snapshot: Snapshot, key: StoreKey, new_key: StoreKey) -> list[tuple[Stored, Stored]]:
    """Each record before and after its passwords went from one key to another; MailopsError lists all that cannot be opened.

    Passwords that are under the new key already stay, so that the same again changes nothing.
    """
    problems = Problems()
    opened: dict[tuple[str, str], tuple[str, bytes]] = {}
    salt = None
    for record in snapshot.values():
        sides = [side for side in SERVERS if is_sealed(record.data[side].get("password"))]
        bound = _bindings(record) if sides else {}
        for side in sides:
            password = record.data[side]["password"]
            with problems.at(f"profile '{record.name}': {side}.password"):
                # The old key first: each key that is tried costs a derivation.
                done = (key.is_same(new_key) or not key.fits(password)) and new_key.fits(password)
                opened[record.id, side] = (new_key if done else key).open(password, bound.get(side, b"")), bound.get(side, b"")
                salt = salt or (salt_of(password) if done else None)
    problems.raise_all()
    salt = salt or new_salt()
    pairs = []
    for record in snapshot.values():
        data = dict(record.data)
        for side in SERVERS:
            if (record.id, side) in opened and salt_of(data[side]["password"]) != salt:
                data[side] = {**data[side], "password": new_key.seal(*opened[record.id, side], salt)}
        changed = data != record.data
        pairs.append((record, record._replace(revision=record.revision + 1, data=data) if changed else record))
    return pairs


def revealed(profile: Profile, profile_id: str | None, key: StoreKey | None) -> Profile:
    """The profile with its passwords in clear, for an account; MailopsError names those that cannot be opened."""
    data = profile.as_data()
    problems = Problems()
    for side in SERVERS:
        server = getattr(profile, side)
        if not is_sealed(server.password):
            continue
        with problems.at(f"profile '{profile.name}': {side}.password"):
            if key is None:
                raise Invalid(f"is encrypted: {HOW}")
            if profile_id is None:
                raise Invalid(
                    "is encrypted, which needs the id that the profile was stored with: give it as mail_profile_info returns it"
                )
            opened = key.open(server.password, binding(profile_id, side, data))
            profile = profile._replace(**{side: replace(server, password=opened)})
    problems.raise_all()
    return profile
