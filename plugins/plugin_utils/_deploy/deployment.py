# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host is to have: accounts, what the clients cannot express of them, rendered files, and the jobs for the host."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from typing import Iterator, Mapping, Sequence

from ...module_utils._wire import AccountLabel, File, HostFiles, Job, Place, Probe
from .. import _clients
from .._clients._client import Client, Context
from .._model.account import Account, resolve_valid_users
from .._model.errors import MailopsError, comma_list
from .._model.profile import Profile
from .._model.user import InvalidUser, User
from .option_texts import check_texts, filled
from .profiles import opened, stored_profiles
from .request import Request
from .templates import PRODUCER, check_templates

# Seconds that one user may keep a host's run from going on: a file system that hangs, a lease.
DEADLINE = 20
# Users in one job: enough that the start of a module does not count, few enough for the memory of both sides, for the megabyte that
# Python reads quickly as a module's source, and for an administrator who waits for a sign of life.
BATCH = 2500
# Bytes of their files after which a job ends, whatever the number of users: images and pages fill the memory sooner.
MAX_CONTENT = 8 << 20
_WITHOUT_CA_FILE = "{} cannot use ca_file, and connects only if the system trusts that authority: install it there"


@dataclass(frozen=True)
class Deployment:
    """``accounts``, ``bases`` (None: the home) and ``displays`` (what is displayed instead of a base) by user.
    ``skipped``: accounts that a client cannot do. ``losses``: client -> profile
    -> fields that it cannot express. ``request.invalid``: users who are left out because of mistakes."""

    request: Request
    host: str | None
    accounts: Mapping[str, Sequence[Account]]
    bases: Mapping[str, str | None]
    displays: Mapping[str, str]
    skipped: Sequence[Mapping[str, str]]
    losses: Mapping[str, Mapping[str, Sequence[str]]]
    warnings: Sequence[str]

    @property
    def has_secrets(self) -> bool:
        hidden = any(template.hidden for template in self.request.templates)
        return hidden or self.request.destination.has_link or any(account.has_password for accounts in self.accounts.values() for account in accounts)

    @property
    def dropped(self) -> dict[str, list[str]]:
        """Client -> fields that it cannot express."""
        return {client: sorted({name for names in profiles.values() for name in names}) for client, profiles in self.losses.items()}

    def files(self, user: User) -> tuple[File, ...]:
        """What the user's programs read. Rendered when it is needed: the files of 10,000 users fill the memory."""
        accounts = self.accounts[user.name]
        if not accounts:  # who leaves may have no values any more for the texts of clients
            return ()
        files: list[File] = []
        options = self.request.client_options
        for client in self.request.clients:
            own = filled(client, options[client.name], user, self.host)
            files += client.files(accounts, Context(user, own, self.request.instance, options))
        files += [template.file(accounts, user) for template in self.request.templates]
        return tuple(files)

    def clients_of(self, user: User) -> dict[str, bool]:
        """Who produces files for this user: client -> whether it can do any of the accounts."""
        accounts = self.accounts[user.name]
        if not accounts:
            return {}
        found = {client.name: bool(client.supported(accounts, self.request.client_options[client.name])) for client in self.request.clients}
        return {**found, PRODUCER: True} if self.request.templates else found

    def jobs(self) -> Iterator[Job]:
        """One job for each batch of users; one at least, because a run without users reports who is served."""
        users, destination = self.request.users, self.request.destination
        names = {user.name for user in users}
        for start, end, places in self._batches():
            batch = users[start:end]
            yield Job(
                instance=self.request.instance,
                places=places,
                patterns=all_patterns(),
                owner=destination.owner,
                group=destination.group,
                mode=destination.mode,
                directory_mode=destination.directory_mode,
                deadline=DEADLINE,
                inventory_host=self.host or "",
                dest_pattern=destination.pattern,
                # Two users who share a home are found across batches, too.
                earlier=tuple(user.name for user in users[:start] if user.state == "present"),
                # Users who are not listed are purged with the first batch.
                later=() if start else tuple((user.name, self.bases[user.name]) for user in users[end:] if user.state == "present"),
                # With the user's own batch, which may serve the place again.
                forget=tuple(name for name in self.request.forget if name in {user.name for user in batch} or (name not in names and not start)),
                purge=self.purges and bool(users or self.request.is_withdrawn) and not start,
                is_first=not start,
                is_last=end >= len(users),
                kept=tuple(user.name for user in self.request.invalid if user.name),
                # With the last batch, when no other user can need what is there.
                host=self._host_files() if end >= len(users) and users else None,
            )

    def _batches(self) -> Iterator[tuple[int, int, tuple[Place, ...]]]:
        """Of each job the first user, the one behind the last, and the places."""
        start, size, places = 0, 0, []
        for end, user in enumerate(self.request.users, start=1):
            places.append(self._place(user))
            size += sum(len(file.content or b"") + len(file.redacted) for file in places[-1].files)
            if len(places) == BATCH or size >= MAX_CONTENT:
                yield start, end, tuple(places)
                start, size, places = end, 0, []
        if places or not start:
            yield start, len(self.request.users), tuple(places)

    @property
    def purges(self) -> bool:
        """Whether users who are not listed lose their accounts: not while nobody knows who an entry of the list is."""
        return self.request.purge_users and all(user.name for user in self.request.invalid)

    def _place(self, user: User) -> Place:
        display = self.displays.get(user.name)
        return Place(user.name, self.bases[user.name], self.files(user), display, user.state == "absent", self._labels(user))

    def _labels(self, user: User) -> tuple[AccountLabel, ...]:
        """The user's accounts, with all that has files for them."""
        templates = [PRODUCER] if self.request.templates else []
        options = self.request.client_options
        return tuple(
            AccountLabel(
                account.profile,
                account.key,
                tuple([client.name for client in self.request.clients if client.skip_reason(account, options[client.name]) is None] + templates),
            )
            for account in self.accounts[user.name]
        )

    def _host_files(self) -> HostFiles | None:
        """What the clients of users with accounts in homes need on the host, once for all of them; None: nothing."""
        accounts = [account for name, listed in self.accounts.items() if self.bases[name] is None for account in listed]
        shared = [client for client in self.request.clients if client.host_files or client.host_probes]
        used = [client for client in shared if client.supported(accounts, self.request.client_options[client.name])]
        if not used and self.request.present:
            return None
        return HostFiles(
            files=tuple(file._replace(producer=client.name) for client in used for file in client.host_files),
            patterns=host_patterns(),
            probes=tuple(
                Probe(client.name, probe.pattern, probe_note(client, number), probe.matching, probe.blocks)
                for client in used
                for number, probe in enumerate(client.host_probes)
            ),
            residue=tuple(each for client in _clients.all_clients() for each in client.residue),
            remove=not self.request.present and not self.request.invalid,
        )


