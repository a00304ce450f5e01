# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One report of a run: what became of each user's clients, why the task fails, what fits into a result, and the file."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Change, Diff, Drift, Problem, Remaining, Result
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import Deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import Report, make_report
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.target import Delivery
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.limits import MAX_DIFF_CHARACTERS

from .deployments import JOANNA, deployment, profile

ANNA = {**JOANNA, "name": "anna"}
POP = profile("pop", account_type="pop")


def reported(found: Deployment, *results: Result, check_mode: bool = False, stopped: str | None = None, **answer: Any) -> Report:
    return make_report(found, Delivery((Answer(results, **answer),), stopped), check_mode)


def states(report: Report) -> dict[str, dict[str, str]]:
    return {item["user"]: item["clients"] for item in report.result()["users"]}


def home(user: str, *changes: Change, **more: Any) -> Result:
    return Result(user, f"/home/{user}", changes, **more)


def change(client: str, action: str, **more: Any) -> Change:
    return Change(f"/home/x/.{client}", client, action, **more)


@pytest.mark.parametrize("name", ["Poczta firmowa (Łódź)", "R&D + Jan's", "工作邮箱"])
def test_a_profile_is_called_by_its_name(name: str, tmp_path: Path) -> None:
    """In the warning, the result and the file."""
    found = deployment([{**JOANNA, "profiles": f"work, {name}"}], profile_definitions=[profile(), {**POP, "name": name}], clients=["mbsync"])
    report = reported(found, home("jkowalska"))
    report.write(str(tmp_path / "report.json"))
    written = json.loads((tmp_path / "report.json").read_text())
    for data in (report.result(), written):
        assert [item["profile"] for item in data["skipped_accounts"]] == [name]
        assert f"mbsync, profile '{name}': " in data["warnings"][0]


def test_what_became_of_each_client() -> None:
    found = deployment([JOANNA, ANNA], clients=["msmtp", "mbsync", "neomutt"], template="x", templates=[{"src": "x.j2", "dest": ".x"}])
    report = reported(
        found,
        home("jkowalska", change("msmtp", "updated"), change("neomutt", "removed"), change("neomutt", "created"), unchanged=1),
        home("anna", change("mbsync", "updated"), drifted=(Drift("/home/x/.mbsync", "mbsync"),)),
        home("leaver", change("msmtp", "removed"), change("", "removed"), listed=False),
    )
    assert states(report) == {
        "jkowalska": {"msmtp": "changed", "mbsync": "unchanged", "neomutt": "changed", "templates": "unchanged"},
        "anna": {"msmtp": "unchanged", "mbsync": "drifted", "neomutt": "unchanged", "templates": "unchanged"},
        "leaver": {"msmtp": "removed"},
    }
    result = report.result()
    assert result["files"] == {"created": 1, "updated": 2, "removed": 3, "unchanged": 1}
    assert result["accounts"] == {"total": 2, "changed": 2} and result["changed"] and "failed" not in result
    assert result["drifted"] == [{"user": "anna", "path": "/home/x/.mbsync"}]


def test_where_a_link_leads_is_reported_beside_it() -> None:
    moved = change("msmtp", "updated", real_path="/home/x/dotfiles/msmtprc")
    drift = Drift("/home/x/.msmtp", "msmtp", "/home/x/dotfiles/msmtprc")
    result = reported(deployment([ANNA]), home("anna", moved, change("mbsync", "created"), drifted=(drift,))).result()
    where = {"real_path": "/home/x/dotfiles/msmtprc"}
    assert result["changes"] == [
        {"user": "anna", "client": "msmtp", "path": "/home/x/.msmtp", "action": "updated", **where},
        {"user": "anna", "client": "mbsync", "path": "/home/x/.mbsync", "action": "created"},
    ]
    assert result["drifted"] == [{"user": "anna", "path": "/home/x/.msmtp", **where}]


