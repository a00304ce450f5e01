# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role ``mail_accounts``: which are misspelled, and messages that name them instead of the module's options."""

from __future__ import annotations

import difflib
import re
from typing import Any, Iterable

from .check_request import OWN_OPTIONS as CHECK_OPTIONS
from .request import OPTIONS

_ROLE = "mailops.profiles.mail_accounts"
_PREFIX = "mail_accounts_"
_OPTIONS = [name for name in OPTIONS if name != "validate_only"]
# The options of mail_account_check, which is one task of the role among others.
_OF_CHECKS = {name: f"check_{name}" for name in (*CHECK_OPTIONS, "report_path")}
# What the playbooks take besides those of the role.
_NAMES = [*_OPTIONS, "check", *_OF_CHECKS.values(), "hosts", "serial"]
VARIABLES = frozenset(_PREFIX + name for name in _NAMES)
# Somebody's idea of how our variables begin; a play may have others of its own (mail_domain).
_ALIKE = re.compile(r"mail_?ac{1,2}o?unts?_?([A-Za-z0-9_]{1,60})", re.IGNORECASE)

_ANY = "|".join([*_OPTIONS, *CHECK_OPTIONS])
# A message begins with the options that it is about; a name with "_" is no other word, wherever it is. Quoted names are values.
_BEGIN = re.compile(rf"^((?:mail_account(?:_check)?: |- )?)((?:{_ANY})(?:, (?:{_ANY}))*)(?=[:,.])", re.MULTILINE)
_INSIDE = re.compile(rf"(?<![\w./'-])({'|'.join(name for name in _OPTIONS if '_' in name)})(?![\w/'=-])")


def is_from_role(task: Any) -> bool:
    """Whether the task is one of the role's."""
    return task._role is not None and task._role.get_name() == _ROLE


def misspelled(variables: Iterable[str]) -> list[str]:
    """A warning for each variable that was probably meant for the role."""
    warnings = []
    for variable in variables:
        match = _ALIKE.fullmatch(variable)
        if match and variable not in VARIABLES:
            near = difflib.get_close_matches(match[1].lower(), _NAMES, n=1)
            if near:
                warnings.append(f"the role mail_accounts has no variable '{variable}' (did you mean '{_PREFIX}{near[0]}'?)")
    return warnings


def with_variables(message: str) -> str:
    """The module's message with the role's variables in place of the options."""
    of_a_check = message.startswith("mail_account_check: ")

    def variable(option: str) -> str:
        return _PREFIX + (_OF_CHECKS.get(option, option) if of_a_check else option)

    message = _BEGIN.sub(lambda found: found[1] + ", ".join(map(variable, found[2].split(", "))), message)
    return _INSIDE.sub(lambda found: variable(found[1]), message)
