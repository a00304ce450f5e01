# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of clients: every module in this folder that defines ``CLIENT`` is one.

A client's format is a pure function: the same accounts give the same bytes, without I/O, clock or randomness.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pkgutil
import sys
from dataclasses import dataclass, field, replace
from typing import Callable, Iterable, Sequence

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError, comma_list, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import AUTHENTICATIONS, Profile, dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

OWNED = "owned"
BLOCK = "block"


@dataclass(frozen=True)
class File:
    """One file of a client, or our block in one.

    ``path`` is relative to the home. ``alternatives`` are other places where the program looks first: the first one that exists
    is taken instead of ``path``. ``text`` is the whole content (``owned``) or what stands between the markers (``block``; the
    markers are lines beginning with ``comment``, which is ``#`` or ``//``). ``unless``: a regular expression (bytes syntax of ``re``, multi-line); when the
    lines outside our block match it, ``text_if_matched`` is written instead of ``text``, because some programs refuse a
    setting that is given twice. ``shown`` is ``text`` without secrets; the registry fills it in. ``mode`` None: that of the run, which
    is 0600 in homes.
    """

    path: str
    text: str
    strategy: str = OWNED
    comment: str = "#"
    alternatives: tuple[str, ...] = ()
    unless: str | None = None
    text_if_matched: str | None = None
    secret: bool = False
    shown: str | None = None
    shown_if_matched: str | None = None
    mode: int | None = None

    def __post_init__(self) -> None:
        texts = (self.text, self.text_if_matched or "")
        if self.strategy == BLOCK and any(text and not text.endswith("\n") for text in texts):
            raise ValueError(f"{self.path}: a block consists of whole lines")


@dataclass(frozen=True)
class Elsewhere:
    """A sign on the host that a program there reads other places than those that are written.

    ``pattern``: an absolute path for ``glob``. ``matching``: a regular expression (bytes syntax, multi-line) that a file found
    there must match; None: it is enough that it exists. ``reason``: what the run reports then. ``blocks``: our ``host_files`` would
    do harm there, and are not written.
    """

    pattern: str
    reason: str
    matching: str | None = None
    blocks: bool = False


def _cannot_nothing(account: Account) -> str | None:
    return None


def _loses_nothing(profile: Profile) -> Iterable[str]:
    return ()


def loses_html_signature(profile: Profile) -> Iterable[str]:
    """What a program of text loses."""
    return ("signature", "signature_format") if profile.signature_format == "html" else ()


