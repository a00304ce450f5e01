# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator's own templates: one Jinja file each, compiled once and rendered for every user, beside what the clients render.

A template is the administrator's file and may do what the sandbox of Jinja allows; what it is filled with is data, and never
looked at as a template again.
"""

from __future__ import annotations

import fnmatch
import functools
import re
import traceback
from collections.abc import Iterator, MappingView
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Callable, NamedTuple, Sequence

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible.plugins.loader import filter_loader, test_loader
from ansible.utils.display import Display

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import MASK
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

# In the place of a client's name, in reports and records.
CLIENT = "templates"
# The record of a user says which files were made; there is no list of all that templates may write.
PATTERN = "**"
_KEYS = ("src", "dest", "mode")
_MODE = re.compile(r"0[4-7][045][045]\Z")
_OURS = (".config/mailops", ".local/state/mailops")
_LONGEST_COMPONENT = 255  # bytes
_MOST_BYTES = 1 << 20  # what is larger the writer could not read again


class Template(NamedTuple):
    """``dest``: a path relative to the home; ``mode`` None: that of all other files. ``hidden``: the template itself is a secret."""

    src: str
    dest: str
    mode: int | None
    compiled: jinja2.Template
    hidden: bool

    def check(self, accounts: Sequence[Account], user: User) -> None:
        """MailopsError when the template cannot be rendered, or gives something else each time."""
        if self.file(accounts, user) != self.file(accounts, user):
            raise MailopsError(f"{self._place(user)}: gives something else each time, so that every run would change the file")

    def file(self, accounts: Sequence[Account], user: User) -> _clients.File:
        """The file for a user who has accounts; MailopsError when the template cannot be rendered."""
        with _silence():
            # Masked first: what goes wrong then can be told without telling a password.
            masked = self._render([account.redacted() for account in accounts], _masked(user), told=not self.hidden)
            text = self._render(accounts, user, told=False)
        shown = f"{MASK}\n" if self.hidden else masked
        secret = text != shown
        if secret and (self.mode or 0) & 0o077:
            raise MailopsError(
                f"{self._place(user)}: holds a password or one of user.variables, which may be one, so its mode can be 0600 or 0700, "
                f"and not {self.mode:04o}"
            )
        return _clients.File(self.dest, text, mode=self.mode, secret=secret, shown=shown)

    def _render(self, accounts: Sequence[Account], user: User, told: bool) -> str:
        listed = [account.as_data() for account in accounts]
        try:
            text = self.compiled.render(account=listed[0], accounts=listed, user=_data(user))
            size = len(text.encode())
        except Exception as exc:  # of Jinja, of a filter, or half a character
            reason = f"{type(exc).__name__}: {exc}" if told else type(exc).__name__
            lines = [frame.lineno for frame in traceback.extract_tb(exc.__traceback__) if frame.filename == "<template>"]
            raise MailopsError(f"{self._place(user)}, line {lines[-1] if lines else '?'}: {reason}") from None
        if size > _MOST_BYTES:
            raise MailopsError(f"{self._place(user)}: gives more than 1 MiB, which is more than a file of an account can have")
        return text

    def _place(self, user: User) -> str:
        return f"templates: {self.src}, user '{user.name}'"


@contextmanager
def _silence() -> Iterator[None]:
    """Some of Ansible's filters show a value in a warning, whether the task has no_log or not."""
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


def read_templates(entries: Any, load: Callable[[str], tuple[str, bool]]) -> list[Template]:
    """The templates that the option lists, compiled. ``load`` gives the text of a ``src`` and whether it was vaulted; OSError,
    UnicodeDecodeError. MailopsError lists every problem."""
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise MailopsError("templates: must be a list of dictionaries with src and dest")
    problems: list[str] = []
    found: dict[str, Template] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            template = _read(entry, load)
            other = next((each for each in found.values() if _overlap(template.dest, each.dest)), None)
            if other:
                raise Invalid(f"dest: {template.dest} is in the way of {other.dest}, which {other.src} writes")
            found[template.dest] = template
        except Invalid as exc:
            problems.append(f"templates, entry {number}: {exc}")
    if problems:
        raise MailopsError(*problems)
    return list(found.values())