def test_a_skipped_client() -> None:
    found = deployment([JOANNA], clients=["mbsync", "msmtp"], profile_definitions=[POP])
    report = reported(found, home("jkowalska"))
    assert states(report) == {"jkowalska": {"mbsync": "skipped", "msmtp": "unchanged"}}
    assert [item["client"] for item in report.result()["skipped_accounts"]] == ["mbsync"]
    assert report.result()["warnings"] == ["mail_account skips 1 account: mbsync, profile 'pop': mbsync (isync) does not support POP"]


def test_a_user_who_cannot_be_served() -> None:
    report = reported(deployment([JOANNA, ANNA]), home("jkowalska", problem=Problem("/home/x", "/home/x is a FIFO: move it away")), home("anna"))
    assert states(report) == {"jkowalska": {"msmtp": "failed"}, "anna": {"msmtp": "unchanged"}}
    result = report.result()
    assert result["failed"] and result["msg"] == "mail_account: /home/x is a FIFO: move it away (user jkowalska)\n(the other users were served)"
    assert result["failed_users"] == [{"user": "jkowalska", "path": "/home/x", "msg": "/home/x is a FIFO: move it away"}]


WRONG = home("jkowalska", problem=Problem("/x", "/x is wrong"))
OTHERS: dict[str, tuple[tuple[Result, ...], bool, str]] = {
    "none": ((WRONG,), False, ""),
    "none in check mode": ((WRONG,), True, ""),
    "one": ((WRONG, home("anna")), False, "\n(the other users were served)"),
    "one in check mode": ((WRONG, home("anna")), True, "\n(the other users would be served)"),
    "only the host's files": ((WRONG, Result("", "/etc")), False, ""),
    "only a purged one": ((WRONG, home("leaver", listed=False)), False, ""),
    "another place of the same user": ((WRONG, home("jkowalska")), False, ""),
}


@pytest.mark.parametrize(("results", "check_mode", "others"), OTHERS.values(), ids=OTHERS)
def test_the_others(results: tuple[Result, ...], check_mode: bool, others: str) -> None:
    report = reported(deployment([JOANNA, ANNA]), *results, check_mode=check_mode)
    assert report.result()["msg"] == f"mail_account: /x is wrong (user jkowalska){others}"


@pytest.mark.parametrize(("missing_users", "check_mode", "state"), [("fail", False, "failed"), ("fail", True, "skipped"), ("skip", False, "skipped")])
def test_a_user_whom_the_host_does_not_know(missing_users: str, check_mode: bool, state: str) -> None:
    report = reported(deployment([JOANNA, ANNA], missing_users=missing_users), home("anna"), missing=("jkowalska",), check_mode=check_mode)
    result = report.result()
    assert states(report)["jkowalska"] == {"msmtp": state} and result.get("failed", False) == (state == "failed")
    if missing_users == "skip":
        assert result["skipped_accounts"] == [{"user": "jkowalska", "client": "", "profile": "", "reason": "the host has no such user"}]
    elif not check_mode:
        assert result["failed_users"] == [{"user": "jkowalska", "path": "", "msg": "the host has no such user"}]
    named = {"failed": result["failed_users"], "skipped": result["skipped_accounts"]}[state]
    assert [item["user"] for item in named] == ["jkowalska"] if not check_mode else "jkowalska" in result["warnings"][0]


def test_users_of_batches_that_were_not_tried() -> None:
    report = reported(deployment([JOANNA, ANNA]), home("jkowalska"), stopped="gone (users 2 to 2 were not tried)")
    assert states(report) == {"jkowalska": {"msmtp": "unchanged"}, "anna": {"msmtp": "failed"}}
    assert report.result()["msg"] == "mail_account: gone (users 2 to 2 were not tried)\n(the users before those were served)"
    none = reported(deployment([JOANNA, ANNA]), WRONG, stopped="gone (users 2 to 2 were not tried)")
    assert "served" not in none.result()["msg"]


