# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client declares, and the files that it gives a user."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ...module_utils._wire import BLOCK, File
from .._model.account import Account
from .._model.profile import AUTHENTICATIONS, DEFAULTS, SERVER_DEFAULTS, Profile, dotted_fields
from .._model.user import User
from ._accounts import servers

OPTION_TYPES = ("bool", "str", "int", "list", "dict", "path")
MAX_OPTION_FILE = 64 << 10  # bytes
_DEFAULTS = {**DEFAULTS, **SERVER_DEFAULTS}


@dataclass(frozen=True)
class Option:
    """An option of a client, which a task gives in ``client_options``. ``choices`` are for type ``str``.

    Type ``path``: a file on the controller, which is read with the request; the value is an :class:`OptionFile`. ``private``: others must
    not be able to read the file. ``max_bytes``: no larger one is read. ``secret``: a text that is in no output; the value is a :class:`Secret`.
    ``variables``: a text with built-in variables, which the client gets filled in for each user.
    """

    name: str
    type: str
    default: Any
    description: str
    choices: tuple[str, ...] = ()
    private: bool = False
    max_bytes: int = MAX_OPTION_FILE
    secret: bool = False
    variables: bool = False

    def __post_init__(self) -> None:
        if self.type not in OPTION_TYPES or (self.choices and self.type != "str") or (self.private and self.type != "path"):
            raise ValueError(f"option {self.name}: the type is unknown, has no choices, or is not a file")
        if (self.secret or self.variables) and (self.type != "str" or self.choices):
            raise ValueError(f"option {self.name}: only a text can be a secret, or have variables")


@dataclass(frozen=True)
class OptionFile:
    """The value of an option of type ``path``: the path on the controller, and what is in the file."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Secret:
    """The value of an option that is a secret."""

    text: str = field(repr=False)


class OptionCheck(NamedTuple):
    """What is wrong with a client's options: sentences that begin with the name of an option. ``warnings``: what is worth knowing."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Context(NamedTuple):
    """For whom a client renders, and how: the value of every option that the client declares, and the instance of the task. ``clients``: every
    client of the task with its options, for a client that refers to the files of others."""

    user: User
    options: Mapping[str, Any]
    instance: str = "default"
    clients: Mapping[str, Mapping[str, Any]] = {}


class VariantNote(NamedTuple):
    """What the task reports when the user's own text decided: for administrators, with what can be done. ``skips``: the accounts are
    not deployed, or those that ``concerns`` is true of."""

    reason: str
    skips: bool = False
    concerns: Callable[[Account], bool] = lambda account: True


class HostProbe(NamedTuple):
    """A sign on the host that the program does not read the files that are written.

    ``pattern``: an absolute path for ``glob``. ``reason``: what the task reports. ``matching``: a regular expression (bytes syntax,
    multi-line) that a file found there must match; None: its existence is enough. ``blocks``: the ``host_files`` would do harm, and
    are not written.
    """

    pattern: str
    reason: str
    matching: str | None = None
    blocks: bool = False


