# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of the playbook ``profile``: what was chosen and filled in, as an edit of one profile. Pure.

A form is for people: "create" never changes a profile that exists, and "edit" never creates one because of a slip in its name.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Mapping, Sequence

from .._model.errors import MailopsError, comma_list, named, nearest
from .._model.given import choice, is_blank, text_list
from .._model.passwords import SERVERS
from .._model.profile import SERVER_FIELDS
from .._model.stored import Snapshot
from .._secrets.keys import StoreKey
from .edit import Edit, edit_profile, name_option, random_id

READING = ("list", "show")
OPERATIONS = (*READING, "create", "edit", "copy", "rename", "remove")
FIELDS = (
    "description", "email", "account_name", "sender_name", "reply_to", "account_type", "default", "notifications", "signature", "incoming", "outgoing",
)  # fmt: skip
OPTIONS = ("operation", "name", "new_name", *FIELDS, "clear")
SERVER_QUESTIONS = ("host", "port", "security", "username", "password")
# A question with choices cannot be left blank in AWX, so one of its choices means "leave it as it is".
NOT_CHOSEN = "-"
_CHOICES = ("account_type", "default", "notifications", "security")
_PREFIX = "profile_"

_SIMPLE = "|".join(name for name in (*FIELDS, "name", "new_name", "clear", "store", "action") if name not in SERVERS)
# A message names a field at its beginning, or after a colon or a semicolon; a server's field has a dot.
_PLACE = re.compile(rf"(?m)(?:(?<=: )|(?<=; )|^)({_SIMPLE})(?=:)")
_SERVER_PLACE = re.compile(rf"\b({'|'.join(SERVERS)})\.({'|'.join(SERVER_QUESTIONS)})\b(?!\.)")


@dataclass(frozen=True)
class Form:
    """``name``, ``new_name``: as they were given, without spaces around them; None: left blank. ``fields``: those that are filled in, nested."""

    operation: str
    name: str | None
    new_name: str | None
    fields: Mapping[str, Any]
    clear: Sequence[str]


def read_form(options: Mapping[str, Any]) -> Form:
    """The form that the options of mail_profile_form (None: blank) describe, or MailopsError."""
    chosen = options.get("operation")
    with named("action", MailopsError):
        operation = choice(chosen.lower() if isinstance(chosen, str) else chosen, OPERATIONS) if not is_blank(chosen) else "list"
    fields = {name: _answer(name, options.get(name)) for name in FIELDS}
    with named("clear", MailopsError):
        clear = [_cleared(path) for path in text_list(options.get("clear") or [])]
    form = Form(
        operation,
        _answer("name", options.get("name")),
        _answer("new_name", options.get("new_name")),
        {name: value for name, value in fields.items() if not is_blank(value) and value != {}},
        clear,
    )
    _refuse_contradictions(form, is_blank(chosen))
    return form


def _answer(name: str, value: Any) -> Any:
    """An answer without what a browser adds: spaces around it, line ends of another system. Passwords are as they were typed."""
    if isinstance(value, Mapping):
        found = {key: _answer(key, item) for key, item in value.items()}
        return {key: item for key, item in found.items() if not is_blank(item)}
    if not isinstance(value, str) or (name == "password" and value):
        return value
    value = value.replace("\r\n", "\n").strip()
    return None if not value or (name in _CHOICES and value == NOT_CHOSEN) else value


def _cleared(path: str) -> str:
    """The name of a field to clear, which may be given as the form has it: ``profile_incoming_password`` is ``incoming.password``."""
    path = path.removeprefix(_PREFIX)
    side, _line, key = path.partition("_")
    return f"{side}.{key}" if side in SERVERS and key in SERVER_FIELDS[side] else path


def _refuse_contradictions(form: Form, no_operation: bool) -> None:
    problems = []
    filled_in = [*form.fields, *(["clear"] if form.clear else [])]
    if no_operation and (form.name or filled_in):
        problems.append(f"action: is required when the form is filled in: choose one of {', '.join(OPERATIONS)}")
    elif form.operation != "list" and form.name is None:
        problems.append("name: is required, the name of the profile")
    if form.operation in ("copy", "rename") and form.new_name is None:
        problems.append(f"new_name: is required to {form.operation} a profile")
    elif form.operation in ("create", "edit", "remove") and form.new_name is not None:
        problems.append("new_name: is only for copy and rename; leave it blank, or choose one of these")
    if problems:
        raise MailopsError(*problems)


def unused(form: Form) -> list[str]:
    """Warnings about what is filled in and means nothing here."""
    if form.operation not in (*READING, "remove"):
        return []
    names = [*form.fields, *(["clear"] if form.clear else []), *(["new_name"] if form.new_name else [])]
    return [f"{form.operation} does not use what is filled in for {comma_list(names)}"] if names else []


def misspelled(variables: Iterable[str]) -> list[str]:
    """A warning for each variable that was probably meant for the playbook; a play may have others that begin like these."""
    fields = [name for name in FIELDS if name not in SERVERS]
    known = [*fields, *(f"{server}_{name}" for server in SERVERS for name in SERVER_QUESTIONS), "action", "name", "new_name", "clear", "store"]
    found = []
    for variable in variables:
        name = variable.removeprefix(_PREFIX)
        if variable.startswith(_PREFIX) and name not in known:
            for near in difflib.get_close_matches(name.lower()[:60], known, n=1, cutoff=0.75):
                found.append(f"the playbook profile has no variable '{variable}' (did you mean '{_PREFIX}{near}'?)")
    return found


def edit_form(form: Form, snapshot: Snapshot, key: StoreKey | None = None, new_id: Callable[[], str] = random_id) -> Edit:
    """What a form that writes makes of the profiles."""
    name = name_option(form.name, "name")
    if form.operation == "remove":
        return edit_profile({"name": name, "state": "absent"}, snapshot, key, new_id)
    request = {"name": name, **form.fields, "clear": list(form.clear)}
    is_done = False  # a rename, by an earlier run
    if form.operation in ("copy", "rename"):
        new_name = name_option(form.new_name, "new_name")
        request.update({"name": new_name, "copy_from" if form.operation == "copy" else "renamed_from": name})
        if new_name == name:
            raise MailopsError(f"new_name: is the name that the profile '{name}' has already; give another one")
        if form.operation == "copy" and new_name in snapshot:
            raise MailopsError(f"new_name: a profile '{new_name}' exists already, and a copy never replaces one; give another name")
        if form.operation == "rename" and name in snapshot and new_name in snapshot:
            raise MailopsError(f"new_name: a profile '{new_name}' exists already; give another name")
        is_done = form.operation == "rename" and new_name in snapshot
    if form.operation != "create" and name not in snapshot and not is_done:
        raise MailopsError(f"name: there is no profile '{name}'{nearest(name, snapshot)}; create makes a new one")
    edit = edit_profile(request, snapshot, key, new_id)
    if form.operation == "create" and edit.before is not None and edit.changed:
        raise MailopsError(f"name: a profile '{name}' exists already, with other values; choose edit to change it, or give another name")
    return edit


def with_variables(message: str) -> str:
    """A message with the variables of the playbook in place of options and fields: ``incoming.port`` is ``profile_incoming_port`` there."""
    message = _SERVER_PLACE.sub(rf"{_PREFIX}\1_\2", message)
    return _PLACE.sub(rf"{_PREFIX}\1", message)
