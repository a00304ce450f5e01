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
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Callable, NamedTuple, Sequence

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from ansible.plugins.loader import filter_loader, test_loader

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients
from ansible_collections.mailops.profiles.plugins.plugin_utils import _values as values
from ansible_collections.mailops.profiles.plugins.plugin_utils._account import MASK, Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._errors import Invalid, MailopsError, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._user import User

# In the place of a client's name, in reports and records.
CLIENT = "templates"
# The record of a user says which files were made; there is no list of all that templates may write.
PATTERN = "**"
_KEYS = ("src", "dest", "mode")
_MODE = re.compile(r"0[4-7][045][045]\Z")
_OURS = (".config/mailops", ".local/state/mailops")


class Template(NamedTuple):
    """``dest``: a path relative to the home; ``mode`` None: that of all other files. ``hidden``: the template itself is a secret."""

    src: str
    dest: str
    mode: int | None
    compiled: jinja2.Template
    hidden: bool

    def file(self, accounts: Sequence[Account], user: User) -> _clients.File:
        """The file for a user who has accounts; MailopsError when the template cannot be rendered."""
        # Masked first: what goes wrong then can be told without telling a password.
        masked = self._render([account.redacted() for account in accounts], _masked(user, accounts), user.name, told=not self.hidden)
        text = self._render(accounts, user, user.name, told=False)
        shown = f"{MASK}\n" if self.hidden else masked
        secret = text != shown
        if secret and (self.mode or 0) & 0o077:
            raise MailopsError(f"{self._place(user.name)}: holds a password, so its mode can be 0600 or 0700, and not {self.mode:04o}")
        return _clients.File(self.dest, text, mode=self.mode, secret=secret, shown=shown)

    def _render(self, accounts: Sequence[Account], user: User, name: str, told: bool) -> str:
        listed = [account.as_data() for account in accounts]
        try:
            return self.compiled.render(account=listed[0], accounts=listed, user=_data(user))
        except Exception as exc:  # of Jinja, or of a filter
            reason = f"{type(exc).__name__}: {exc}" if told else type(exc).__name__
            lines = [frame.lineno for frame in traceback.extract_tb(exc.__traceback__) if frame.filename == "<template>"]
            raise MailopsError(f"{self._place(name)}, line {lines[-1] if lines else '?'}: {reason}") from None

    def _place(self, name: str) -> str:
        return f"templates: {self.src}, user '{name}'"


def _masked(user: User, accounts: Sequence[Account]) -> User:
    """A user's own variable may be the password of an account."""
    secrets = {getattr(account, side).password for account in accounts for side in ("incoming", "outgoing")}
    return replace(user, variables={name: MASK if value in secrets else value for name, value in user.variables.items()})


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
            if template.dest in found:
                raise Invalid(f"writes {template.dest}, which {found[template.dest].src} writes already")
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
    if path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise Invalid("dest: must be a path relative to the home, without '.' and '..'")
    if any(f"{path}/".startswith(f"{ours}/") for ours in _OURS):
        raise Invalid(f"dest: {path} lies where the collection keeps its own files; choose another place")
    for client in _clients.all_clients():
        if any(len(parts) == pattern.count("/") + 1 and fnmatch.fnmatchcase(path, pattern) for pattern in client.paths):
            raise Invalid(f"dest: {path} is a file of the client {client.name}; choose another place")
    return path


def _mode(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _MODE.match(value):
        raise Invalid('mode: must be an octal mode in quotes in which only the owner may write, such as "0600" or "0755"')
    return int(value, 8)


def _compiled(src: str, load: Callable[[str], tuple[str, bool]]) -> tuple[jinja2.Template, bool]:
    try:
        text, hidden = load(src)
        return _environment().from_string(text), hidden
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise Invalid(f"src: {src} cannot be read: {reason}") from None
    except jinja2.TemplateSyntaxError as exc:
        raise Invalid(f"src: {src}, line {exc.lineno}: {exc.message}") from None


class _Plugins(dict):
    """Jinja's own filters or tests, and behind them Ansible's, loaded by name when a template uses them.

    Where both have one it is Jinja's: some of Ansible's (``default``) work with its own environment only.
    """

    def __init__(self, of_jinja: dict[str, Callable[..., Any]], loader: Any) -> None:
        super().__init__(of_jinja)
        self._loader = loader

    def __missing__(self, name: str) -> Callable[..., Any]:
        plugin = self._loader.get(name)
        if plugin is None:
            raise KeyError(name)
        self[name] = plugin.j2_function
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:  # which Jinja's compiler asks, and dict's own knows no __missing__
        try:
            return self[name]
        except KeyError:
            return default


def _unrolled(value: Any) -> Any:
    """As in Ansible: what ``map`` or ``select`` give is a list when it is printed."""
    return list(value) if isinstance(value, Iterator) else value


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """With the settings of ansible.builtin.template; an undefined name is an error. Not Ansible's own environment, which takes
    2 ms a template, many times what the accounts of a user cost."""
    environment = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True, finalize=_unrolled
    )
    environment.filters = _Plugins(environment.filters, filter_loader)
    environment.tests = _Plugins(environment.tests, test_loader)
    return environment
