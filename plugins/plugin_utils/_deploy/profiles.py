# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The profiles that a deployment needs: those given with the task, or those of the store; their passwords opened."""

from __future__ import annotations

from typing import Any, Collection, Mapping, NamedTuple

from .._model import given, values
from .._model.errors import MailopsError, Problems, named, nearest
from .._model.profile import Profile
from .._model.profile_reader import read_profile
from .._secrets.keys import StoreKey
from .._secrets.sealing import revealed
from .._store import Store


class Known(NamedTuple):
    """A profile, and the id that it was stored with, if any: a sealed password is bound to it."""

    id: str | None
    profile: Profile


def read_definitions(value: Any) -> dict[str, Known]:
    """The profiles of the option ``profile_definitions`` by name; MailopsError lists all problems."""
    problems = Problems()
    found: dict[str, Known] = {}
    for item in given.mapping_list(value):
        with problems.at("profile_definitions"):
            profile = read_profile(item)
            stored_id = item.get("id")
            with named(f"profile '{profile.name}': id", MailopsError):
                known = Known(None if given.is_blank(stored_id) else values.identifier(stored_id), profile)
            if profile.name in found:
                problems.append(f"profile_definitions: there are two profiles '{profile.name}'")
            found[profile.name] = known
    problems.raise_all()
    return found


def stored_profiles(store: Store, wanted: Collection[str]) -> dict[str, Known]:
    """The profiles of these names in the store."""
    stored = store.read(wanted)
    unknown = sorted(set(wanted) - set(stored))
    if unknown:
        if not store.exists:  # asked last, because each question may be a connection
            raise MailopsError(f"store {store.location} does not exist: create profiles with mailops.profiles.mail_profile, or name another store")
        known = store.read()
        raise MailopsError(*(f"store {store.location} has no profile '{name}'{nearest(name, known)}" for name in unknown))
    return {name: Known(record.id, read_profile(dict(record.data))) for name, record in stored.items()}


def opened(known: Mapping[str, Known], needed: Collection[str], key: StoreKey | None) -> dict[str, Profile]:
    """The profiles by name, the passwords of the ``needed`` ones in clear."""
    problems = Problems()
    profiles = {name: profile for name, (_id, profile) in known.items()}
    for name in needed:
        with problems.at(f"profile '{name}'"):
            profiles[name] = revealed(profiles[name], known[name].id, key)
    problems.raise_all()
    return profiles
