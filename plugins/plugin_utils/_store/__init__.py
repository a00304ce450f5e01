# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where profiles live. ``open_store`` turns the ``store`` option into a :class:`Store`; each kind is one file beside this one."""

from __future__ import annotations

import importlib
import os
import pwd
import re
from abc import ABC, abstractmethod
from typing import Callable, Collection, Mapping, TypeVar

from .._model import values
from .._model.errors import Invalid, MailopsError
from .._model.given import is_blank
from .._model.stored import Changes, Snapshot, Stored

ENVIRONMENT = "MAILOPS_STORE"
_DEFAULT = "mailops/profiles.db"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
TIMEOUT = 30.0  # seconds to wait for another writer
_FORMS = "an absolute path, sqlite:///PATH, postgresql://HOST/DATABASE or directory:///PATH"


Result = TypeVar("Result")
Change = Callable[[Snapshot], "tuple[Changes, Result]"]


class Store(ABC):
    """One store. ``location`` is its name in messages, and never holds a password. ``warnings``: what was found besides profiles."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.warnings: list[str] = []

    def problem(self, text: str) -> MailopsError:
        return MailopsError(f"store {self.location}: {text}")

    @property
    @abstractmethod
    def identity(self) -> tuple[str | None, ...]:
        """The same for all names of one store, whoever opens it."""

    @property
    @abstractmethod
    def exists(self) -> bool:
        """Whether there is anything to read; a store that does not exist reads as empty."""

    @abstractmethod
    def read(self, names: Collection[str] | None = None) -> dict[str, Stored]:
        """The profiles of these names (None: all) by name, sorted, as one consistent snapshot."""

    @abstractmethod
    def update(self, change: Change[Result]) -> Result:
        """Give ``change`` all profiles, write the changes that it returns, in one transaction, and return its result.

        ``change`` may be called more than once, so it only computes. What it raises leaves the store as it was.
        """

    @abstractmethod
    def refuse_unusable(self) -> None:
        """Raise what ``update`` would raise about the store itself, damaged or not writable, without touching anything."""

    def preview(self, change: Change[Result]) -> Result:
        """The result that ``update`` would have, with nothing written: check mode."""
        changes, result = change(self.read())
        if changes or self.exists:
            self.refuse_unusable()
        return result


def open_store(option: str | None, environ: Mapping[str, str], dry_run: str | None = None) -> Store:
    """The store that the option names, else the environment, else the default in the XDG data home.

    ``dry_run``: the directory in which the tasks of a dry run keep what they would have stored.
    """
    store = _named(option, environ)
    if dry_run is None:
        return store
    from .dry_run import DryRunStore

    return DryRunStore(store, dry_run)


def _named(option: str | None, environ: Mapping[str, str]) -> Store:
    if not is_blank(option):
        return _open(option, "store", environ)
    if not is_blank(environ.get(ENVIRONMENT)):
        return _open(environ[ENVIRONMENT], ENVIRONMENT, environ)
    return _open(_default_path(environ), "store", environ)


def _default_path(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    data_home = environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(data_home):  # the XDG base directory specification: a relative path is to be ignored
        data_home = os.path.join(home, ".local/share")
    return os.path.join(data_home, _DEFAULT)


def _open(value: str, source: str, environ: Mapping[str, str]) -> Store:
    # The value is never quoted before it is known to be a plain path: a URL may hold a password.
    if not isinstance(value, str):
        raise MailopsError(f"{source}: must be {_FORMS}")
    scheme = _SCHEME.match(value)
    kind, rest = (scheme[1].lower(), value[scheme.end() :]) if scheme else ("sqlite", value)
    # The dependencies of a kind of store are imported only when it is used.
    if kind == "sqlite":
        from .sqlite import SqliteStore

        return SqliteStore(_path(rest, source))
    if kind in ("postgresql", "postgres"):
        from .postgresql import PostgresqlStore

        _refuse_password(rest, source)
        return PostgresqlStore(value, source, environ)
    if kind == "directory":
        from .directory import DirectoryStore

        return DirectoryStore(_path(rest, source))
    raise MailopsError(f"{source}: there is no such kind of store; give {_FORMS}")


def _refuse_password(rest: str, source: str) -> None:
    user, at, _host = rest.partition("?")[0].rpartition("@")
    if (at and ":" in user) or re.search(r"[?&](?:ssl)?password=", rest, re.IGNORECASE):
        raise password_in_url(source)


def password_in_url(source: str) -> MailopsError:
    return MailopsError(
        f"{source}: the URL holds a password, and it would show up in logs and process lists: "
        "put it into a passfile, a service file or PGPASSWORD, and change it if this was ever logged"
    )


def preload(environ: Mapping[str, str]) -> None:
    """Import what the environment's store needs. Ansible loads its plugins before it forks for each host, and psycopg takes 0.1 s."""
    if environ.get(ENVIRONMENT, "").startswith("postgres"):
        importlib.import_module(f"{__name__}.postgresql")


def _path(path: str, source: str) -> str:
    try:
        path = values.absolute_path(path)
    except Invalid as exc:
        hint = "; ~ is not expanded, write the home directory out" if path.startswith("~") else ""
        raise MailopsError(f"{source}: {exc}: give {_FORMS}{hint}") from exc
    return os.path.normpath("/" + path.lstrip("/"))