def all_patterns() -> dict[str, Mapping[str, str] | None]:
    """Every path that a client may produce in a place, and templates, which may produce any."""
    return {PRODUCER: None, **{client.name: client.paths for client in _clients.all_clients()}}


def host_patterns() -> dict[str, Mapping[str, str]]:
    """The same for the files that all users of a host share."""
    return {client.name: {file.path: file.strategy for file in client.host_files} for client in _clients.all_clients()}


def probe_note(client: Client, number: int) -> str:
    """The identifier of one of a client's probes, for the way to the host and back."""
    return f"{client.name}/{number}"


def plan_deployment(request: Request, host: str | None) -> Deployment:
    """Fills in the profiles for every user. MailopsError lists every problem with profiles, users and templates."""
    known = [problem for user in request.invalid for problem in user.problems]
    invalid: dict[str, list[str]] = {}
    try:
        profiles = _profiles(request)
        accounts = resolve_valid_users(request.users, profiles, request.profiles, host, request.instance, invalid)
        bases = request.destination.bases(request.users, host, invalid)
        check_texts(request.clients, request.client_options, request.users, host, invalid)
    except MailopsError as exc:
        raise MailopsError(*known, *exc.problems) from None
    # A wrong name in the task's own list is no single user's mistake.
    request = _without_invalid(request, invalid, can_skip=set(request.profiles or ()) <= set(profiles))
    accounts = {user.name: accounts[user.name] for user in request.users if user.name in accounts}
    check_templates(request.templates, accounts, request.present)
    warnings = [*request.warnings]
    warnings += [warning for profile in profiles.values() for warning in profile.warnings]
    warnings += _cautions(accounts, request)
    warnings += _readable_passwords(accounts, request)
    skipped = _skipped(request, accounts)
    displays = request.destination.displays(request.users, host, bases)
    return Deployment(request, host, accounts, bases, displays, skipped, _losses(accounts, profiles, request), warnings)


