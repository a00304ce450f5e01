# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of one profile: what each answer means, what it refuses, and that nothing goes because something was blank."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import Edit
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.form import (
    FIELDS,
    OPERATIONS,
    SERVER_QUESTIONS,
    edit_form,
    misspelled,
    read_form,
    with_variables,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.form import unused as unused_of

from ..refusals import problems
from .records import RICH, SERVERS, snapshot, stored

KNOWN = snapshot(stored("work", **RICH, signature="Bye", default=True), stored("other", 1))


def form(operation: Any, name: Any = None, new_name: Any = None, **answers: Any) -> Edit:
    return edit_form(read_form({"operation": operation, "name": name, "new_name": new_name, **answers}), KNOWN, new_id=lambda: "new")


def refused(operation: Any, name: Any = None, new_name: Any = None, **answers: Any) -> str:
    return with_variables("\n".join(problems(form, operation, name, new_name, **answers)))


@pytest.mark.parametrize("nothing", ["", " ", "\n", None])
def test_blank_leaves_everything_as_it_is(nothing: Any) -> None:
    blank = dict.fromkeys(FIELDS, nothing)
    servers = {side: dict.fromkeys(SERVER_QUESTIONS, nothing) for side in ("incoming", "outgoing")}
    assert not form("edit", "work", nothing, **{**blank, **servers, "clear": nothing}).changed
    assert not form("edit", "work", nothing, **blank, clear=[]).changed


def test_a_choice_that_was_not_made() -> None:
    chosen = {"account_type": "-", "default": "-", "notifications": " - ", "incoming": {"security": "-"}, "outgoing": {"security": "-"}}
    assert not form("edit", "work", **chosen).changed
    # It is a text like any other where there are no choices.
    assert form("edit", "work", description="-").after.data["description"] == "-"


@pytest.mark.parametrize(("answers", "field", "value"), [
    ({"default": "false"}, "default", False), ({"default": False}, "default", False), ({"default": "No"}, "default", False),
    ({"notifications": "false\n"}, "notifications", False), ({"description": "  Zażółć  "}, "description", "Zażółć"),
    ({"signature": "a\r\nb\r\n"}, "signature", "a\nb"), ({"email": " {UserName}@example.org\n"}, "email", "{UserName}@example.org"),
    ({"clear": "signature"}, "signature", None), ({"clear": "reply_to\nsignature\n"}, "signature", None), ({"clear": ["signature"]}, "signature", None),
    ({"clear": '["signature"]'}, "signature", None), ({"clear": "- signature\n- reply_to"}, "reply_to", None),
    ({"clear": "profile_signature"}, "signature", None),
])  # fmt: skip
def test_what_answers_mean(answers: dict[str, Any], field: str, value: Any) -> None:
    after = form("Edit ", " work\n", **answers).after.data
    assert after[field] == value and after["incoming"] == KNOWN["work"].data["incoming"]


@pytest.mark.parametrize("port", ["1993", 1993, " 1993 "])
def test_ports_are_numbers_or_text(port: Any) -> None:
    assert form("edit", "work", incoming={"port": port}).after.data["incoming"]["port"] == 1993


@pytest.mark.parametrize("field", ["incoming.password", "incoming_password", "profile_incoming_password"])
def test_a_password_is_cleared_and_nothing_else(field: str) -> None:
    before, after = KNOWN["work"].data, form("edit", "work", clear=field).after.data
    assert after == {**before, "incoming": {**before["incoming"], "password": None}}


def test_operations() -> None:
    assert form("create", "third", **SERVERS).action == "created"
    assert form("edit", "work", description="x").action == "updated"
    copied = form("copy", "work", "third", default="false")
    assert (copied.action, copied.name, copied.after.data["signature"], copied.after.data["default"]) == ("created", "third", "Bye", False)
    renamed = form("rename", "work", "third")
    assert (renamed.action, renamed.after.id, renamed.after.key) == ("renamed", KNOWN["work"].id, KNOWN["work"].key)
    assert form("remove", "work").action == "removed"


def test_once_more() -> None:
    """A job that is started again."""
    assert not form("create", "other", **SERVERS).changed and not form("remove", "gone").changed
    assert not edit_form(read_form({"operation": "rename", "name": "gone", "new_name": "work"}), KNOWN).changed


@pytest.mark.parametrize(("arguments", "message"), [
    (("change", "work"), "profile_action: must be one of list, show, create, edit, copy, rename, remove"),
    ((None, "work"), "profile_action: is required when the form is filled in: choose one of list, show, create"),
    (("edit",), "profile_name: is required"),
    (("edit", "wrok"), "profile_name: there is no profile 'wrok' (did you mean 'work'?); create makes a new one"),
    (("copy", "work"), "profile_new_name: is required to copy a profile"),
    (("copy", "work", "work"), "profile_new_name: is the name that the profile 'work' has already"),
    (("copy", "work", "other"), "profile_new_name: a profile 'other' exists already, and a copy never replaces one"),
    (("copy", "gone", "third"), "profile_name: there is no profile 'gone'"),
    (("rename", "work", "other"), "profile_new_name: a profile 'other' exists already"),
    (("rename", "gone", "third"), "profile_name: there is no profile 'gone'"),
    (("remove", "work", "third"), "profile_new_name: is only for copy and rename"),
    (("edit", "work", "third"), "profile_new_name: is only for copy and rename"),
    (("remove", "#1"), "profile '#1': profile_name: "),
])  # fmt: skip
def test_refusals(arguments: tuple[Any, ...], message: str) -> None:
    assert message in refused(*arguments)


@pytest.mark.parametrize(("answers", "message"), [
    ({"incoming": {"port": "x"}}, "profile 'work': profile_incoming_port: must be a whole number from 1 to 65535"),
    ({"incoming": {"port": "587"}}, "profile_incoming_port: 587 is the submission port"),
    ({"default": "maybe"}, "profile_default: must be true or false"),
    ({"email": "nonsense"}, "profile_email: "),
    ({"outgoing": {"password": "secret-0815"}}, "profile_outgoing_password: "),
    ({"clear": "nonsense"}, "profile_clear: nonsense: there is no such field"),
    ({"clear": "reply_to", "reply_to": "a@example.org"}, "profile_clear: profile_reply_to: is given and cleared at once"),
    ({"clear": "incoming.host"}, "profile_clear: profile_incoming_host: is required and cannot be cleared"),
])  # fmt: skip
def test_messages_name_the_variables(answers: dict[str, Any], message: str) -> None:
    found = refused("edit", "work", **answers)
    assert message in found and "secret-0815" not in found


def test_create_never_changes_a_profile() -> None:
    assert "a profile 'other' exists already, with other values; choose edit" in refused("create", "other", **SERVERS, description="x")


def test_misspelled_variables() -> None:
    known = ["profile_action", "profile_name", "profile_incoming_port", "profile_store", "profile_clear", "profile_of_the_company", "profiled", "prt"]
    assert misspelled([*known, "profile_incoming_prt"]) == [
        "the playbook profile has no variable 'profile_incoming_prt' (did you mean 'profile_incoming_port'?)"
    ]


def test_what_is_not_used_is_said() -> None:
    answers = {"operation": "remove", "name": "work", "description": "x", "clear": "signature"}
    assert unused_of(read_form(answers)) == ["remove does not use what is filled in for description, clear"]
    assert unused_of(read_form({**answers, "operation": "edit"})) == [] and unused_of(read_form({})) == []
    assert read_form({}).operation == "list" and set(OPERATIONS) == {"list", "show", "create", "edit", "copy", "rename", "remove"}
