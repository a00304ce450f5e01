# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories with ``{LinkToken}``: their names, and the secret behind them, are nowhere but on the disk of the web server."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.links import LinkSecret

from .detector import Secrets
from .stories import CONTROLLER, PLAY, Tasks, Vaulted, play, to_yaml

SITE = "/srv/linked"
INSTANCE = "links"
USERS = ("alice", "bob")
# The files of the clients, root's list of places, and when they were last confirmed.
PLACES = (f"{SITE}/*/*", *(f"/var/lib/mailops.profiles/{INSTANCE}.{end}" for end in ("json", "confirmed")))
NEW_ADDRESS = "a.other@example.org"


def site(secrets: Secrets) -> dict[str, str]:
    """Made, made again for another address, and once more with another secret; with every mistake on the way."""
    first, second = (secrets.make(f"link-secret-{number}") for number in (1, 2))
    passwords = {name: secrets.make(f"{name}-linked", allowed=[f"{SITE}/*/*"]) for name in USERS}
    for number, secret in enumerate((first, second), start=1):
        for name in USERS:
            _learn(secrets, f"token-{name}-{number}", secret, name, f"{name}@example.org")
    _learn(secrets, "token-alice-moved", first, "alice", NEW_ADDRESS)
    known = {"first": Vaulted(first), "users": [_entry(name, passwords[name]) for name in USERS]}
    return {
        "links.yml": to_yaml([play(_tasks(), vars_files=[f"{PLAY}/links-known.yml"])]),
        "links-known.yml": to_yaml(known),
        "links-second": second,
    }


def kept() -> set[str]:
    """The secrets that are on the disk in the end."""
    return {f"{kind}{name}{end}" for name in USERS for kind, end in (("token-", "-2"), ("", "-linked"))}


def _learn(secrets: Secrets, title: str, secret: str, name: str, email: str) -> None:
    token = LinkSecret(secret).token(INSTANCE, User(name, email=email))
    assert token
    secrets.learn(title, token.encode(), PLACES)


def _entry(name: str, password: str) -> dict[str, Any]:
    return {"name": name, "email": f"{name}@example.org", "display_name": name.title(), "password": password}


def _tasks() -> list[dict[str, Any]]:
    tasks = Tasks()

    def deploy(title: str, fails: bool = False, keywords: dict[str, Any] | None = None, **arguments: Any) -> None:
        defaults = {
            "users": "{{ users }}", "profiles": ["work"], "clients": ["mobileconfig", "setup_page"], "dest": f"{SITE}/{{LinkToken}}", "instance": INSTANCE,
            "link_secret": "{{ first }}", "client_options": {
                "setup_page": {"base_url": "https://setup.example.org/{LinkToken}/", "title": "For {LinkToken}"}, "mobileconfig": {"include_passwords": True},
            },
        }  # fmt: skip
        given = {key: value for key, value in {**defaults, **arguments}.items() if value is not None}
        tasks.do(title, "mailops.profiles.mail_account", given, fails, register="deployed", **(keywords or {}))

    dry = {"check_mode": True}
    moved = f"{{{{ [users[0] | combine({{'email': '{NEW_ADDRESS}'}}), users[1]] }}}}"
    deploy("links, validated", validate_only=True)
    deploy("links, dry", keywords=dry)
    deploy("links", report_path=f"{CONTROLLER}/report-links.json")
    deploy("a trap", fails=True, owner="nobody")
    deploy("without a secret", fails=True, link_secret=None)
    deploy("the secret as a path", fails=True, link_secret=None, link_secret_file="{{ first }}")
    deploy("another address", users=moved)
    deploy("another address, purged", users=moved, purge_users=True, report_path=f"{CONTROLLER}/report-moved.json")
    deploy("one is absent", users="{{ [users[0], {'name': 'bob', 'state': 'absent'}] }}", link_secret=None, link_secret_file=f"{PLAY}/links-second")
    deploy("another secret", purge_users=True, link_secret=None, link_secret_file=f"{PLAY}/links-second")
    tasks.do("what was returned", "ansible.builtin.debug", {"var": "deployed"})
    tasks.do("a filter's mistake", "ansible.builtin.debug", {
        "msg": "{{ users | mailops.profiles.setup_links(first, link_secret=first) }}"}, fails=True)  # fmt: skip
    return tasks
