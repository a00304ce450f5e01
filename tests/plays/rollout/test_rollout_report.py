# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback and the module in real runs: every strategy, batches, interruptions, and what docs/rollout-report.md says of them."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ...checkout import ROOT
from .conftest import Project, Run, user

ENABLED = {"ANSIBLE_CALLBACKS_ENABLED": "mailops.profiles.rollout_report", "MAILOPS_ROLLOUT_REPORT": "r.html", "ANSIBLE_FORKS": "4"}
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
ROLE = {"import_role": {"name": "mailops.profiles.mail_accounts"}}
PROGRESS = re.compile(r"^rollout_report: \d+ of \d+ hosts, \d+ failed(, about \d+ s to go)?$", re.MULTILINE)
PAGE = (ROOT / "docs/rollout-report.md").read_text(encoding="utf-8")


def hosts(project: Project, **more: dict[str, Any]) -> str:
    """Three hosts that are well, one where a file is in the way, and one that is away."""
    project.write("file", "x")
    listed = {name: {"mail_accounts_users": [user("anna"), user("basil")]} for name in ("a", "b", "c")}
    listed["full"] = {"mail_accounts_users": [user("anna")], "mail_accounts_dest": f"{project.path}/file/{{UserName}}"}
    listed["gone"] = {"mail_accounts_users": [user("anna")], **AWAY}
    return project.inventory({**listed, **more})


def document(project: Project, name: str = "r.json") -> dict[str, Any]:
    return json.loads((project.path / name).read_text(encoding="utf-8"))


def states(project: Project, name: str = "r.json") -> dict[str, str]:
    return {entry["host"]: entry["state"] for entry in document(project, name)["hosts"]}


def said(run: Run) -> list[str]:
    """The lines at the end; those of a slow machine's progress come before."""
    return [line for line in run.stderr.splitlines() if line.startswith("rollout_report: ") and not PROGRESS.match(line)]


def play(project: Project, **more: Any) -> str:
    return project.write("site.yml", [{"hosts": "mail_accounts", "gather_facts": False, "tasks": [ROLE], **more}])


@pytest.mark.parametrize("more", [
    {},
    pytest.param({"strategy": "free"}, marks=pytest.mark.long),
    {"strategy": "ansible.builtin.host_pinned"},
    pytest.param({"serial": 3}, marks=pytest.mark.long),
])  # fmt: skip
def test_every_strategy(project: Project, more: dict[str, Any]) -> None:
    run = project.play(play(project, **more), "-i", hosts(project), **ENABLED)
    assert states(project) == {"full": "failed", "gone": "unreachable", "a": "changed", "b": "changed", "c": "changed"}, run.output
    found = document(project)
    assert found["status"] == "finished" and found["counts"]["users"] == {
        "total": 7, "failed": 1, "drifted": 0, "changed": 6, "removed": 0, "skipped": 0, "unchanged": 0,
    }  # fmt: skip
    lines = said(run)
    assert lines[0] == "rollout_report: 5 hosts: 1 failed, 1 unreachable, 3 changed"
    assert lines[1].startswith("rollout_report: failed, 1 host (full): ")
    assert lines[2].startswith("rollout_report: unreachable, 1 host (gone): Failed to connect")
    assert lines[3].endswith(f"ansible-playbook {project.path}/site.yml -i {project.path}/hosts.json --limit full,gone")
    assert lines[4:] == [f"rollout_report: the report is {project.path}/r.html, as JSON {project.path}/r.json"]
    assert "rollout_report" not in run.stdout and "sesame" not in run.output
    assert not re.search(r"WARNING\]: (rollout_report|Failure using method|Callback dispatch)", run.output)
    for name in ("r.html", "r.json"):
        assert stat.S_IMODE((project.path / name).stat().st_mode) == 0o600 and "sesame" not in (project.path / name).read_text()