def test_an_empty_list_of_users_names_who_still_has_accounts() -> None:
    remaining = (Remaining("basil", "/home/basil", "x"), Remaining("anna", "/home/anna", "laptop-17"), Remaining("anna", "/srv/anna", "laptop-17"))
    result = reported(deployment([]), remaining=remaining).result()
    assert not result["changed"] and "failed" not in result
    assert "still have accounts here: anna, basil (" in result["warnings"][0]
    assert reported(deployment([])).result()["warnings"] == ["mail_account: users is empty, so nothing was changed"]


def test_one_warning_names_the_places_that_remain() -> None:
    remaining = [Remaining(f"u{number}", f"/srv/u{number}", "laptop-17") for number in range(12)]
    (warning,) = reported(deployment([JOANNA]), home("jkowalska"), remaining=(Remaining("zoe", "/home/zoe", "desk"), *remaining)).result()["warnings"]
    assert "instance default also has files of users who have no accounts in this task: " in warning and "state: absent" in warning
    assert "zoe in /home/zoe (inventory host desk), u0 in /srv/u0, u1 in /srv/u1" in warning and "and 3 more" in warning


def test_a_withdrawal_does_not_advise_to_remove_the_accounts_of_all_others() -> None:
    found = deployment([{"name": "jkowalska", "state": "absent"}])
    (warning,) = reported(found, home("jkowalska"), remaining=(Remaining("zoe", "/home/zoe", "laptop-17"),)).result()["warnings"]
    assert warning.startswith("mail_account: instance default has other files that this task leaves alone: zoe in /home/zoe; to remove them, too,")


def test_a_dry_run_plans_for_a_user_who_may_be_created() -> None:
    found = home("jkowalska", change("msmtp", "created"))
    report = reported(deployment([JOANNA]), found, missing=("jkowalska",), check_mode=True)
    assert states(report) == {"jkowalska": {"msmtp": "changed"}} and report.result()["changed"]
    assert "the host has no user jkowalska; a real run fails" in report.result()["warnings"][0]
    skipped = reported(deployment([JOANNA], missing_users="skip"), found, missing=("jkowalska",), check_mode=True)
    assert states(skipped) == {"jkowalska": {"msmtp": "skipped"}} and not skipped.result()["changed"]


def test_a_probe_has_words() -> None:
    result = reported(deployment([JOANNA], clients=["thunderbird"]), home("jkowalska"), probes=("thunderbird/0", "thunderbird/999", "x")).result()
    assert len(result["warnings"]) == 1 and result["warnings"][0].startswith("thunderbird: ")
    assert [item["client"] for item in result["skipped_accounts"]] == ["thunderbird"]


def test_what_a_users_text_decides_has_words() -> None:
    """One sentence for all users; a client whose accounts are not deployed is skipped, unless its old files go or it failed."""
    found = deployment([JOANNA, ANNA, {**JOANNA, "name": "basil"}, {**JOANNA, "name": "zoe"}], clients=["msmtp", "mbsync"])
    skip, note = ("/home/x/.msmtprc", "msmtp/same-name"), ("/home/x/.msmtprc", "msmtp/own-default")
    report = reported(
        found,
        home("jkowalska", notes=(skip, skip)),
        home("anna", notes=(note, ("/home/x/.x", "gone/unknown"))),
        home("basil", change("msmtp", "removed"), notes=(skip,)),
        home("zoe", notes=(skip,), problem=Problem("/home/x", "/home/x is a FIFO: move it away")),
    )
    assert {user: clients["msmtp"] for user, clients in states(report).items()} == {
        "jkowalska": "skipped", "anna": "unchanged", "basil": "changed", "zoe": "failed",
    }  # fmt: skip
    result = report.result()
    default, same = result["warnings"]
    assert default.startswith("msmtp: the default account of the user's own file stays") and default.endswith(" (anna)")
    assert same.startswith("msmtp: the user has an account with the name of one of ours") and same.endswith(" (jkowalska, basil, zoe)")
    assert [(item["user"], item["client"], item["profile"]) for item in result["skipped_accounts"]] == [
        (name, "msmtp", "work") for name in ("jkowalska", "basil", "zoe")
    ]
    assert all(item["reason"] in same for item in result["skipped_accounts"])


