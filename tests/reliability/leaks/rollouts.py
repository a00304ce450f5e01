# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role over ssh, with mistakes in its variables, and deployments that are refused because ansible-core would display them."""

from __future__ import annotations

from typing import Any

from ...profiles import profile
from .detector import Secrets
from .lives import CLIENTS, USERS, entry_of, home_of
from .stories import CONTROLLER, PLAY, STORE, Vaulted, play, to_yaml


def rollout(secrets: Secrets) -> dict[str, str]:
    """The role, over ssh as an ordinary user with sudo: a host with pipelining, one without, one that does not answer."""
    ours = {name: secrets.make(f"{name}-ssh", allowed=home_of(name)) for name in USERS}

    def listed(*who: str) -> list[dict[str, Any]]:
        given = {name: Vaulted(ours[name]) if name in ("alice", "carol") else ours[name] for name in who}
        return [{**entry_of(name, given[name]), "variables": {}} for name in who]

    hosts = {
        "desk": {"mail_accounts_users": listed("alice", "bob"), "ansible_pipelining": False},
        "booth": {"mail_accounts_users": listed("carol", "dave"), "ansible_pipelining": True},
        "dead": {"mail_accounts_users": listed("erin"), "ansible_port": 1},
    }
    common = {
        "ansible_host": "127.0.0.1", "ansible_port": 2222, "ansible_user": "admin", "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": "/root/key",
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        "mail_accounts_profiles": ["work"], "mail_accounts_clients": CLIENTS, "mail_accounts_store": STORE, "mail_accounts_instance": "ssh",
        "mail_accounts_report_path": f"{CONTROLLER}/report-{{{{ inventory_hostname }}}}.json",
    }  # fmt: skip

    def secret(name: str) -> str:
        return secrets.make(f"role-{name}")

    mistakes: dict[str, dict[str, Any]] = {
        "a text": {"mail_accounts_users": secret("text")},
        "texts": {"mail_accounts_users": [secret("texts"), f"name=bob password={secret('keys')}"]},
        "by name": {"mail_accounts_users": {"alice": secret("name")}},
        "a number": {"mail_accounts_users": [{"name": "alice", "password": [secret("list")]}]},
        "misspelt": {"mail_accounts_users": [{"name": "alice", "pasword": secret("misspelt")}]},
        "definitions": {"mail_accounts_profile_definitions": [profile("work", secret("definition"))]},
        "definitions as text": {"mail_accounts_profile_definitions": secret("definitions")},
        "store": {"mail_accounts_store": f"postgresql://u:{secret('store')}@db/mail"},
        "clients": {"mail_accounts_clients": {"msmtp": secret("clients")}},
        "clients as number": {"mail_accounts_clients": 5, "mail_accounts_users": [{"name": "alice", "password": secret("beside")}]},
    }
    tasks = [
        {
            "name": f"role: {title}",
            "block": [{
                "ansible.builtin.include_role": {"name": "mailops.profiles.mail_accounts"},
                "vars": {name: f"{{{{ wrong{number}.{name} }}}}" for name in wrong},
            }],
            "rescue": [{"name": "rescued", "ansible.builtin.debug": {"msg": "refused"}}],
        }
        for number, (title, wrong) in enumerate(mistakes.items())
    ]  # fmt: skip
    return {
        "local.yml": to_yaml({"all": {"hosts": {"localhost": {
            "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}}}}),
        "hosts.yml": to_yaml({"mail_accounts": {"hosts": hosts, "vars": common}}),
        "role.yml": to_yaml([{"hosts": "booth", "gather_facts": False, "vars_files": [f"{PLAY}/wrong.yml"], "tasks": tasks}]),
        "wrong.yml": to_yaml({f"wrong{number}": wrong for number, wrong in enumerate(mistakes.values())}),
    }  # fmt: skip


def exposed(secrets: Secrets) -> dict[str, str]:
    """Deployments that are refused because ansible-core would display or keep the module's arguments; the check that comes first finds it."""
    books = {}
    for name in ("debugged", "kept"):
        users = [entry_of("erin", f"{{{{ lookup('ansible.builtin.file', '{PLAY}/{name}-erin') }}}}", variables={})]
        given = {"users": users, "profiles": ["work"], "clients": CLIENTS, "dest": "/srv/exposed/{UserName}"}
        books[f"{name}.yml"] = to_yaml([play([
            {"name": f"fails: {name}", "mailops.profiles.mail_account": given, "ignore_errors": True},
            {"name": f"fails: {name}, checked", "mailops.profiles.mail_account": {**given, "validate_only": True}, "ignore_errors": True},
        ])])  # fmt: skip
        books[f"{name}-erin"] = secrets.make(f"{name}-erin")
    return books
