# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host is asked to have: users, accounts, rendered files, and the payloads that say it to the target. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.templates import CLIENT as TEMPLATES
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.templates import PATTERN, Template
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values, variables
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

# How long one user may keep a host's run from moving (a file system that hangs, a lease), in seconds.
DEADLINE = 20
# As many users go to the target at once: enough that a module's start does not count, few enough for the memory of both sides, for
# the megabyte that Python reads quickly as a module's source, and for somebody who waits for a sign of life.
BATCH = 2500


@dataclass(frozen=True)
class Deployment:
    """The accounts of every user by name, the clients they are for, and what cannot be expressed."""

    users: Sequence[User]
    accounts: Mapping[str, Sequence[Account]]
    clients: Sequence[_clients.Client]
    skipped: Sequence[Mapping[str, str]]
    dropped: Mapping[str, Sequence[str]]
    warnings: Sequence[str] = ()
    templates: Sequence[Template] = ()

    @property
    def has_secrets(self) -> bool:
        hidden = any(template.hidden for template in self.templates)
        return hidden or any(account.has_password for accounts in self.accounts.values() for account in accounts)

    def host_part(self, destinations: Mapping[str, str | None]) -> dict[str, Any]:
        """What the clients of those who get accounts in homes need on the host, once for all of them."""
        accounts = [account for name, listed in self.accounts.items() if destinations[name] is None for account in listed]
        shared = [client for client in self.clients if client.host_files or client.elsewhere]
        used = [client for client in shared if any(client.skip_reason(account) is None for account in accounts)]
        return {
            "patterns": {client.name: [file.path for file in client.host_files] for client in _clients.all_clients()},
            "files": [{"client": client.name, **vars(file), "shown": file.text} for client in used for file in client.host_files],
            "elsewhere": [{"client": client.name, **vars(each)} for client in used for each in client.elsewhere],
            "remove": all(user.state == "absent" for user in self.users),
            "leftovers": [each for client in _clients.all_clients() for each in client.leftovers],
        }

    def files(self, user: User) -> list[dict[str, Any]]:
        """What each client reads, as the target gets it. Rendered when it is needed: the files of 10,000 users fill the memory."""
        accounts = self.accounts[user.name]
        files = [(client.name, file) for client in self.clients for file in client.files(accounts, user)]
        files += [(TEMPLATES, template.file(accounts, user)) for template in self.templates if accounts]
        return [{"client": name, **vars(file)} for name, file in files]


def plan_deployment(
    users: Sequence[User],
    accounts: Mapping[str, Sequence[Account]],
    profiles: Mapping[str, Profile],
    clients: Sequence[_clients.Client],
    templates: Sequence[Template] = (),
) -> Deployment:
    """What is asked for and what of it the clients cannot do. MailopsError when a template cannot be rendered for somebody."""
    problems: list[str] = []
    skipped = []
    for user in users:
        for client in clients:
            for account in accounts[user.name]:
                reason = client.skip_reason(account)
                if reason:
                    skipped.append({"user": user.name, "client": client.name, "profile": account.profile, "reason": reason})
        for template in templates if accounts[user.name] else ():
            try:
                template.check(accounts[user.name], user)
            except MailopsError as exc:
                problems.extend(exc.problems)
    if problems:
        raise MailopsError(*problems)
    warnings = [warning for profile in profiles.values() for warning in profile.warnings]
    return Deployment(users, accounts, clients, skipped, _dropped(accounts, profiles, clients), warnings, templates)


def _dropped(
    accounts: Mapping[str, Sequence[Account]], profiles: Mapping[str, Profile], clients: Sequence[_clients.Client]
) -> dict[str, list[str]]:
    """Client -> fields that it cannot express, of the profiles that somebody has an account of."""
    # One account a profile will do: which clients can take it is decided by the profile.
    used = {account.profile: account for listed in accounts.values() for account in listed}
    lost: dict[str, list[str]] = {}
    for client in clients:
        names = {
            name
            for profile, account in used.items()
            if client.skip_reason(account) is None
            for name in client.losses(profiles[profile])
        }
        if names:
            lost[client.name] = sorted(names)
    return lost


class Batch(NamedTuple):
    """Users for one payload, and those of the payloads before it."""

    earlier: Sequence[User]
    users: Sequence[User]


def batches(deployment: Deployment) -> list[Batch]:
    """The users in portions for the target; one, maybe empty, at least."""
    users = deployment.users
    return [Batch(users[:start], users[start : start + BATCH]) for start in range(0, len(users) or 1, BATCH)]


def payload(
    deployment: Deployment,
    destinations: Mapping[str, str | None],
    settings: Mapping[str, Any],
    batch: Batch | None = None,
    purge: bool = False,
) -> dict[str, Any]:
    """What the target gets for a batch, or for all."""
    batch = batch or Batch((), deployment.users)
    return {
        **settings,
        "deadline": DEADLINE,
        "patterns": {TEMPLATES: [PATTERN], **{client.name: client.paths for client in _clients.all_clients()}},
        # Two who share a home are found across batches, too; and who is in none of them is purged with the first.
        "earlier": [user.name for user in batch.earlier],
        "listed": [user.name for user in deployment.users] if purge and not batch.earlier else None,
        # With the last batch, when nobody else can need what is there.
        "host": deployment.host_part(destinations) if len(batch.earlier) + len(batch.users) == len(deployment.users) else None,
        "users": [
            {
                "name": user.name,
                "dest": destinations[user.name],
                "accounts": len(deployment.accounts[user.name]),
                "files": deployment.files(user),
            }
            for user in batch.users
        ],
    }


def destinations(pattern: str | None, users: Sequence[User], host: str | None) -> dict[str, str | None]:
    """The directory of each user for a ``dest`` pattern; None stands for the home."""
    if pattern is None:
        return {user.name: None for user in users}
    template = _dest_template(pattern)
    problems: list[str] = []
    found: dict[str, str | None] = {}
    taken: dict[str, str] = {}
    for user in users:
        try:
            path = _dest_of(template, user, host)
        except Invalid as exc:
            problems.append(f"dest, user '{user.name}': {exc}")
            continue
        if path in taken:
            problems.append(f"dest: the users '{taken[path]}' and '{user.name}' would share the directory {path}: use {{UserName}} in it")
        taken[path] = user.name
        found[user.name] = path
    if problems:
        raise MailopsError(*problems)
    return found


def _dest_template(pattern: Any) -> variables.Template:
    try:
        path = values.absolute_path(pattern)
    except Invalid as exc:
        raise MailopsError(f"dest: {exc}") from None
    template = variables.parse(path)
    for name in template.names:
        if name not in variables.BUILT_IN or name == variables.PASSWORD:
            usable = [known for known in variables.BUILT_IN if known != variables.PASSWORD]
            raise MailopsError(f"dest: {{{name}}} cannot be used in a path{nearest(name, usable)}")
    return template


def _dest_of(template: variables.Template, user: User, host: str | None) -> str:
    known = {}
    filled = user.variable_values(host)
    for name in template.names:
        if name not in filled:
            raise Invalid(f"{{{name}}} has no value: give the user {variables.SOURCES.get(name, name)}")
        try:
            known[name] = values.path_component(filled[name])
        except Invalid as exc:
            raise Invalid(f"{{{name}}} {exc}") from exc
    parts = [part for part in template.fill(known).split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise Invalid("would leave its directory")
    return "/" + "/".join(parts)