def test_hosts_that_are_never_tried(project: Project) -> None:
    """A batch of which no host is left ends the run; the mistake is another task's, and its message may be anything."""
    before = {"name": "Something else", "ansible.builtin.command": "sh -c 'echo sesame; exit {{ (inventory_hostname == \"b\") | int }}'"}
    other = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {}}]}
    first = {"hosts": "mail_accounts:!gone:!full", "gather_facts": False, "serial": 1, "pre_tasks": [before], "tasks": [ROLE]}
    run = project.play(project.write("site.yml", [other, first]), "-i", hosts(project), **ENABLED)
    assert states(project) == {"b": "failed", "c": "not_tried", "a": "changed"}, run.output
    assert "rollout_report: failed, 1 host (b): the task 'Something else' failed; its message is in the output of the run" in said(run)
    assert "sesame" not in (project.path / "r.json").read_text()
    rescued = {"block": [before], "rescue": [{"ansible.builtin.debug": {}}]}
    again = [{**first, "serial": 3, "pre_tasks": [rescued], "tasks": [{**ROLE, "no_log": True}]}]
    project.play(project.write("site.yml", again), "-i", hosts(project), **ENABLED)
    assert states(project) == {"b": "changed", "c": "changed", "a": "unchanged"} and document(project)["counts"]["users"]["total"] == 0


def start(project: Project, **more: Any) -> subprocess.Popen[str]:
    """A run that waits on each host when it is done."""
    pause = {"ansible.builtin.wait_for": {"timeout": more.pop("seconds")}}
    playbook = play(project, tasks=[ROLE, pause], **more)
    argv = [*project.isolation, sys.executable, "-m", "ansible", "playbook", playbook, "-i", hosts(project), "--limit", "a,b,c"]
    environment = project.environment(**ENABLED)
    return subprocess.Popen(argv, cwd=project.path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_for(project: Project, seconds: float, text: str) -> None:
    end = time.monotonic() + seconds
    while not (project.path / "r.json").exists() or text not in (project.path / "r.json").read_text():
        assert time.monotonic() < end, "no such state"
        time.sleep(0.1)


def test_a_run_that_is_killed_leaves_its_last_state(project: Project) -> None:
    """With a line of progress by then, and files that are written with it."""
    with start(project, serial=1, seconds=6) as process:
        wait_for(project, 60, '"state":"changed"')
        process.send_signal(signal.SIGTERM)
        _stdout, stderr = process.communicate(timeout=30)
    assert process.returncode != 0 and document(project)["status"] == "running"
    assert sorted(states(project).values())[:2] == ["changed", "waiting"]
    assert PROGRESS.search(stderr) and "of 3 hosts, 0 failed, about " in stderr and "the report is" not in stderr
    assert "Not finished" in (project.path / "r.html").read_text()


def test_ctrl_c(project: Project) -> None:
    with start(project, seconds=60) as process:
        wait_for(project, 60, '"status":"running"')
        for _attempt in range(100):  # until all hosts wait
            if len(project.written()) == 6:
                break
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _stdout, stderr = process.communicate(timeout=30)
    assert document(project)["status"] == "interrupted" and "rollout_report: the run was interrupted" in stderr
    assert states(project) == dict.fromkeys("abc", "changed")


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0], flags=re.DOTALL | re.MULTILINE)


def test_the_file_of_a_project_of_awx(project: Project) -> None:
    """As docs/rollout-report.md has it, with the environment that AWX gives its jobs, and the path in ansible.cfg; together with the callback
    there is one report."""
    (shim,) = blocks("In AWX", "python")
    project.write("callback_plugins/rollout_report.py", shim)
    (settings,) = blocks("From the run itself: the callback", "ini")
    project.write("ansible.cfg", settings.replace("rollout.html", "r.html"))
    job = {"JOB_ID": "42", "AWX_HOST": "https://awx.example.org"}
    for enabled in ("indirect_instance_count", "mailops.profiles.rollout_report"):
        run = project.play(play(project), "-i", hosts(project), "--check", **job, ANSIBLE_CALLBACKS_ENABLED=enabled)
        assert states(project)["a"] == "changed" and len([line for line in said(run) if "the report is" in line]) == 1, run.output
        head = document(project)["head"]
        assert head["check_mode"] is True and head["job_url"] == "https://awx.example.org/#/jobs/playbook/42"
        (project.path / "r.json").unlink()


