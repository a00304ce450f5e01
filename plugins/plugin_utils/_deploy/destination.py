# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories that get the files instead of the users' homes: the options ``dest``, ``owner``, ``group`` and ``mode``. Pure."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Sequence

from .._model import values, variables
from .._model.errors import Invalid, Problems, comma_list, named, nearest
from .._model.user import User

# Only the owner may write.
_MODE = re.compile(r"0[46][04][04]\Z")
_OPTIONS_OF_DEST = ("owner", "group", "mode")


class Destination(NamedTuple):
    """A path with variables, None for the homes, and the owner of the files. ``owner`` and ``group`` None: those of the directory
    above."""

    path: variables.Template | None = None
    owner: str | None = None
    group: str | None = None
    mode: int = 0o600

    @property
    def directory_mode(self) -> int:
        """Who may read the files may pass through the directories."""
        return self.mode | 0o200 | (self.mode & 0o444) >> 2

    @property
    def pattern(self) -> str | None:
        """The path with its variables, in one spelling: what the host's list knows the places by."""
        return None if self.path is None else f"/{'/'.join(_parts(str(self.path)))}"

    @property
    def has_link(self) -> bool:
        """Whether the directories have names that nobody may read or guess."""
        return self.path is not None and variables.LINK_TOKEN in self.path.names

    def displays(self, users: Sequence[User], host: str | None, bases: Mapping[str, str | None]) -> Mapping[str, str]:
        """User -> what is displayed instead of the directory of ``bases``, where that is another text."""
        if self.path is None or not self.has_link:
            return {}
        return {user.name: self._base(self.path, user.redacted(), host) for user in users if bases[user.name]}

    def bases(self, users: Sequence[User], host: str | None, invalid: dict[str, list[str]]) -> Mapping[str, str | None]:
        """User -> directory, None for the home, "" for an absent user whose directory only the host's list knows. ``invalid`` gets the problems of
        users for whom it cannot be filled in. MailopsError for users who share a directory."""
        if self.path is None:
            return {user.name: None for user in users}
        problems = Problems()
        found: dict[str, str] = {}
        claimed_by: dict[str, str] = {}
        for user in sorted(users, key=lambda user: user.state == "absent"):
            if user.state == "absent":
                found[user.name] = path = self._base_of_absent(self.path, user, host)
                if claimed_by.setdefault(path, user.name) != user.name:
                    found[user.name] = ""  # it is another user's by now
                continue
            own = Problems()
            with own.at(f"dest, user '{user.name}'"):
                found[user.name] = path = self._base(self.path, user, host)
                owner = claimed_by.setdefault(path, user.name)
                if owner != user.name:
                    shown = self._base(self.path, user.redacted(), host)
                    problems.append(
                        f"dest: the users '{owner}' and '{user.name}' would share the directory {shown}: use {{UserName}} in it"
                    )
            if own:
                invalid.setdefault(user.name, []).extend(own)
        problems.raise_all()
        return found

    def _base_of_absent(self, template: variables.Template, user: User, host: str | None) -> str:
        """A user who leaves may have lost the values that the pattern needs."""
        try:
            return self._base(template, user, host)
        except Invalid:
            return ""

    def _base(self, template: variables.Template, user: User, host: str | None) -> str:
        known = {}
        filled = user.variable_values(host)
        for name in template.names:
            if name not in filled:
                raise Invalid(f"{{{name}}} has no value: give the user {variables.SOURCES.get(name, name)}")
            with named(f"{{{name}}}"):
                # A token is ours, and what is displayed of it may be longer than a name on a disk.
                known[name] = filled[name] if name == variables.LINK_TOKEN else values.path_component(filled[name])
        parts = _parts(template.fill(known))
        if ".." in parts or not parts:
            raise Invalid("would leave its directory")
        return "/" + "/".join(parts)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def read_destination(options: Mapping[str, Any], problems: Problems) -> Destination:
    """The destination that the options describe; what is wrong is added to ``problems``."""
    given = [name for name in _OPTIONS_OF_DEST if options[name] is not None]
    if options["dest"] is None:
        if given:
            problems.append(f"{comma_list(given)}: only for files in a dest; those in homes belong to their users, with mode 0600")
        return Destination()
    checks = {"dest": _path, "owner": _owner, "group": _owner, "mode": lambda value: values.file_mode(value, _MODE, "0640")}
    found: dict[str, Any] = {}
    for name in ("dest", *given):
        with problems.at(name):
            found[name] = checks[name](options[name])
    return Destination(found.pop("dest", None), **found)


def _path(value: Any) -> variables.Template:
    template = variables.parse(values.absolute_path(value))
    usable = [name for name in variables.BUILT_IN if name != variables.PASSWORD]
    for name in template.names:
        if name not in usable:
            raise Invalid(f"{{{name}}} cannot be used in a path{nearest(name, usable)}")
    return template


def _owner(value: Any) -> str:
    name = values.login(value)
    if name.isdigit():
        raise Invalid(f"{name} is a number: give the name of the user or group")
    return name