@dataclass(frozen=True)
class Client:
    """A program or format that consumes accounts.

    ``render(accounts, context)``: the files for the accounts of one user, the default account first.
    ``expresses``: the dotted profile fields whose change changes the files.
    ``paths``: patterns of every path that ``render`` may give (``*`` is part of one component) -> the strategy of the file there. Nothing else is
    ever removed from a home.
    ``authentications``: the values of ``authentication`` that the program supports; an account with another one is skipped.
    ``none`` is for sending: no program reads a mailbox without a log-in.
    ``unsupported_reason(account)``: another reason to skip an account, or None.
    ``option_reason(account, options)``: the same where it depends on the client's options, too.
    ``unsupported_fields(profile)``: fields that the client expresses, but not with the values of this profile (HTML in a text-only
    program).
    ``unsupported_values(account)``: the same for the values of one user's account (a name that is sent in another form).
    ``cautions(account)``: what an administrator has to know about this account beforehand, for a warning.
    ``without_ca_file``: what an administrator has to do about a profile's ``ca_file`` if the client does not express it, where it is not to install the
    authority on the host.
    ``options``: what a task can set in ``client_options``.
    ``check_options(options, now)``: what is wrong with their values together, and with what is in files, at that time (with a time zone).
    ``redacts``: ``render`` gives each file's ``redacted`` text and ``secret`` itself, and is called once: for what is signed, or costs
    more than a few lines of text. The redacted text is what diffs and manifests have, so it is small.
    ``tag_change``: what a change of a file's public ``tag`` means for its user: the second half of a warning.
    ``host_files``: blocks in files of root's, with paths relative to ``/``, the same for all users. A host has them while a user
    has accounts for this client, and while a file in a home matches one of ``residue``: (path with a ``/*/``, regular expression)
    of what the program keeps of accounts that are gone.
    ``variant_notes``: identifier -> what the ``note`` of a variant or a remark means.
    ``notes``: what administrators need to know: where the accounts are, where the password comes from, what a second account does,
    what happens to the user's own lines and with a wrong certificate.
    """

    name: str
    title: str
    account_types: tuple[str, ...]
    expresses: tuple[str, ...]
    paths: Mapping[str, str]
    render: Callable[[Sequence[Account], Context], list[File]]
    authentications: tuple[str, ...] = ("password",)
    unsupported_reason: Callable[[Account], str | None] = lambda account: None
    option_reason: Callable[[Account, Mapping[str, Any]], str | None] = lambda account, options: None
    unsupported_fields: Callable[[Profile], Iterable[str]] = lambda profile: ()
    unsupported_values: Callable[[Account], Iterable[str]] = lambda account: ()
    cautions: Callable[[Account], Iterable[str]] = lambda account: ()
    without_ca_file: str = ""
    options: tuple[Option, ...] = ()
    check_options: Callable[[Mapping[str, Any], datetime.datetime], OptionCheck] = lambda options, now: OptionCheck()
    redacts: bool = False
    tag_change: str = ""
    host_files: tuple[File, ...] = ()
    host_probes: tuple[HostProbe, ...] = ()
    residue: tuple[tuple[str, str], ...] = ()
    variant_notes: Mapping[str, VariantNote] = field(default_factory=dict)
    notes: str = ""

    def __post_init__(self) -> None:
        unknown = set(self.expresses) - set(dotted_fields())
        if unknown or not set(self.authentications) <= set(AUTHENTICATIONS):
            raise ValueError(f"client {self.name}: unknown fields or authentications: {sorted(unknown)}")
        if any(file.strategy != BLOCK for file in self.host_files):
            raise ValueError(f"client {self.name}: instances share the files of the host, which must be blocks")

        if any(option.variables for option in self.options) and not self.redacts:
            raise ValueError(f"client {self.name}: a text with variables may hold {{LinkToken}}, which the client has to leave out of redacted texts")

    def sides(self) -> tuple[str, ...]:
        """Which of the two servers the program connects to."""
        return tuple(side for side in ("incoming", "outgoing") if f"{side}.host" in self.expresses)

    def default_options(self) -> dict[str, Any]:
        return {option.name: option.default for option in self.options}

    def skip_reason(self, account: Account, options: Mapping[str, Any] | None = None) -> str | None:
        """Why this account cannot be deployed to this client with these options (None: the defaults), or None."""
        if account.account_type not in self.account_types:
            return f"{self.title} does not support {account.account_type.upper()}"
        for side, server in servers(account):
            if side not in self.sides():
                continue
            if server.authentication not in self.authentications or (side, server.authentication) == ("incoming", "none"):
                return f"{self.title} does not support {side}.authentication: {server.authentication}"
            command = f"{side}.password_command"
            if server.authentication == "oauth2" and command in self.expresses and not server.password_command:
                return f"{self.title} gets OAuth 2 tokens from a command: give {command}"
        return self.unsupported_reason(account) or self.option_reason(account, self.default_options() if options is None else options)

    def supported(self, accounts: Iterable[Account], options: Mapping[str, Any] | None = None) -> list[Account]:
        return [account for account in accounts if self.skip_reason(account, options) is None]

    def files(self, accounts: Sequence[Account], context: Context) -> list[File]:
        """The files for the accounts that the client supports."""
        context = context._replace(options={**self.default_options(), **context.options})
        supported = self.supported(accounts, context.options)
        if not supported:
            return []
        files = self.render(supported, context)
        if self.redacts:
            return [file._replace(producer=self.name) for file in files]
        redacted = files
        if any(account.has_password for account in supported):
            # Rendered again with masks for the passwords, so that no diff depends on finding a password in a text.
            redacted = self.render([account.redacted() for account in supported], context)
        return [self._finished(file, other) for file, other in zip(files, redacted, strict=True)]

    def note_identifier(self, note: str) -> str:
        """That of one of the ``variant_notes``, for the way to the host and back."""
        if note not in self.variant_notes:
            raise ValueError(f"client {self.name}: the note {note} has no words")
        return f"{self.name}/{note}"

    def _finished(self, file: File, redacted: File) -> File:
        """The file with the texts for diffs of its redacted twin."""
        pairs = list(zip(file.variants, redacted.variants, strict=True))
        return file._replace(
            producer=self.name,
            redacted=redacted.redacted,
            variants=tuple(
                one._replace(redacted=other.redacted, note=self.note_identifier(one.note) if one.note else "") for one, other in pairs
            ),
            remarks=tuple(remark._replace(note=self.note_identifier(remark.note)) for remark in file.remarks),
            secret=file.content != redacted.content or any(one.content != other.content for one, other in pairs),
        )

    def losses(self, profile: Profile) -> list[str]:
        """The fields that the profile sets to something other than the default and that this client cannot express."""
        expressed = set(self.expresses).difference(self.unsupported_fields(profile))
        return [
            name
            for name in set_fields(profile)
            if name not in expressed and (name.split(".")[0] in self.sides() or not name.startswith(("incoming.", "outgoing.")))
        ]


def set_fields(profile: Profile) -> list[str]:
    """Dotted names of the fields that differ from their defaults."""
    data = profile.as_data()
    return [name for name in dotted_fields() if _at(data, name) != _at(_DEFAULTS, name)]


def _at(data: Mapping[str, Any], name: str) -> Any:
    first, _dot, rest = name.partition(".")
    return (data[first] or {}).get(rest) if rest else data[first]
