# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line about a host that changed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Change, Problem, Remaining, Result
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import Report, make_report
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.target import Delivery

from .deployments import JOANNA, deployment, profile

NAMES = ("anna", "basil", "cecil")
LOSSY = profile("work", signature="Regards")


def home(name: str, *actions: str, **more: Any) -> Result:
    return Result(name, f"/home/{name}", tuple(Change(f"/home/{name}/{number}", "msmtp", action) for number, action in enumerate(actions)), **more)


def report(
    *results: Result,
    users: Any = NAMES,
    check_mode: bool = False,
    missing: tuple[str, ...] = (),
    forgotten: tuple[str, ...] = (),
    **options: Any,
) -> Report:
    listed = [{**JOANNA, "name": name} if isinstance(name, str) else name for name in users]
    places = tuple(Remaining(name, f"/home/{name}", "laptop-17") for name in forgotten)
    return make_report(deployment(listed, **options), Delivery((Answer(results, missing=missing, forgotten=places),)), check_mode)


CREATED = [home(name, *["created"] * 4) for name in NAMES]
ABSENT = [{"name": name, "state": "absent"} for name in NAMES]


@pytest.mark.parametrize(("results", "options", "line"), [
    (CREATED, {}, "3 users, 3 accounts: 12 files created"),
    (CREATED, {"check_mode": True}, "3 users, 3 accounts: 12 files would be created"),
    ([home("anna", "created", "updated", "removed", "removed")], {}, "1 of 3 users, 1 of 3 accounts: 1 file created, 1 updated, 2 removed"),
    ([home("anna", "updated")], {"users": ["anna"], "check_mode": True}, "1 user, 1 account: 1 file would be updated"),
    ([home(name, "removed", "removed") for name in NAMES], {"users": ABSENT}, "3 users: 6 files removed"),
    (CREATED[:2], {"missing": ("cecil",), "missing_users": "skip"}, "2 of 3 users, 2 of 3 accounts: 8 files created; missing: cecil"),
    ([home("anna"), home("dora", "removed", listed=False)], {}, "1 file removed; no longer listed: dora"),
    ([home("anna"), home("", "updated")], {}, "1 file updated"),
    ([home("anna")], {"forgotten": ("eva", "eva", "dora")}, "forgotten: eva, dora"),
    ([home("anna")], {"forgotten": ("eva",), "check_mode": True}, "would be forgotten: eva"),
    ([home("anna", "updated")], {"forgotten": ("eva",)}, "1 of 3 users, 1 of 3 accounts: 1 file updated; forgotten: eva"),
    (CREATED, {"profile_definitions": [LOSSY]}, "3 users, 3 accounts: 12 files created; msmtp cannot express signature (work)"),
    (CREATED, {"profile_definitions": [LOSSY, profile("home", signature="x")]},
     "3 users, 6 accounts: 12 files created; msmtp cannot express signature (work); msmtp cannot express signature (home)"),
    (CREATED, {"profile_definitions": [LOSSY], "clients": ["msmtp", "mbsync"]},
     "3 users, 3 accounts: 12 files created; msmtp, mbsync cannot express signature (work)"),
])  # fmt: skip
def test_the_line(results: list[Result], options: dict[str, Any], line: str) -> None:
    found = report(*results, **options)
    assert found.summary == f"mail_account: [laptop-17] {line}" and found.result()["msg"] == found.summary


def test_a_host_that_did_not_change_has_none() -> None:
    found = report(home("anna"), missing=("basil",), missing_users="skip", profile_definitions=[LOSSY])
    assert found.summary is None and "msg" not in found.result()
    assert make_report(deployment([JOANNA]), None, True).summary is None


def test_a_failure_has_the_message_of_the_failure() -> None:
    found = report(home("anna", "created"), home("basil", problem=Problem("/x", "/x is a FIFO")), users=NAMES[:2])
    assert found.summary == "mail_account: [laptop-17] 1 of 2 users, 1 of 2 accounts: 1 file created"
    assert found.result()["msg"].startswith("mail_account: /x is a FIFO")


def test_the_line_is_short() -> None:
    users = [f"a.very.long.name.of.a.user.{number}" for number in range(1000)]
    profiles = [profile(f"profile number {number} with a long name"[:30].replace(" ", "-") + str(number), signature="x") for number in range(20)]
    found = report(home(users[0], "created"), users=users, missing=tuple(users[1:]), missing_users="skip", profile_definitions=profiles)
    assert found.summary is not None and len(found.summary) < 500 and "\n" not in found.summary
    assert "17 more such losses" in found.summary and "and 997 more" in found.summary


def test_a_host_that_names_others_is_no_error() -> None:
    assert report(home("somebody", "created")).summary == "mail_account: [laptop-17] 1 of 3 users, 0 of 3 accounts: 1 file created"