@pytest.mark.parametrize(("note", "skipped", "state"), [
    ("same-name", ["work", "asks"], "skipped"), ("own-command", ["work", "asks"], "skipped"), ("own-password", ["asks"], "unchanged"),
])  # fmt: skip
def test_a_skipped_account_has_the_name_of_its_profile(note: str, skipped: list[str], state: str) -> None:
    """The client is skipped if none of its accounts is there."""
    asks = profile("asks", outgoing={"host": "smtp.example.org"})
    found = deployment([JOANNA], clients=["git_send_email"], profile_definitions=[profile(), asks], profiles=["work", "asks"])
    report = reported(found, home("jkowalska", notes=(("/home/x/.gitconfig", f"git_send_email/{note}"),)))
    assert [item["profile"] for item in report.result()["skipped_accounts"]] == skipped
    assert states(report) == {"jkowalska": {"git_send_email": state}}


def test_residue_has_words() -> None:
    result = reported(deployment([{"name": "anna", "state": "absent"}]), home("anna", residue=True)).result()
    assert len(result["warnings"]) == 1 and result["warnings"][0].startswith("anna: a program still has to forget the accounts")


def test_a_result_is_small_and_the_file_is_complete(tmp_path: Path) -> None:
    users = [{**JOANNA, "name": f"u{number}"} for number in range(150)]
    diff = Diff("", "x" * (MAX_DIFF_CHARACTERS // 100), "a", "b")
    report = reported(deployment(users), *(home(user["name"], change("msmtp", "created", diff=diff)) for user in users))
    result = report.result()
    assert {len(result[name]) for name in ("users", "changes")} == {100} and result["files"]["created"] == 150
    assert sum(len(item.get("after", "")) for item in result["diff"]) <= MAX_DIFF_CHARACTERS and "more files differ" in result["diff"][-1]["prepared"]
    path = tmp_path / "report.json"
    report.write(str(path))
    written = json.loads(path.read_text())
    assert {len(written[name]) for name in ("users", "changes")} == {150} and written["schema_version"] == 1 and not written["failed"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and "diff" not in written
    assert [item.name for item in tmp_path.iterdir()] == ["report.json"]


def test_every_list_of_a_result_ends_at_100(tmp_path: Path) -> None:
    users = [{**JOANNA, "name": f"u{number:03}"} for number in range(150)]
    found = deployment(users, clients=["mbsync", "msmtp"], profile_definitions=[POP])
    report = reported(found, *(
        home(user["name"], change("msmtp", "created"), drifted=(Drift("/x", "msmtp"),), problem=Problem("/x", f"/x {number}"), warnings=(f"w{number}",))
        for number, user in enumerate(users)
    ))  # fmt: skip
    lists = {"changes": 150, "drifted": 150, "failed_users": 150, "skipped_accounts": 150, "users": 150, "warnings": 151}
    result = report.result()
    assert {name: len(result[name]) for name in lists} == dict.fromkeys(lists, 100)
    assert [item["user"] for item in result["failed_users"]] == [user["name"] for user in users[:100]]
    assert len(result["msg"].splitlines()) == 102 and result["msg"].endswith("- ... and 50 more")
    report.write(str(tmp_path / "report.json"))
    written = json.loads((tmp_path / "report.json").read_text())
    assert {name: len(written[name]) for name in lists} == lists and len(written["problems"]) == 150


def test_a_check_alone_says_nothing_about_clients() -> None:
    result = make_report(deployment([JOANNA]), None, True).result()
    assert result["users"] == [] and not result["changed"] and result["accounts"] == {"total": 1, "changed": 0}