def _read(entry: Any, load: Callable[[str], tuple[str, bool]]) -> Template:
    if not isinstance(entry, dict):
        raise Invalid("must be a dictionary such as {src: muttrc.j2, dest: .config/mutt/extra}")
    for key in entry:
        if key not in _KEYS:
            raise Invalid(f"{str(key)[:60]}: there is no such key{nearest(key, _KEYS)}")
    given = {key: value for key, value in entry.items() if value is not None}
    for key in ("src", "dest"):
        if key not in given:
            raise Invalid(f"{key}: is required")
        try:
            given[key] = values.word(given[key])
        except Invalid as exc:
            raise Invalid(f"{key}: {exc}") from exc
    compiled, hidden = _compiled(given["src"], load)
    return Template(given["src"], _dest(given["dest"]), _mode(given.get("mode")), compiled, hidden)


def _dest(path: str) -> str:
    parts = path.split("/")
    if path.startswith(("/", "~")) or any(part in ("", ".", "..") for part in parts):
        raise Invalid("dest: must be a path relative to the home, without '~', '.' and '..'")
    if "{" in path:
        raise Invalid("dest: is the same for all users, because it lies below the home or dest of each: it takes no variables")
    if not path.isprintable() or any(len(part.encode()) > _LONGEST_COMPONENT for part in parts):
        raise Invalid(f"dest: has a character that nobody can see, or a name of more than {_LONGEST_COMPONENT} bytes")
    if any(_overlap(path, ours) for ours in _OURS):
        raise Invalid(f"dest: {path} is in the way of the collection's own files; choose another place")
    for client in _clients.all_clients():
        if any(_overlap(path, pattern) for pattern in client.paths):
            raise Invalid(f"dest: {path} is in the way of a file of the client {client.name}; choose another place")
    return path


def _overlap(path: str, pattern: str) -> bool:
    """Whether both are one file, or one would have to be a directory above the other."""
    return all(fnmatch.fnmatchcase(part, known) for part, known in zip(path.split("/"), pattern.split("/")))


def _mode(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _MODE.match(value):
        raise Invalid('mode: must be an octal mode in quotes in which only the owner may write, such as "0600" or "0755"')
    return int(value, 8)


def _compiled(src: str, load: Callable[[str], tuple[str, bool]]) -> tuple[jinja2.Template, bool]:
    try:
        text, hidden = load(src)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise Invalid(f"src: {src} cannot be read: {reason}") from None
    if text.startswith("#jinja2:"):
        raise Invalid(f"src: {src}, line 1: #jinja2: is a line for ansible.builtin.template, whose settings cannot be changed here: remove it")
    try:
        return _environment().from_string(text), hidden
    except jinja2.TemplateSyntaxError as exc:
        reason = type(exc).__name__ if hidden else exc.message
        raise Invalid(f"src: {src}, line {exc.lineno}: {reason}") from None


class _Filters(dict):
    """Jinja's own filters (or tests), and behind them Ansible's, loaded by name when a template uses them.

    Where both have one it is Jinja's, because some of Ansible's (``default``) work with its own environment only; but of ``random``
    only Ansible's can give the same twice. As in Ansible's environment, what they give is a list and no generator, which would be
    true when it is empty, and empty when it is read again.
    """

    def __init__(self, of_jinja: dict[str, Callable[..., Any]], loader: Any) -> None:
        super().__init__({name: _listing(function) for name, function in of_jinja.items() if name != "random"})
        self._loader = loader

    def __missing__(self, name: str) -> Callable[..., Any]:
        plugin = self._loader.get(name)
        if plugin is None:
            raise KeyError(name)
        self[name] = _listing(plugin.j2_function)
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:  # which Jinja's compiler asks, and dict's own knows no __missing__
        try:
            return self[name]
        except KeyError:
            return default


def _listing(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def listing(*args: Any, **kwargs: Any) -> Any:
        return _listed(function(*args, **kwargs))

    return listing


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, (Iterator, MappingView)) else value


@jinja2.pass_context  # which, beside "optimized", keeps Jinja from evaluating constants beforehand: they may be random, or warn
def _printed(context: Any, value: Any) -> Any:
    return "" if value is None else _listed(value)


class _Undefined(jinja2.StrictUndefined):
    __repr__ = jinja2.StrictUndefined.__str__  # in a list or a dictionary, too, it is an error


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """With the settings of ansible.builtin.template; an undefined name is an error, and None is written as nothing. Not Ansible's own
    environment, which takes 2 ms a template, many times what the accounts of a user cost."""
    environment = ImmutableSandboxedEnvironment(
        undefined=_Undefined, trim_blocks=True, keep_trailing_newline=True,
        finalize=_printed, optimized=False,
    )  # fmt: skip
    environment.filters = _Filters(environment.filters, filter_loader)
    environment.tests = _Filters(environment.tests, test_loader)
    return environment
