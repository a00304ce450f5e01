# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of each host, from events in any order."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.document import RUNNING

from .rollouts import CHECK, START, collector, document, failure, groups, result, states, take


def test_states_of_hosts() -> None:
    found = collector("same", "new", "bad", "drift", "late", "checked", "gone", "off")
    take(found, "same", result("anna"))
    take(found, "new", result("anna", state="changed"))
    take(found, "bad", failure("anna", "/home/anna is a FIFO"))
    take(found, "drift", result("anna", changed=True, drifted=[{"user": "anna", "path": "/home/anna/.x"}]))
    take(found, "checked", {**result(), "validated": True}, task="check")
    take(found, "off", {"skipped": True, "changed": False})
    found.unreachable("gone", {"msg": "Task failed: no route"})
    expected = {"same": "unchanged", "new": "changed", "bad": "failed", "drift": "drifted", "late": "not_tried", "checked": "not_tried",
                "gone": "unreachable", "off": "skipped"}  # fmt: skip
    assert states(found) == expected
    assert states(found, RUNNING) == {**expected, "late": "waiting", "checked": "waiting"}
    counts = document(found)["counts"]
    assert counts["hosts"]["total"] == 8 and counts["hosts"]["not_tried"] == 2 and counts["users"]["failed"] == 1
    assert list(states(found))[:4] == ["bad", "gone", "checked", "late"]  # the worst first
    assert groups(found, "unreachable") == [("no route", ["gone"])]


def test_a_run_that_only_checks_is_well() -> None:
    found = collector("a", "b")
    for host in ("a", "b"):
        take(found, host, {**result(), "validated": True})
    assert states(found) == {"a": "checked", "b": "checked"}


def test_a_mistake_in_the_check_of_one_host_stops_all() -> None:
    found = collector("a", "b")
    take(found, "a", {**result(), "validated": True}, task="check")
    take(found, "b", {"failed": True, "msg": "mail_account: users, entry 1: email is wrong"}, task="check")
    assert states(found) == {"b": "failed", "a": "not_tried"}
    assert groups(found, "failed") == [("users, entry 1: email is wrong", ["b"])]


def test_two_tasks_for_one_host() -> None:
    """The worse state of a user's client counts; a later attempt of the same task replaces the earlier one."""
    found = collector("a")
    take(found, "a", failure("anna", "is busy"))
    take(found, "a", result("anna", state="changed"))
    take(found, "a", result("anna", "basil"), task="another")
    (entry,) = document(found)["hosts"]
    assert entry["state"] == "changed" and entry["accounts"] == 3
    assert {user["user"]: user["clients"]["msmtp"] for user in entry["users"]} == {"anna": "changed", "basil": "unchanged"}


def test_the_items_of_a_loop() -> None:
    found = collector("a")
    take(found, "a", {"changed": True, "results": [result("anna", state="changed"), result("basil")]})
    (entry,) = document(found)["hosts"]
    assert [user["user"] for user in entry["users"]] == ["anna", "basil"] and entry["state"] == "changed"


def test_tasks_of_others() -> None:
    """Of their results nothing is taken; a failure is told by the task's name, unless it was rescued."""
    found = collector("a", "b", "c")
    take(found, "a", {"msg": "sesame", "users": [{"user": "x", "clients": {"y": "failed"}}]}, action="ansible.builtin.copy")
    for host in ("a", "b"):
        found.failed_elsewhere(host, "Copy something")
    take(found, "b", result("anna"))
    found.forgive(["b", "c"])
    assert states(found) == {"a": "failed", "c": "not_tried", "b": "unchanged"}
    assert groups(found, "failed") == [("the task 'Copy something' failed; its message is in the output of the run", ["a"])]
    assert "sesame" not in str(document(found))


@pytest.mark.parametrize("data", [
    {**failure("anna", "sesame"), "_ansible_no_log": True}, {"censored": "the output has been hidden", "failed": True, "msg": "sesame"},
])  # fmt: skip
def test_no_log(data: dict) -> None:
    found = collector("a", "b", "c")
    take(found, "a", data)
    take(found, "b", {"censored": "hidden", "changed": True})
    found.unreachable("c", {"censored": "hidden", "msg": "sesame"})
    assert states(found) == {"a": "failed", "c": "unreachable", "b": "changed"}
    text = str(document(found))
    assert "sesame" not in text and "anna" not in text and text.count("not shown, because the task has no_log") >= 2


def test_log_ins() -> None:
    found = collector("a", "b")
    check = {"user": "anna", "profile": "work", "side": "incoming", "outcome": "ok", "host": "imap.example.org", "port": 993, "certificate_days": 9}
    wrong = {"user": "anna", "side": "outgoing", "outcome": "refused", "msg": "nothing listens", "hint": "try 587", "host": "smtp.example.org", "port": 465}
    message = "mail_account_check: [a] 1 user, 1 of 2 checks ok\nnothing listens"
    take(found, "a", {"changed": False, "failed": True, "msg": message, "checks": [{**check, "address": "192.0.2.1"}, wrong]}, action=CHECK)
    take(found, "b", {"changed": False, "checks": [{**check, "address": "192.0.2.2"}]}, action=CHECK)
    assert states(found) == {"a": "failed", "b": "checked"} and found.progress(START) == "2 of 2 hosts, 1 failed"
    attention = document(found)["attention"]
    assert groups(found, "checks") == [("smtp.example.org:465, refused: nothing listens: try 587", ["a"])] and attention["failed"] == []
    assert attention["certificates"] == [{"server": "imap.example.org:993", "days": 9, "hosts": ["a", "b"]}]
    assert document(found)["counts"]["checks"] == {"ok": 2, "failed": 1}


def test_a_reachable_host_again() -> None:
    """With ignore_unreachable a host may answer later."""
    found = collector("a")
    found.unreachable("a", {"msg": "away"})
    take(found, "a", result("anna"))
    assert states(found) == {"a": "unchanged"}


def test_how_far_and_how_long_still() -> None:
    found = collector(*"abcdefgh")
    assert found.progress(START) == "0 of 8 hosts, 0 failed"
    found.start("a", START + 10)
    take(found, "a", result("anna"), at=START + 12)
    take(found, "b", failure("anna", "x"), at=START + 13)
    assert found.progress(START + 14) == "2 of 8 hosts, 1 failed, about 12 s to go"
    found.unreachable("c", {"msg": "away"})
    assert found.progress(START + 16) == "3 of 8 hosts, 2 failed, about 10 s to go"
    for host in "defgh":
        take(found, host, result("anna"))
    assert found.progress(START + 20) == "8 of 8 hosts, 2 failed"
