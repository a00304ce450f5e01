# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where values come from does not matter: vaulted, tagged, converted or omitted on the way, every field means what it says."""

from __future__ import annotations

import json
from typing import Any, Callable

import yaml

from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.release import __version__ as ansible_version

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import FIELDS
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store

from ..rollout.conftest import Project
from .conftest import ACCOUNT, play

KEY = "the key of the vault"
# Braces are data here, in every source.
PASSWORD = "{{ x }} 'p' 007"
SERVER = {
    "host": "mail.example.org", "port": 1993, "security": "starttls", "username": "{UserName}", "password": "{UserPassword}",
    "authentication": "password", "allow_cleartext": False,
}  # fmt: skip
PROFILES: list[dict[str, Any]] = [
    {
        "name": "Poczta firmowa (Gdynia)", "description": "x", "email": "{Team}-{UserEmail}", "account_name": "{UserDisplayName}",
        "sender_name": "{UserFirstName}", "reply_to": "team@example.org", "account_type": "imap", "default": True, "notifications": True,
        "signature": "{UserLastName}\n", "signature_format": "text", "incoming": {**SERVER, "separator": "/", "namespace": "INBOX"},
        "outgoing": {**SERVER, "port": 1587}, "folders": {name: f"My {name}" for name in ("sent", "drafts", "trash", "archive", "junk")},
        "ca_file": "/etc/ssl/ca.pem", "variables": {"Team": None}, "check_interval": 15,
    },
    {
        "name": "pop", "account_type": "pop", "leave_on_server": True, "delete_after_days": 30,
        "incoming": {"host": "pop.example.org", "password_command": ["pass", "show", "{UserName}"]}, "outgoing": {"host": "mail.example.org"},
    },
]  # fmt: skip
OPTIONS: dict[str, Any] = {
    "users": [{
        "name": "anna", "email": "anna@example.org", "display_name": "Anna {x}", "first_name": "Anna", "last_name": "Nowak", "password": PASSWORD,
        "variables": {"Team": "sales"}, "profiles": ["Poczta firmowa (Gdynia)", "pop"], "default_profile": "pop", "state": "present",
    }],
    "profiles": ["pop"], "clients": ["msmtp", "mbsync"], "templates": [{"src": "note.j2", "dest": ".note", "mode": "0600"}], "mode": "0640",
    "state": "present", "instance": "values", "purge_users": False, "missing_users": "skip", "invalid_users": "fail", "validate_only": False,
}  # fmt: skip


class Tagged(str):
    pass


