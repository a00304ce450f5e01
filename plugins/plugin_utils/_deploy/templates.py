# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator's own templates: one Jinja file each, compiled once and rendered for every user, beside the clients' files.

A template is the administrator's file and may do what Jinja's sandbox allows. The values in it are data, and are never parsed as a template.
"""

from __future__ import annotations

import fnmatch
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Callable, Mapping, NamedTuple, Sequence

import jinja2

from ansible.utils.display import Display

from ...module_utils._wire import File
from .. import _clients
from .._clients._file import owned
from .._model import given, values
from .._model.account import Account
from .._model.errors import Invalid, MailopsError, Problems, named, nearest, some
from .._model.passwords import MASK
from .._model.user import User
from .jinja import environment

# The producer of these files, in reports and manifests.
PRODUCER = "templates"
_KEYS = ("src", "dest", "mode")
_MODE = re.compile(r"0[4-7][045][045]\Z")
_OURS = (".config/mailops", ".local/state/mailops")
_MAX_COMPONENT = 255  # bytes
_MAX_BYTES = 1 << 20  # the writer reads no larger file


class Mistake(MailopsError):
    """Of a template, for one user. ``kind`` is equal where another user meets the same mistake, whose text may quote that user's data."""

    def __init__(self, place: str, reason: str, kind: str | None = None) -> None:
        super().__init__(f"templates: {place}: {reason}")
        self.kind = (place, kind or reason)


class Template(NamedTuple):
    """``dest``: a path relative to the home. ``mode`` None: that of all other files. ``hidden``: the template itself is a secret."""

    src: str
    dest: str
    mode: int | None
    compiled: jinja2.Template
    hidden: bool

    def check(self, accounts: Sequence[Account], user: User) -> None:
        """Mistake when the template cannot be rendered, or gives something else each time."""
        if self.file(accounts, user) != self.file(accounts, user):
            raise Mistake(self.src, "gives another result each time, so that every run would change the file")

    def file(self, accounts: Sequence[Account], user: User) -> File:
        """The file for a user who has accounts; Mistake when the template cannot be rendered."""
        with _silence():
            # From masked accounts first: an error in that pass can be quoted, because it holds no password.
            masked = self._render([account.redacted() for account in accounts], _masked(user), quote_errors=not self.hidden)
            text = self._render(accounts, user, quote_errors=False)
        redacted = f"{MASK}\n" if self.hidden else masked
        secret = text != redacted
        if secret and (self.mode or 0) & 0o077:
            reason = "holds a password or one of user.variables, which may be one, so its mode can be 0600 or 0700, and not"
            raise Mistake(self.src, f"{reason} {self.mode:04o}")
        return owned(self.dest, text, mode=self.mode)._replace(secret=secret, redacted=redacted, producer=PRODUCER)

    def _render(self, accounts: Sequence[Account], user: User, quote_errors: bool) -> str:
        listed = [account.as_data() for account in accounts]
        try:
            text = self.compiled.render(account=listed[0], accounts=listed, user=_data(user))
            size = len(text.encode())
        except Exception as exc:  # of Jinja, of a filter, or half a character
            reason = f"{type(exc).__name__}: {exc}" if quote_errors else type(exc).__name__
            lines = [frame.lineno for frame in traceback.extract_tb(exc.__traceback__) if frame.filename == "<template>"]
            line = f"line {lines[-1] if lines else '?'}"
            raise Mistake(f"{self.src}, {line}", reason, type(exc).__name__) from None
        if size > _MAX_BYTES:
            raise Mistake(self.src, "gives more than 1 MiB, which is more than a file of an account can have")
        return text


@contextmanager
def _silence() -> Iterator[None]:
    """Some of Ansible's filters display a value in a warning, whether the task has no_log or not."""
    display = Display()
    names = [name for name in ("warning", "deprecated", "error_as_warning") if hasattr(display, name)]
    for name in names:
        setattr(display, name, lambda *args, **kwargs: None)
    try:
        yield
    finally:
        for name in names:
            delattr(display, name)


def _masked(user: User) -> User:
    """A user's own variable may be a password, also one that no profile knows."""
    # Never equal to the value, so that a file with it always differs from its masked twin.
    return replace(user, variables={name: MASK if value != MASK else f"{MASK}*" for name, value in user.variables.items()})


