# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users: the people who get accounts, read from an inventory with every problem found at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Mapping, Sequence

from . import given, values, variables
from .errors import Invalid, Problems, named, nearest, quoted
from .names import profile_name

STATES = ("present", "absent")
_MAX_LINK_VERSION = 1_000_000


@dataclass(frozen=True)
class User:
    """A person who gets accounts. ``profiles`` None: those of the task. A text that was not given is None. ``link_version``: another one gives
    another ``link_token``, the value of ``{LinkToken}``, which is None without the task's secret, and is never displayed."""

    name: str
    email: str | None = None
    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    password: str | None = field(default=None, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    profiles: tuple[str, ...] | None = None
    default_profile: str | None = None
    state: str = "present"
    link_version: int = 1
    link_token: str | None = field(default=None, repr=False)

    def redacted(self) -> User:
        """The same user with what is displayed of a link."""
        return replace(self, link_token=self.link_token and f"{{{variables.LINK_TOKEN} of {self.name}}}")

    def variable_values(self, host: str | None) -> dict[str, str]:
        """Every variable that this user gives a value to."""
        local, _at, domain = (self.email or "").rpartition("@")
        names = [name for name in (self.first_name, self.last_name) if name]
        filled = {
            "UserEmail": self.email,
            "UserDisplayName": self.display_name or (" ".join(names) if len(names) == 2 else None),
            "UserName": self.name,
            "UserFirstName": self.first_name,
            "UserLastName": self.last_name,
            "UserEmailLocalPart": local,
            "UserEmailDomain": domain,
            variables.PASSWORD: self.password,
            "HostName": host,
            variables.LINK_TOKEN: self.link_token,
        }
        return {**self.variables, **{name: value for name, value in filled.items() if value}}


def _user_variables(value: Any) -> dict[str, str]:
    result = {}
    for name, content in given.mapping(value).items():
        if name in variables.BUILT_IN:
            source = variables.SOURCES.get(name)
            raise Invalid(f"{name} is built in" + (f"; give the user's {source} instead" if source else ""))
        if not isinstance(name, str) or not variables.NAME.match(name):
            raise Invalid(f"'{str(name)[:60]}' is not a variable name: a capital letter, then letters and digits")
        if content is None:
            continue
        with named(name):
            result[name] = values.text(content, limit=1024)
    return result


def _password(value: Any) -> str:
    value = values.text(value, limit=1024)
    if not value.strip():
        raise Invalid("consists of white space: give the password, or leave the field out")
    return value


def profile_names(value: Any) -> tuple[str, ...]:
    """A list of different profile names."""
    problems = Problems()
    found = []
    for name in given.text_list(value):
        with problems.at(quoted(name)):
            found.append(profile_name(name))
    if problems:
        raise Invalid(*problems)
    if len(set(found)) != len(found):
        raise Invalid("names a profile twice")
    return tuple(found)


def user_names(value: Any) -> tuple[str, ...]:
    """A list of log-in names."""
    problems = Problems()
    found = []
    for name in given.text_list(value):
        with problems.at(quoted(name)):
            found.append(values.login(name))
    if problems:
        raise Invalid(*problems)
    return tuple(dict.fromkeys(found))


_USER_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": values.login,
    "email": values.address,
    "display_name": values.word,
    "first_name": values.word,
    "last_name": values.word,
    "password": _password,
    "variables": _user_variables,
    "profiles": profile_names,
    "default_profile": profile_name,
    "state": lambda value: given.choice(value, STATES),
    "link_version": lambda value: values.whole_number(value, 1, _MAX_LINK_VERSION),
}


@dataclass(frozen=True)
class InvalidUser:
    """A user of a list with mistakes. ``name`` is empty where that is one of them."""

    name: str
    problems: tuple[str, ...]


def read_users(data: Sequence[Any]) -> list[User]:
    """The users that a list of mappings describes; MailopsError with every problem of every user."""
    users, invalid = valid_users(data)
    Problems(problem for user in invalid for problem in user.problems).raise_all()
    return users


def valid_users(data: Sequence[Any]) -> tuple[list[User], list[InvalidUser]]:
    """The same, with the users who have mistakes apart."""
    users: dict[str, User] = {}
    invalid: dict[int, InvalidUser] = {}
    names: dict[str, int] = {}
    for number, item in enumerate(data, start=1):
        problems = Problems()
        user = _read_user(item, number, problems)
        name = user.name if user else ""
        if name in names:
            problems.append(f"user '{name}': is listed twice; a user has one entry with all profiles")
            users.pop(name, None)
        if name:
            names[name] = number
        if problems:
            invalid[number] = InvalidUser(name, tuple(problems))
        elif user:
            users[name] = user
    return list(users.values()), list(invalid.values())


def read_leavers(data: Sequence[Any]) -> list[User]:
    """The users of a list as leavers. Only names have to be right: a leaver may have lost the e-mail address, and a wrong one must not keep
    the accounts alive. What else is right may be needed to fill in a ``dest``."""
    names = [{"name": item.get("name")} if isinstance(item, dict) else item for item in data]
    complete = (_read_user(item, 0, Problems()) for item in data)
    return [replace(more or user, state="absent", profiles=None) for user, more in zip(read_users(names), complete)]


def _read_user(item: Any, number: int, problems: Problems) -> User | None:
    if not isinstance(item, dict):
        problems.append(f"users, entry {number}: must be a dictionary such as {{name: jkowalska, email: j.kowalska@example.org}}")
        return None
    name = item.get("name")
    where = f"user '{name[:60]}'" if isinstance(name, str) and name.strip() else f"users, entry {number}"
    known: dict[str, Any] = {}
    if given.is_blank(name):
        problems.append(f"{where}: name: is required")
    for key, value in item.items():
        check = _USER_CHECKS.get(key)
        if check is None:
            problems.append(f"{where}: {str(key)[:60]}: there is no such field{nearest(key, _USER_CHECKS)}")
        elif not given.is_blank(value) or (key == "password" and value):
            with problems.at(f"{where}: {key}"):
                known[key] = check(value)
    return User(**known) if "name" in known else None