def with_tag(name: str, tag: str, data: Any, change: Callable[[Any], Any]) -> str:
    """A YAML file of variables in which each value of ``data`` is changed, and has the tag if it is a text then."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(item) for key, item in value.items()}
        if isinstance(value, list):
            return list(map(changed, value))
        value = None if value is None else change(value)
        # With !unsafe, ansible-core 2.19 and newer convert what looks like a number, quoted or not.
        return Tagged(value) if isinstance(value, str) and not value.isdecimal() else value

    dumper = type("Dumper", (yaml.SafeDumper,), {})
    style = "|" if tag == "!vault" else '"'
    dumper.add_representer(Tagged, lambda this, value: this.represent_scalar(tag, str(value), style=style))
    return yaml.dump({name: changed(data)}, Dumper=dumper, sort_keys=False, width=10000)


def vaulted(value: Any) -> str:
    """What is vaulted is text: numbers and booleans too."""
    text = value if isinstance(value, str) else json.dumps(value)
    return VaultLib([("default", VaultSecret(KEY.encode()))]).encrypt(text).decode()


def sources(project: Project) -> dict[str, tuple[list[dict[str, Any]], str]]:
    """For each way to give the data: the tasks before, and the expression."""
    data = {"profiles": PROFILES, "options": OPTIONS}
    project.write("data.json", data)
    project.write("vars/vaulted.yml", with_tag("vaulted", "!vault", data, vaulted))
    project.write("vars/unsafe.yml", with_tag("unsafe", "!unsafe", data, lambda value: value))
    project.write("vars/included.yml", with_tag("included", "!unsafe", data, lambda value: value))
    file = "lookup('ansible.builtin.file', playbook_dir ~ '/data.json')"
    anna = f"({file} | from_json).options.users[0]"
    more = "{'users': [%s | combine({'nonsense': omit})], 'nonsense': omit, 'state': omit}" % anna
    return {
        "from_json": ([], f"({file} | from_json)"),
        "from_yaml": ([], f"({file} | from_yaml)"),
        "vaulted": ([], "vaulted"),
        "unsafe": ([], "unsafe"),
        "include_vars": ([{"ansible.builtin.include_vars": {"file": "included.yml"}}], "included"),
        "set_fact": ([{"ansible.builtin.set_fact": {"fact": f"{{{{ {file} | from_json }}}}", "cacheable": True}}], "fact"),
        "registered": ([{"ansible.builtin.slurp": {"src": f"{project.path}/data.json"}, "register": "slurped"}],
                       "(slurped.content | b64decode | from_json)"),
        "omit": ([], f"(({file} | from_json) | combine({{'options': {more}}}, recursive=True))"),
    }  # fmt: skip


def tasks_for(name: str, expression: str) -> list[dict[str, Any]]:
    """The same data to all modules. mail_profile has nothing to change in what mail_profiles has written."""
    store = {"store": f"{{{{ playbook_dir }}}}/{name}.db"}
    fields = {field: f"{{{{ {expression}.profiles[0].{field} | default(omit) }}}}" for field in FIELDS}
    options = {option: f"{{{{ {expression}.options.{option} | default(omit) }}}}" for option in [*OPTIONS, "nonsense"]}
    dest = {"dest": f"{{{{ playbook_dir }}}}/homes/{name}/{{UserName}}"}
    again = f"{{{{ [{expression}.options.users[0] | combine({{'profiles': [one.profile.name], 'default_profile': one.profile.name}})] }}}}"
    returned = {"profile_definitions": "{{ info.profiles }}", "profiles": "{{ omit }}", "users": again}
    tasks = [
        {"mailops.profiles.mail_profiles": {"profiles": f"{{{{ {expression}.profiles }}}}", **store}},
        {"mailops.profiles.mail_profile": {**fields, **store}, "register": "one", "failed_when": "one is failed or one is changed"},
        {"mailops.profiles.mail_profile_info": {"name": f"{{{{ {expression}.profiles[0].name }}}}", **store}, "register": "info"},
        {"mailops.profiles.mail_account": {**options, **store, **dest}},
        {"mailops.profiles.mail_account": {**options, **store, **dest, **returned, "validate_only": True}},
    ]
    return [{"name": f"{name}: {number}", **task} for number, task in enumerate(tasks)]


def test_every_field_from_everywhere(project: Project) -> None:
    project.write("templates/note.j2", "{{ user.display_name }} {{ account.outgoing.port }} {{ accounts | length }}")
    project.write("key", KEY)
    found = sources(project)
    tasks = [task for name, (before, expression) in found.items() for task in [*before, *tasks_for(name, expression)]]
    files = ["vars/vaulted.yml", "vars/unsafe.yml"]
    run = play(project, [{"tasks": tasks, "vars_files": files}], project.inventory({"desk": {}}), "--vault-password-file", "key")
    assert run.status == 0 and PASSWORD not in run.output, [line for line in run.stdout.splitlines() if line.startswith(("TASK", "fatal"))][-2:]
    homes = {name: content(project, name) for name in found}
    assert PASSWORD in homes["from_json"].values() and homes["from_json"][".note"] == "Anna {x} 465 2"
    assert {name for name in found if homes[name] != homes["from_json"]} == set()
    stored = {name: open_store(f"{project.path}/{name}.db", {}).read()["Poczta firmowa (Gdynia)"].data for name in found}
    assert {name for name in found if stored[name] != stored["from_json"]} == set()
    assert stored["vaulted"].items() >= {"default": True, "check_interval": 15}.items() and stored["vaulted"]["incoming"]["port"] == 1993


def test_what_unsafe_converts(project: Project) -> None:
    """As it is until ansible-core 2.18, refused with a reason since then, and never another password than the one that was meant."""
    project.write("vars/number.yml", 'number: !unsafe "0123"')
    user = "{{ [mail_accounts_users[0] | combine({'password': number})] }}"
    tasks = [{"mailops.profiles.mail_account": {**ACCOUNT, "users": user}}]
    hosts = {"desk": {"mail_accounts_users": [{"name": "anna", "email": "anna@example.org", "display_name": "Anna"}]}}
    profiles = [{**PROFILES[1], "outgoing": {"host": "mail.example.org", "password": "{UserPassword}"}}]
    inventory = project.inventory(hosts, mail_accounts_profile_definitions=profiles)
    run = play(project, [{"tasks": tasks, "vars_files": ["vars/number.yml"]}], inventory)
    if run.status:
        assert "user 'anna': password: must be text, not a number:" in run.output and "where it has !unsafe" in run.output
        assert project.written() == []
    else:
        assert "0123" in [path.read_text(encoding="utf-8") for path in (project.path / "homes").rglob("*.password")]
    assert (run.status != 0) == (tuple(map(int, ansible_version.split(".")[:2])) >= (2, 19)), run.output


def content(project: Project, name: str) -> dict[str, str]:
    home = project.path / "homes" / name / "anna"
    return {str(path.relative_to(home)): path.read_text(encoding="utf-8").replace(f"homes/{name}", "") for path in home.rglob("*") if path.is_file()}