def _data(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("name", "email", "display_name", "first_name", "last_name", "variables")}


# Gives the text of a ``src`` and whether it was vaulted; raises OSError or UnicodeDecodeError.
Load = Callable[[str], "tuple[str, bool]"]


def check_templates(templates: Sequence[Template], accounts: Mapping[str, Sequence[Account]], users: Sequence[User]) -> None:
    """MailopsError lists every mistake once, with the users who would meet it."""
    found: dict[tuple[str, str], tuple[Mistake, list[str]]] = {}
    for user in users:
        for template in templates:
            try:
                template.check(accounts[user.name], user)
            except Mistake as exc:
                found.setdefault(exc.kind, (exc, []))[1].append(user.name)
    Problems(f"{mistake} ({'user' if len(names) == 1 else 'users'} {some(names)})" for mistake, names in found.values()).raise_all()


def read_templates(value: Any, load: Load, managed: str) -> list[Template]:
    """The templates that the option lists, compiled. ``managed``: the text of ``ansible_managed``. MailopsError lists every problem."""
    entries = given.mapping_list(value)
    problems = Problems()
    found: dict[str, Template] = {}
    for number, entry in enumerate(entries, start=1):
        with problems.at(f"templates, entry {number}"):
            template = _read(entry, load, managed)
            other = next((each for each in found.values() if _overlap(template.dest, each.dest)), None)
            if other:
                raise Invalid(f"dest: {template.dest} is, or is above or below, {other.dest}, which {other.src} writes")
            found[template.dest] = template
    problems.raise_all()
    return list(found.values())


def _read(entry: Any, load: Load, managed: str) -> Template:
    if not isinstance(entry, dict):
        raise Invalid("must be a dictionary such as {src: muttrc.j2, dest: .config/mutt/extra}")
    for key in entry:
        if key not in _KEYS:
            raise Invalid(f"{str(key)[:60]}: there is no such key{nearest(key, _KEYS)}")
    known = given.given(entry)
    for key in ("src", "dest"):
        if key not in known:
            raise Invalid(f"{key}: is required")
        with named(key):
            known[key] = values.word(known[key])
    compiled, hidden = _compiled(known["src"], load, managed)
    dest = _dest(known["dest"])
    with named("mode"):
        mode = values.file_mode(known["mode"], _MODE, "0755") if "mode" in known else None
    return Template(known["src"], dest, mode, compiled, hidden)


def _dest(path: str) -> str:
    parts = path.split("/")
    if path.startswith(("/", "~")) or any(part in ("", ".", "..") for part in parts):
        raise Invalid("dest: must be a path relative to the home, without '~', '.' and '..'")
    if "{" in path:
        raise Invalid("dest: is the same for all users, because it lies below the home or dest of each: it takes no variables")
    if not path.isprintable() or any(len(part.encode()) > _MAX_COMPONENT for part in parts):
        raise Invalid(f"dest: has an unprintable character, or a name of more than {_MAX_COMPONENT} bytes")
    if any(_overlap(path, ours) for ours in _OURS):
        raise Invalid(f"dest: {path} is where the collection keeps its own files; choose another place")
    for client in _clients.all_clients():
        if any(_overlap(path, pattern) for pattern in client.paths):
            raise Invalid(f"dest: {path} is, or is above or below, a file of the client {client.name}; choose another place")
    return path


def _overlap(path: str, pattern: str) -> bool:
    """Whether both are one file, or one would have to be a directory above the other."""
    return all(fnmatch.fnmatchcase(part, known) for part, known in zip(path.split("/"), pattern.split("/")))


def _compiled(src: str, load: Load, managed: str) -> tuple[jinja2.Template, bool]:
    try:
        text, hidden = load(src)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise Invalid(f"src: {src} cannot be read: {reason}") from None
    if text.startswith("#jinja2:"):
        raise Invalid(f"src: {src}, line 1: #jinja2: is a line for ansible.builtin.template, whose settings cannot be changed here: remove it")
    try:
        return environment().from_string(text, {"ansible_managed": managed}), hidden
    except jinja2.TemplateSyntaxError as exc:
        reason = type(exc).__name__ if hidden else exc.message
        raise Invalid(f"src: {src}, line {exc.lineno}: {reason}") from None