def _readable_passwords(accounts: Mapping[str, Sequence[Account]], request: Request) -> Iterator[str]:
    mode = request.destination.mode
    if not mode & stat.S_IROTH:
        return
    secret = [account for listed in accounts.values() for account in listed if account.has_password]
    writing = []
    for client in request.clients:
        options = request.client_options[client.name]
        # The clients that ask whether they may write passwords have this option.
        if options.get("include_passwords", True) and client.supported(secret, options):
            writing.append(client.name)
    if writing:
        what = f"everybody who has an account on the host may read the passwords in the files of {comma_list(writing)}"
        yield f"mode: {what}, because it is {mode:04o}: set 0640 or 0600"


def _without_invalid(request: Request, invalid: Mapping[str, Sequence[str]], can_skip: bool) -> Request:
    """The request without users who have mistakes, or MailopsError with all mistakes."""
    found = (*request.invalid, *(InvalidUser(name, tuple(problems)) for name, problems in invalid.items()))
    if found and (request.invalid_users == "fail" or not can_skip):
        raise MailopsError(*(problem for user in found for problem in user.problems))
    return replace(request, users=tuple(user for user in request.users if user.name not in invalid), invalid=found)


def _profiles(request: Request) -> dict[str, Profile]:
    """The profiles by name. The passwords of those that a present user gets are in clear."""
    wanted = {name for user in request.present for name in user.profiles or ()}
    if any(user.profiles is None for user in request.present):
        wanted.update(request.profiles if request.profiles is not None else request.definitions or ())
    if request.definitions is not None:
        return opened(request.definitions, wanted & set(request.definitions), request.key)
    known = stored_profiles(request.store, wanted) if wanted and request.store is not None else {}
    return opened(known, known, request.key)


def _skipped(request: Request, accounts: Mapping[str, Sequence[Account]]) -> list[dict[str, str]]:
    return [
        {"user": user.name, "client": client.name, "profile": account.profile, "reason": reason}
        for user in request.users
        for client in request.clients
        for account in accounts[user.name]
        if (reason := client.skip_reason(account, request.client_options[client.name]))
    ]


def _losses(
    accounts: Mapping[str, Sequence[Account]], profiles: Mapping[str, Profile], request: Request
) -> dict[str, dict[str, list[str]]]:
    """Client -> profile -> fields that it cannot express, of the profiles that have an account."""
    # One account of each profile is enough: which clients can take it is decided by the profile.
    used = {account.profile: account for listed in accounts.values() for account in listed}
    lost: dict[str, dict[str, list[str]]] = {}
    for client in request.clients:
        options = request.client_options[client.name]
        for account in client.supported(used.values(), options):
            names = client.losses(profiles[account.profile])
            if names:
                lost.setdefault(client.name, {})[account.profile] = sorted(names)
        for account in (account for listed in accounts.values() for account in listed):
            names = [*client.unsupported_values(account)]
            if names and client.skip_reason(account, options) is None:
                known = lost.setdefault(client.name, {})
                known[account.profile] = sorted({*known.get(account.profile, ()), *names})
    return lost


def _cautions(accounts: Mapping[str, Sequence[Account]], request: Request) -> Iterator[str]:
    """Once for each profile and client."""
    used = {account.profile: account for listed in accounts.values() for account in listed}
    for client in request.clients:
        for account in client.supported(used.values(), request.client_options[client.name]):
            for caution in client.cautions(account):
                yield f"{client.name}, profile '{account.profile}': {caution}"
            if account.ca_file and "ca_file" not in client.expresses:
                yield f"{client.name}, profile '{account.profile}': {client.without_ca_file or _WITHOUT_CA_FILE.format(client.title)}"