@dataclass(frozen=True)
class Client:
    """A program or format that consumes accounts.

    ``expresses``: dotted profile fields whose change changes the rendered bytes. ``authentications``: the values of
    ``authentication`` that the program can do; an account with another one is skipped. ``cannot(account)``: another reason to
    skip an account, or None. ``loses(profile)``: fields that it expresses, but not with this profile's values (a text-only
    program and a signature in HTML). ``paths``: patterns of every path that ``render`` may give (``*`` stands for part of one
    component); only these are ever removed from a home. ``host_files``: blocks in files of root's, their paths relative to ``/``,
    that are the same for everybody; a host has them as soon as a home has accounts for this client, and until nobody is served, or
    in no home is a file like one of ``leftovers``: (path with a ``/*/``, regular expression) of what the program still has to forget.
    ``notes``: for administrators, what the user sees: where the accounts stand, where the password comes from, what a second account
    does, what becomes of the user's own lines, how a wrong certificate ends.
    """

    name: str
    title: str
    account_types: tuple[str, ...]
    expresses: frozenset[str]
    paths: tuple[str, ...]
    render: Callable[[Sequence[Account], User], list[File]]
    authentications: tuple[str, ...] = ("password",)
    cannot: Callable[[Account], str | None] = field(default=_cannot_nothing)
    loses: Callable[[Profile], Iterable[str]] = field(default=_loses_nothing)
    host_files: tuple[File, ...] = ()
    leftovers: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        unknown = self.expresses - set(dotted_fields())
        if unknown or not set(self.authentications) <= set(AUTHENTICATIONS):
            raise ValueError(f"client {self.name}: unknown fields or authentications: {sorted(unknown)}")
        if any(file.strategy != BLOCK for file in self.host_files):
            raise ValueError(f"client {self.name}: files of the host are shared by instances, so they are blocks")

    def sides(self) -> tuple[str, ...]:
        """Which of the two servers the program talks to."""
        return tuple(side for side in ("incoming", "outgoing") if f"{side}.host" in self.expresses)

    def skip_reason(self, account: Account) -> str | None:
        """Why this account cannot be deployed to this client, or None."""
        if account.account_type not in self.account_types:
            return f"{self.title} does not do {account.account_type.upper()}"
        for side in self.sides():
            wanted = getattr(account, side).authentication
            if wanted not in self.authentications:
                return f"{self.title} cannot do {side}.authentication: {wanted}"
            command = f"{side}.password_command"
            if wanted == "oauth2" and command in self.expresses and not getattr(account, side).password_command:
                return f"{self.title}: an OAuth 2 token comes from a command, and {command} is missing"
        return self.cannot(account)

    def files(self, accounts: Sequence[Account], user: User) -> list[File]:
        """The files for the accounts that the client can take, each with its text for diffs."""
        taken = [account for account in accounts if self.skip_reason(account) is None]
        if not taken:
            return []
        files = self.render(taken, user)
        if not any(account.has_password for account in taken):
            return [replace(file, shown=file.text, shown_if_matched=file.text_if_matched) for file in files]
        # Rendered a second time from masked accounts, so that no diff depends on finding a password in a text.
        masked = self.render([account.redacted() for account in taken], user)
        return [
            replace(file, shown=safe.text, shown_if_matched=safe.text_if_matched, secret=file.text != safe.text)
            for file, safe in zip(files, masked)
        ]

    def losses(self, profile: Profile) -> list[str]:
        """The fields that the profile sets to something other than the default and that this client cannot express."""
        expressed = self.expresses.difference(self.loses(profile))
        return [
            name
            for name in set_fields(profile)
            if name not in expressed and (name.split(".")[0] in self.sides() or not name.startswith(("incoming.", "outgoing.")))
        ]


def default_account(accounts: Sequence[Account]) -> Account:
    """The account that a client uses when its user does not choose: not every user has one that is marked."""
    return next((account for account in accounts if account.default), accounts[0])


def set_fields(profile: Profile) -> list[str]:
    """Dotted names of the fields that differ from their defaults."""
    data = profile.as_data()
    plain = read_profile({"name": "x", "incoming": {"host": "x"}, "outgoing": {"host": "x"}}).as_data()
    return [name for name in dotted_fields() if _at(data, name) != _at(plain, name)]


def _at(data: dict, name: str) -> object:
    first, _dot, rest = name.partition(".")
    value = data[first]
    return value if not rest else (value or {}).get(rest)


@functools.lru_cache(maxsize=None)
def names() -> tuple[str, ...]:
    """The names of all clients, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


@functools.lru_cache(maxsize=None)
def get(name: str) -> Client:
    full_name = f"{__name__}.{name}"
    if full_name not in sys.modules:
        # As Ansible loads a plugin: its importer of collections would compile the file at each start, which takes 2 ms.
        path = next(filter(os.path.exists, (os.path.join(folder, f"{name}.py") for folder in __path__)))
        spec = importlib.util.spec_from_file_location(full_name, path)
        module = sys.modules[full_name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full_name].CLIENT


def all_clients() -> list[Client]:
    return [get(name) for name in names()]


def select(wanted: Iterable[str]) -> list[Client]:
    """The clients of these names; MailopsError lists the unknown ones, the nearest and all known names."""
    wanted = list(dict.fromkeys(wanted))
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise MailopsError(
            *(f"clients: there is no client '{str(name)[:60]}'{nearest(name, names())}; known are {comma_list(names())}" for name in unknown)
        )
    return [get(name) for name in wanted]
