# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the roles that deploy accounts: which are misspelled, and messages that name them instead of the module's options."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Iterable, Mapping

from .check_request import OWN_OPTIONS as CHECK_OPTIONS
from .request import OPTIONS

_OPTIONS = tuple(name for name in OPTIONS if name != "validate_only")
# The options of mail_account_check, which is one task of the role mail_accounts among others.
_OF_CHECKS = {name: f"check_{name}" for name in (*CHECK_OPTIONS, "report_path")}


@dataclass(frozen=True)
class Role:
    """``options``: those of the module that are variables of the role; ``others``: what else the role and its playbook take. ``alike``: somebody's
    idea of how the variables begin; a play may have others of its own (``mail_domain``). ``of_checks``: what options of ``mail_account_check`` are
    called there, where another task of the role has an option of that name or none."""

    name: str
    options: tuple[str, ...]
    others: tuple[str, ...]
    alike: str
    of_checks: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"{self.name}_"

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.options, *self.others)

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(self.prefix + name for name in self.names)

    def misspelled(self, variables: Iterable[str]) -> list[str]:
        """A warning for each variable that was probably meant for the role."""
        warnings = []
        pattern = re.compile(rf"{self.alike}_?([A-Za-z0-9_]{{1,60}})", re.IGNORECASE)
        known = self.variables
        for variable in variables:
            match = pattern.fullmatch(variable)
            if match and variable not in known:
                near = difflib.get_close_matches(match[1].lower(), self.names, n=1)
                if near:
                    warnings.append(f"the role {self.name} has no variable '{variable}' (did you mean '{self.prefix}{near[0]}'?)")
        return warnings

    def with_variables(self, message: str) -> str:
        """The module's message with the role's variables in place of the options."""
        begin, inside = self._patterns
        renamed = self.of_checks if message.startswith("mail_account_check: ") else {}

        def variable(option: str) -> str:
            return self.prefix + renamed.get(option, option)

        message = begin.sub(lambda found: found[1] + ", ".join(map(variable, found[2].split(", "))), message)
        return inside.sub(lambda found: variable(found[1]), message)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """A message begins with the options that it is about; a name with "_" is no other word, wherever it is. Quoted names are values."""
        any_option = "|".join({*self.options, *self.of_checks})
        begin = re.compile(rf"^((?:mail_account(?:_check)?: |- )?)((?:{any_option})(?:, (?:{any_option}))*)(?=[:,.])", re.MULTILINE)
        return begin, re.compile(rf"(?<![\w./'-])({'|'.join(name for name in self.options if '_' in name)})(?![\w/'=-])")


MAIL_ACCOUNTS = Role("mail_accounts", _OPTIONS, ("check", *_OF_CHECKS.values(), "hosts", "serial"), "mail_?ac{1,2}o?unts?", _OF_CHECKS)
# The role decides itself where the files go, whose they are, and that nothing old stays.
_OF_SITES = ("dest", "forget", "group", "mode", "missing_users", "owner", "purge_users")
MAIL_SETUP_SITE = Role(
    "mail_setup_site",
    tuple(name for name in _OPTIONS if name not in _OF_SITES),
    (
        "addresses", "allow_http", "base_url", "certificate_file", "certificate_key_file", "config_file", "domain", "group", "hosts", "http_port",
        "layout", "list_become", "list_directory", "list_host", "log_directory", "password_file", "port", "reload_command", "root", "server", "test_command",
    ),
    "mail_?set_?ups?_?(?:sites?|pages?)",
)  # fmt: skip
ROLES = (MAIL_ACCOUNTS, MAIL_SETUP_SITE)
VARIABLES = frozenset(name for role in ROLES for name in role.variables)


def role_of(task: Any) -> Role | None:
    """The role that the task is one of, if that is ours."""
    name = task._role.get_name() if task._role is not None else ""
    return next((role for role in ROLES if name == f"mailops.profiles.{role.name}"), None)