@pytest.mark.parametrize(("path", "sentence"), [
    ("nowhere/r.html", "there is no directory"), pytest.param("r.txt", "must end with .html", marks=pytest.mark.long),
])  # fmt: skip
def test_a_report_that_cannot_be_written_stops_nothing(project: Project, path: str, sentence: str) -> None:
    run = project.play(play(project), "-i", hosts(project), "--limit", "a", **{**ENABLED, "MAILOPS_ROLLOUT_REPORT": path})
    assert run.status == 0 and run.output.count(sentence) == 1 and project.written()
    assert said(run) == ["rollout_report: 1 host: 1 changed"]


def test_the_playbook_with_the_module(project: Project) -> None:
    """As docs/rollout-report.md has it: hosts that fail, and hosts that are away, replace the report of an earlier run."""
    (playbook,) = blocks("From report files: the module", "yaml")
    reports = project.path / "reports"
    reports.mkdir()
    for name in ("full", "gone", "left"):
        old = {"schema_version": 1, "host": name, "failed": False, "users": [{"user": "anna", "clients": {"msmtp": "unchanged"}}]}
        project.write(f"reports/{name}.json", old)
    inventory = hosts(project, left={"mail_accounts_users": []})
    argv = (project.write("site.yml", playbook), "-i", inventory, "--limit", "all:localhost:!left")
    run = project.play(*argv, "--check")
    expected = {"full": "failed", "gone": "unreachable", "a": "changed", "b": "changed", "c": "changed"}
    assert states(project, "rollout.json") == {**expected, "left": "unchanged"}, run.output
    assert document(project, "rollout.json")["head"]["check_mode"] is True and project.written() == []
    (reports / "left.json").unlink()
    run = project.play(*argv, "-v")
    assert states(project, "rollout.json") == {**expected, "left": "not_tried"}, run.output
    assert "6 hosts: 1 failed, 1 unreachable, 1 never tried, 3 changed" in run.output and "sesame" not in run.output
    assert {stat.S_IMODE((project.path / f"rollout.{suffix}").stat().st_mode) for suffix in ("html", "json")} == {0o600}


def test_wrong_options(project: Project) -> None:
    """All at once; in a dry run, what an earlier task of a real run may make is a warning."""
    wrong = {"reports": "/nowhere, x", "dest": f"{project.path}/file", "max_age": 0, "hosts": 3}
    empty = {"reports": " ", "dest": f"{project.path}/new/r.html"}
    early = {"reports": "/nowhere", "dest": f"{project.path}/new/r.html", "hosts": ["a, b"]}
    tasks = [{"mailops.profiles.mail_rollout_report": options, "ignore_errors": True} for options in (wrong, empty, early)]
    playbook = project.write("site.yml", [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}])
    (project.path / "file").write_text("x")
    run = project.play(playbook, "-v", "--check")
    for sentence in (
        "reports: there is no /nowhere on the controller", f"dest: {project.path}/file: must end with .html", "max_age: 0 is not between 1 and",
        "hosts: must be a list", "reports: is required", "[WARNING]: dest: there is no directory ", "1 host: 1 never tried",
    ):  # fmt: skip
        assert sentence in run.output, run.output
    run = project.play(playbook)
    assert "ignored=3" in run.output and "Traceback" not in run.output and (project.path / "file").read_text() == "x"


def test_the_page_is_beside_its_picture() -> None:
    assert Path(ROOT / "docs/rollout-report.png").stat().st_size < 300_000
