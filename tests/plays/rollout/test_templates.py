# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an administrator's templates are found, what Ansible gives them, and that one mistake stops all hosts."""

from __future__ import annotations

import json
import re
import stat
from typing import Any

import pytest

from ansible.parsing.dataloader import DataLoader

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.template_files import _imported

from ...checkout import ROOT
from ...short import one_in
from .conftest import Project, user

TEMPLATES = [{"src": "x.j2", "dest": "x"}]
HOSTS = {"desk": {"mail_accounts_users": [user("anna")], "mail_accounts_templates": TEMPLATES}}
SITE = [{"import_playbook": "mailops.profiles.rollout"}]


def written(project: Project) -> str:
    return (project.path / "homes/desk/anna/x").read_text(encoding="utf-8")


@pytest.mark.parametrize(("template", "inventory", "playbook"), [
    ("templates/x.j2", "prod/hosts.json", None),  # -i prod
    ("prod/templates/x.j2", "prod/hosts.json", None),  # -i prod/hosts.json
    ("own/templates/x.j2", "prod/hosts.json", "own/site.yml"),
])  # fmt: skip
def test_where_a_template_is_found(project: Project, template: str, inventory: str, playbook: str | None) -> None:
    project.write(template, "found")
    path = project.inventory(HOSTS, inventory)
    if playbook:
        project.write(playbook, SITE)
    run = project.play(playbook or "mailops.profiles.rollout", "-i", path if template.startswith("prod/") else "prod")
    assert run.status == 0 and written(project) == "found", run.output


@pytest.mark.parametrize("template", ["top/templates/x.j2", "top/mail/templates/x.j2", "top/mail/deep/templates/x.j2"])
def test_templates_beside_each_playbook_of_nested_imports(project: Project, template: str) -> None:
    project.write(template, "found")
    project.write("top/site.yml", [{"ansible.builtin.import_playbook": "mail/accounts.yml"}])
    project.write("top/mail/accounts.yml", [{"import_playbook": "deep/rollout.yml"}])
    project.write("top/mail/deep/rollout.yml", SITE)
    run = project.play("top/site.yml", "-i", project.inventory(HOSTS, "prod/hosts.json"))
    assert run.status == 0 and written(project) == "found", run.output


def test_a_playbook_that_imports_itself_is_read_a_few_times_only(project: Project) -> None:
    """Ansible itself refuses it; what is read here ends in any case."""
    loader = DataLoader()
    path = project.write("site.yml", [{"import_playbook": "site.yml"}])
    assert set(_imported(loader, path)) == {path}


def test_with_two_inventories_both_directories_count(project: Project) -> None:
    project.write("one/templates/x.j2", "found")
    one, two = project.inventory({}, "one/hosts.json"), project.inventory(HOSTS, "two/hosts.json")
    for order in ([one, two], [two, one]):
        run = project.play("mailops.profiles.rollout", "--check", *(argument for path in order for argument in ("-i", path)))
        assert run.status == 0 and "desk" in run.stdout, run.output


def test_the_error_lists_where_it_looked(project: Project) -> None:
    project.write("own/site.yml", SITE)
    project.inventory({}, "one/hosts.json")
    project.inventory(HOSTS, "two/hosts.json")
    run = project.play("own/site.yml", "-i", "one", "-i", "two/hosts.json")
    root = project.path
    places = f"{root}/own/templates, {root}/templates, {root}/two/templates"
    assert run.status and f"mail_accounts_templates, entry 1: src: x.j2 cannot be read: it is not in {places}" in run.output
    assert "Traceback" not in run.output


def test_an_absolute_path_that_is_not_there(project: Project) -> None:
    hosts = {"desk": {**HOSTS["desk"], "mail_accounts_templates": [{"src": "/nowhere/x.j2", "dest": "x"}]}}
    assert "src: /nowhere/x.j2 cannot be read: there is no such file" in project.rollout(project.inventory(hosts)).output


@pytest.mark.parametrize("second", [
    [{"src": "none.j2", "dest": "x"}],
    [{"src": "wrong.j2", "dest": "x"}],
    [{"src": "x.j2", "dest": "/x"}],
    [{"src": "syntax.j2", "dest": "x"}],
])  # fmt: skip
def test_a_template_that_is_wrong_on_one_host_stops_all(project: Project, second: list[dict[str, str]]) -> None:
    project.write("templates/x.j2", "{{ account.email }}")
    project.write("templates/wrong.j2", "{{ acount.email }}")
    project.write("templates/syntax.j2", "{% if %}")
    many = [user(f"u{number}") for number in range(30)]
    run = project.rollout(project.inventory({**HOSTS, "spare": {"mail_accounts_users": many, "mail_accounts_templates": second}}))
    assert run.status and "Deploy the accounts" not in run.stdout and project.written() == []
    assert run.output.count(second[0]["src"]) <= 2  # Ansible repeats the message of a failed task on stderr


@pytest.mark.parametrize(("variables", "expected"), one_in(2, [
    ({}, "Ansible managed"),
    ({"ansible_managed": "two\nlines"}, "Ansible managed"),
    ({"ansible_managed": "Managed by {{ inventory_hostname }}: do not edit"}, "Managed by desk: do not edit"),
    ({"ansible_managed": "\x1b[2J"}, "Ansible managed"),
    ({"ansible_managed": " "}, "Ansible managed"),
    ({"ansible_managed": ["x"]}, "Ansible managed"),
]))  # fmt: skip
def test_ansible_managed(project: Project, variables: dict[str, Any], expected: str) -> None:
    project.write("templates/x.j2", "# {{ ansible_managed }}")
    run = project.rollout(project.inventory(HOSTS, **variables))
    assert run.status == 0 and written(project) == f"# {expected}", run.output


def test_a_fact_of_the_host_is_not_ansible_managed(project: Project) -> None:
    project.write("templates/x.j2", "# {{ ansible_managed }}")
    # A custom fact, as a hostile host may return one from any module.
    module = "#!/bin/sh\n# WANT_JSON\necho '" + json.dumps({"ansible_facts": {"ansible_managed": "hostile"}}) + "'\n"
    project.write("library/facts_of_a_host", module)
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"facts_of_a_host": {}}, {"import_role": {"name": "mailops.profiles.mail_accounts"}}]}
    run = project.play(project.write("site.yml", [play]), "-i", project.inventory(HOSTS))
    assert run.status == 0 and written(project) == "# Ansible managed", run.output


def test_the_page_about_templates(project: Project) -> None:
    """docs/templates.md as it is: the template, the inventory, the command, the result, and the playbook with the filter."""
    page = (ROOT / "docs/templates.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    template, inventory, command, result, playbook = blocks
    for name, content in (("templates/imapsync.conf.j2", template), ("inventory.yml", inventory), ("account.yml", playbook)):
        assert f" {name}" in content.splitlines()[0]
        project.write(name, content)
    program, *arguments = command.split()
    assert program == "ansible-playbook"
    run = project.play(*arguments)
    assert run.status == 0 and "change me" not in run.output, run.output
    path = project.path / "homes/jkowalska/.config/imapsync.conf"
    assert path.read_text(encoding="utf-8") == result
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "j.kowalska@example.org at imap.example.org:993" in project.play("account.yml").output
