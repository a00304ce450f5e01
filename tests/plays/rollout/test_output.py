# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an administrator sees of a rollout: a line on stderr for each host that changed, which is the result's ``msg``."""

from __future__ import annotations

from typing import Any

from .conftest import PROFILE, Project, user

HOSTS = {
    "desk-1": {"mail_accounts_users": [user(name) for name in ("anna", "basil", "cecil")]},
    "desk-2": {"mail_accounts_users": [user("dora")]},
    "spare": {"mail_accounts_users": []},
}


def lines(stderr: str) -> list[str]:
    return sorted(line for line in stderr.splitlines() if line.startswith("mail_account: ["))


def test_one_line_for_each_host_that_changed(project: Project) -> None:
    inventory = project.inventory(HOSTS)
    dry = project.rollout(inventory, "--check")
    assert lines(dry.stderr) == [
        "mail_account: [desk-1] 3 users, 3 accounts: 3 files would be created", "mail_account: [desk-2] 1 user, 1 account: 1 file would be created",
    ]  # fmt: skip
    # One after the other, at -v, where the callback prints results: the line is in them, and no second one.
    run = project.rollout(inventory, "-v", "-e", "mail_accounts_serial=1")
    expected = ["mail_account: [desk-1] 3 users, 3 accounts: 3 files created", "mail_account: [desk-2] 1 user, 1 account: 1 file created"]
    assert lines(run.stderr) == expected
    assert all(run.stdout.count(f'"msg": "{line}"') == 1 for line in expected) and lines(run.stdout) == []
    again = project.rollout(inventory)
    assert lines(again.stderr) == [] and "mail_account: [" not in again.stdout
    run = project.rollout(inventory, "-e", '{"mail_accounts_users": [{"name": "anna", "state": "absent"}]}')
    assert lines(run.stderr) == ["mail_account: [desk-1] 1 user: 1 file removed"]


def test_nothing_with_no_log(project: Project) -> None:
    task: dict[str, Any] = {
        "mailops.profiles.mail_account": {"users": "{{ mail_accounts_users }}", "clients": ["msmtp"], "dest": "{{ mail_accounts_dest }}",
                                          "profile_definitions": "{{ mail_accounts_profile_definitions }}"},
        "no_log": True,
    }  # fmt: skip
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    run = project.play(project.write("site.yml", [play]), "-i", project.inventory(HOSTS), "-vv")
    assert run.status == 0 and "changed=1" in run.stdout and "3 users" not in run.output


def test_what_ansible_itself_prints_of_arguments(project: Project) -> None:
    """As docs/reliability.md says: what is written literally into a task, and variables as their names."""
    users = [user("anna", password="sesame-literal"), user("basil", password="{{ secret }}")]
    arguments = {"users": users, "clients": ["msmtp"], "dest": f"{project.path}/homes/{{UserName}}", "profile_definitions": [PROFILE]}
    play = {
        "hosts": "all", "gather_facts": False, "vars": {"secret": "sesame-variable"}, "tasks": [{"mailops.profiles.mail_account": arguments}],
    }  # fmt: skip
    settings = {"ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1", "ANSIBLE_CALLBACKS_ENABLED": "junit", "JUNIT_OUTPUT_DIR": str(project.path / "junit")}
    run = project.play(project.write("site.yml", [play]), "-i", project.inventory({"desk": {}}), **settings)
    (report,) = (project.path / "junit").iterdir()
    for text in (run.output, report.read_text(encoding="utf-8")):
        assert "sesame-literal" in text and "{{ secret }}" in text and "sesame-variable" not in text
