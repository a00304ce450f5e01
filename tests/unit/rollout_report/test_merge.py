# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report files of many batches, slices and hosts become one rollout; what is no report is left out and never quoted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Problems
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.document import FINISHED, Rollout, as_json
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.merge import merge, report_files

from .rollouts import CHECK, START, collector, document, failure, result, take


def write(path: Path, data: Any, at: float = START) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    os.utime(path, (at, at))
    return str(path)


def report(host: str, *users: str, **more: Any) -> dict[str, Any]:
    task = {"schema_version": 1, "host": host, "instance": "default", "dest": "", "check_mode": False, "failed": False, "problems": []}
    return {**task, **result(*users), **more}


def states(rollout: Rollout) -> dict[str, str]:
    return {entry["host"]: entry["state"] for entry in rollout.document(FINISHED, START)["hosts"]}


def test_files_directories_and_patterns(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, report(name)) for name in ("one/a.json", "one/b.json", "two/c.json", "two/notes.txt")]
    problems = Problems()
    assert report_files([str(tmp_path / "one"), paths[0], str(tmp_path / "*/c.json")], problems) == paths[:3] and not problems
    assert report_files(["reports", str(tmp_path / "three")], problems) == []
    assert problems == [
        "reports: reports: must be an absolute path on the controller",
        f"reports: there is no {tmp_path}/three on the controller: give files, directories with *.json, or patterns",
    ]


def test_hosts_of_all_files(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "a.json", report("a", "anna")),
        write(tmp_path / "any-name.json", report("b", "anna", **failure("anna", "is a FIFO"))),
        write(tmp_path / "c.json", report("c", unreachable=True, failed=True, problems=["no route"])),
        write(tmp_path / "old.json", report("old"), START - 100_000),
    ]
    rollout, warnings = merge(files, ["a", "b", "c", "d"], START - 90_000)
    assert states(rollout) == {"b": "failed", "c": "unreachable", "d": "not_tried", "old": "stale", "a": "unchanged"} and not warnings
    assert states(merge(files, [], None)[0]) == {"b": "failed", "c": "unreachable", "old": "unchanged", "a": "unchanged"}


def test_what_ansible_says_of_its_interpreter_needs_no_attention() -> None:
    found = collector("a")
    interpreter = "Host 'a' is using the discovered Python interpreter at '/usr/bin/python3.11', but future installation of another Python interpreter"
    take(found, "a", {**result("anna"), "warnings": [f"{interpreter} could cause a different interpreter to be discovered.", "one of ours"]})
    assert [group["msg"] for group in document(found)["attention"]["warnings"]] == ["one of ours"]


def test_the_newer_of_two_reports_and_all_tasks(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "1/a.json", report("a", "anna", **failure("anna", "x")), START - 10),
        write(tmp_path / "2/a.json", report("a", "anna"), START),
        write(tmp_path / "3/a.json", report("a", "anna", **failure("anna", "x")), START - 20),
        write(tmp_path / "4/a.json", report("a", "basil", instance="other")),
    ]
    for order in (files, files[::-1]):
        rollout, _warnings = merge(order, [], None)
        (entry,) = rollout.document(FINISHED, START)["hosts"]
        assert entry["state"] == "unchanged" and {user["user"] for user in entry["users"]} == {"anna", "basil"}


def test_a_host_cannot_report_for_another_that_has_a_file(tmp_path: Path) -> None:
    """As with ansible-pull, where each host writes its own file."""
    files = [write(tmp_path / "good.json", report("good", **failure("anna", "x"))), write(tmp_path / "evil.json", report("good"), START + 10)]
    assert states(merge(files, ["good", "evil"], None)[0]) == {"good": "failed", "evil": "unchanged"}


def test_documents_of_slices_are_the_rollout_again(tmp_path: Path) -> None:
    """What a slice's page said of its hosts, that of all slices says too."""
    slices, expected = [], {}
    for number in range(2):
        names = [f"{name}{number}" for name in ("same", "bad", "gone", "never", "off", "mail")]
        found = collector(*names)
        take(found, names[0], result("anna", "basil"))
        take(found, names[1], failure("anna", "is a FIFO"))
        found.unreachable(names[2], {"msg": "no route"})
        take(found, names[4], {"skipped": True})
        take(found, names[5], {"checks": [{"user": "anna", "side": "incoming", "outcome": "refused", "certificate_days": 3}]}, action=CHECK)
        found.failed_elsewhere(f"other{number}", "Copy")
        slices.append(document(found))
        expected.update({entry["host"]: {**entry, "reported": None} for entry in slices[-1]["hosts"]})
    files = [write(tmp_path / f"{number}.json", as_json(each), START + 60) for number, each in enumerate(slices)]
    merged = merge(files, [], START - 60)[0].document(FINISHED, START + 60)
    assert {entry["host"]: {**entry, "reported": None} for entry in merged["hosts"]} == expected
    for kind in ("failed", "unreachable", "checks"):
        assert [(group["msg"], len(group["hosts"])) for group in merged["attention"][kind]] == [
            (group["msg"], 2 * len(group["hosts"])) for group in slices[0]["attention"][kind]
        ]


SECRET = "sesame-of-root"


@pytest.mark.parametrize(("content", "reason"), [
    (f"root:{SECRET}:19000", "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    (json.dumps([SECRET]), "is no report of mail_account"),
    (json.dumps({"password": SECRET}), "is no report of mail_account"),
    (json.dumps({"schema_version": 2, "x": SECRET}), "has the schema version 2, which this version does not know"),
    (json.dumps({"schema_version": True}), "is no report of mail_account"),
])  # fmt: skip
def test_what_is_no_report(tmp_path: Path, content: str, reason: str) -> None:
    rollout, (warning,) = merge([write(tmp_path / "x.json", content)], [], None)
    assert warning.startswith(f"{tmp_path}/x.json: {reason}") and SECRET not in warning and not rollout.hosts


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "large.json").touch()
    os.truncate(tmp_path / "large.json", 65 << 20)
    (tmp_path / "dangling.json").symlink_to("nowhere")
    _rollout, warnings = merge([str(tmp_path / f"{name}.json") for name in ("fifo", "large", "dangling")], [], None)
    assert [warning.split(": ", 1)[1] for warning in warnings] == [
        "is no file; it is left out", "is larger than 64 MiB; it is left out", "cannot be read: No such file or directory; it is left out",
    ]  # fmt: skip


WRONG = (None, True, 1, 1e400, -5, 10**30, "text", [], {}, [[]], [1], [{}], {"x": 1}, {"x": [1]}, [{"user": 1, "clients": {"x": []}}], [{"clients": 3}])


def test_values_of_any_type(tmp_path: Path) -> None:
    """A hostile report is shown as far as it can be, and stops nobody else's."""
    names = [*report("a"), "users", "failed_users", "drifted", "dropped", "skipped_accounts", "warnings", "checks", "unreachable", "truncated", "msg", "hosts"]
    files = [write(tmp_path / "good.json", report("good"))]
    for place, base in (("report", report("a", failed=True)), ("document", {"kind": "mailops.profiles.rollout", "schema_version": 1})):
        for name in (name for name in names if name != "schema_version"):
            for number, value in enumerate(WRONG):
                data = {**base, name: value} if place == "report" else {**base, "written": value, "hosts": [{**report("d"), "state": value, name: value}]}
                files.append(write(tmp_path / f"{place}-{name}-{number}.json", data))
    rollout, warnings = merge(files, [], None)
    text = as_json(rollout.document(FINISHED, START))
    assert states(rollout)["good"] == "unchanged" and not warnings and json.loads(text)["schema_version"] == 1
