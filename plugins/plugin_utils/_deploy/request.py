# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task asks for: its options, checked completely before anything else happens, as one frozen value.

The same request serves every task that needs the accounts of a host's users.
"""

from __future__ import annotations

import datetime
import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Callable, Mapping, Sequence, TypeVar

from .. import _clients
from .._clients._client import Client, Option
from .._clients._options import ReadFile, read_options
from .._model import given, values
from .._model.errors import Invalid, MailopsError, Problems, comma_list, key_text, nearest, some
from .._model.user import STATES, InvalidUser, User, profile_names, read_leavers, user_names, valid_users
from .._model.variables import LINK_TOKEN
from .._secrets.keys import OPTIONS as KEY_OPTIONS
from .._secrets.keys import StoreKey, store_key
from .._secrets.links import HINT as LINK_HINT
from .._secrets.links import OPTIONS as LINK_OPTIONS
from .._secrets.links import LinkSecret, link_secret
from .._store import Store, open_store
from .destination import Destination, read_destination
from .option_files import read_option_file
from .profiles import Known, read_definitions
from .template_files import MANAGED
from .templates import Load, Template, read_templates

OPTIONS = (
    "clients", "client_options", "dest", "forget", "group", "instance", "invalid_users", *LINK_OPTIONS, "missing_users", "mode", "owner",
    "profile_definitions", "profiles", "purge_users", "report_path", "state", "store", *KEY_OPTIONS, "templates", "users", "validate_only",
)  # fmt: skip
_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_FAIL_OR_SKIP = ("fail", "skip")
_MAX_PATH, _MAX_NAME = 4000, 255  # characters, bytes

Value = TypeVar("Value")

_clients.all_clients()  # imported in Ansible's own process, and not again in each process that it forks for a host


@dataclass(frozen=True)
class Request:
    """``profiles``: those of users who name none, None for all ``definitions``. ``store``: where profiles come from without definitions;
    None when no accounts are asked for. ``client_options``: client -> every option with its value. ``invalid``: users of the list with mistakes,
    who are not in ``users``. ``is_withdrawn``: every place that has the same pattern goes, whoever is listed."""

    users: tuple[User, ...]
    invalid: tuple[InvalidUser, ...]
    profiles: tuple[str, ...] | None
    definitions: Mapping[str, Known] | None
    clients: tuple[Client, ...]
    client_options: Mapping[str, Mapping[str, Any]]
    templates: tuple[Template, ...]
    store: Store | None
    key: StoreKey | None
    destination: Destination
    instance: str
    forget: tuple[str, ...]
    purge_users: bool
    is_withdrawn: bool
    missing_users: str
    invalid_users: str
    validate_only: bool
    report_path: str | None
    warnings: tuple[str, ...] = ()

    @property
    def present(self) -> list[User]:
        return [user for user in self.users if user.state == "present"]


def read_request(
    options: Mapping[str, Any],
    environ: Mapping[str, str],
    load_template: Load,
    managed: str = MANAGED,
    check_mode: bool = False,
    dry_run: str | None = None,
    for_files: bool = True,
) -> Request:
    """The request that the options (None: not given) describe. MailopsError lists everything that is wrong with them.

    ``managed``: the text of ``ansible_managed`` in templates. ``dry_run`` is that of ``open_store``. ``for_files``: the task writes some.
    """
    reader = OptionReader(options)
    leaving = reader.read("state", lambda value: given.choice(value, STATES), "present") == "absent"
    users, invalid = reader.read("users", lambda value: _users(given.mapping_list(value), leaving), ([], []))
    if options["users"] is None:
        reader.problems.append("users: is required, a list of dictionaries such as {name: jkowalska, email: j.kowalska@example.org}; [] means none")
    purge = reader.read("purge_users", values.boolean, False)
    present = [user for user in users if user.state == "present"]
    # Accounts are removed without profiles, templates, store and key.
    asked = bool(present or invalid) or "users" in reader.failed
    clients = reader.read("clients", lambda value: _clients.select(given.text_list(value)), [])
    templates = reader.read("templates", lambda value: read_templates(value, load_template, managed), []) if asked else []
    if for_files and present and not clients and not templates and not reader.failed & {"clients", "templates"}:
        names = some([user.name for user in present])
        reader.problems.append(f"clients: {names} would get no files: name some of {', '.join(_clients.names())}, or give templates")
    definitions = reader.read("profile_definitions", read_definitions, None) if asked else None
    instance = reader.read("instance", instance_name, "default")
    known = len(reader.problems)
    secret = reader.call(lambda: link_secret(options, environ)) if asked else _secret_of_leavers(options, environ)
    is_wrong = len(reader.problems) > known
    destination = read_destination(options, reader.problems)
    if purge and leaving and options["dest"] is None:
        reader.problems.append("purge_users: only with state: present or with dest, because state: absent leaves homes alone whose users are not listed")
    if present and secret is None and destination.has_link and not is_wrong:
        reader.problems.append(f"dest: {{{LINK_TOKEN}}} has no value: {LINK_HINT}")
    if secret is not None:
        users = [_with_link(user, instance, secret) for user in users]
    report_path, warnings = reader.read("report_path", lambda value: report_file(value, check_mode), (None, ()))
    # Accounts are removed without keys and certificates, too.
    read_file = read_option_file if asked else _no_file
    client_options, right = _client_options(clients, options["client_options"], read_file, "clients" not in reader.failed, reader.problems)
    if asked:
        warnings = (*warnings, *_checked_options(right, client_options, reader.problems))
    request = Request(
        users=tuple(users),
        invalid=tuple(invalid),
        profiles=reader.read("profiles", profile_names, None if definitions is not None else ()),
        definitions=definitions,
        clients=tuple(clients),
        client_options=client_options,
        templates=tuple(templates),
        store=reader.call(lambda: open_store(options["store"], environ, dry_run)) if asked and options["profile_definitions"] is None else None,
        key=reader.call(lambda: store_key(options, environ)) if asked else None,
        destination=destination,
        instance=instance,
        forget=reader.read("forget", user_names, ()),
        purge_users=purge,
        is_withdrawn=purge and leaving,
        missing_users=reader.read("missing_users", lambda value: given.choice(value, _FAIL_OR_SKIP), "fail"),
        invalid_users=reader.read("invalid_users", lambda value: given.choice(value, _FAIL_OR_SKIP), "fail"),
        validate_only=reader.read("validate_only", values.boolean, False),
        report_path=report_path,
        warnings=warnings,
    )
    if reader.problems:
        reader.problems.extend(problem for user in invalid for problem in user.problems)
    reader.problems.raise_all()
    return request


def _secret_of_leavers(options: Mapping[str, Any], environ: Mapping[str, str]) -> LinkSecret | None:
    """Root's list on the host knows where they were served. Without root the secret helps, but nobody has to have it any more."""
    with suppress(MailopsError):
        return link_secret(options, environ)
    return None


def _with_link(user: User, instance: str, secret: LinkSecret) -> User:
    return replace(user, link_token=secret.token(instance, user))


def _users(data: list[Any], leaving: bool) -> tuple[list[User], list[InvalidUser]]:
    return (read_leavers(data), []) if leaving else valid_users(data)


class OptionReader:
    """Reads options, and collects what is wrong with them."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self.problems = Problems()
        self.failed: set[str] = set()

    def read(self, name: str, check: Callable[[Any], Value], default: Value) -> Value:
        """The option's value, or the default when it is not given or wrong."""
        value = self._options[name]
        if value is None:
            return default
        with self.problems.at(name):
            return check(value)
        self.failed.add(name)  # reached when the check has failed
        return default

    def call(self, read: Callable[[], Value]) -> Value | None:
        """What ``read`` returns; its messages name the options already."""
        with self.problems.at(""):
            return read()
        return None


def _client_options(
    clients: Sequence[Client], value: Any, read_file: ReadFile, complete: bool, problems: Problems
) -> tuple[dict[str, dict[str, Any]], list[Client]]:
    """Every option of each client, and the clients whose options were given without mistakes. ``problems`` gets the mistakes. ``complete``: whether
    ``clients`` are all that the task means; otherwise options of others are not judged."""
    options: Mapping[Any, Any] = {}
    with problems.at("client_options"):
        options = given.mapping({} if value is None else value)
    names = [client.name for client in clients]
    unknown = [key_text(name) for name in options if name not in names] if complete else []
    problems.extend(
        f"client_options.{name}: is not one of the task's clients{nearest(name, names)}; they are {comma_list(names) or 'none'}" for name in unknown
    )
    found: dict[str, dict[str, Any]] = {}
    right: list[Client] = []
    for client in clients:
        found[client.name] = read_options(client, {}, read_file)
        with problems.at(f"client_options.{client.name}"):
            found[client.name] = read_options(client, given.mapping(options.get(client.name) or {}), read_file)
            right.append(client)
    return found, right


def _no_file(path: str, option: Option) -> None:
    return None


def _checked_options(clients: Sequence[Client], options: Mapping[str, Mapping[str, Any]], problems: Problems) -> list[str]:
    """Warnings; ``problems`` gets what is wrong with the options of a client together, now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    warnings: list[str] = []
    for client in clients:
        found = client.check_options(options[client.name], now)
        problems.extend(f"client_options.{client.name}.{problem}" for problem in found.problems)
        warnings += [f"client_options.{client.name}.{warning}" for warning in found.warnings]
    return warnings


def instance_name(value: Any) -> str:
    if not isinstance(value, str) or not _INSTANCE.match(value):
        raise Invalid("must be 1 to 64 letters, digits, '_' or '-', and begin with a letter or digit")
    return value


def report_file(value: Any, check_mode: bool) -> tuple[str | None, tuple[str, ...]]:
    """The path, and warnings."""
    value = values.text(value, _MAX_PATH)
    if not value.startswith("/"):
        raise Invalid("must be an absolute path on the controller")
    directory, name = os.path.split(value)
    if not os.path.isdir(directory):
        problem = f"there is no directory {directory} on the controller"
        if check_mode:  # an earlier task of a real run may create it
            return None, (f"report_path: {problem}; a real run fails unless it exists by then",)
        raise Invalid(f"{problem}: create it")
    if os.path.isdir(value):
        raise Invalid(f"{value} is a directory: give the path of a file in it")
    if len(os.fsencode(name)) > _MAX_NAME:
        raise Invalid(f"the name of a file has at most {_MAX_NAME} bytes")
    if _is_protected(directory, value):
        raise Invalid(f"{value} belongs to another user, and only that user may replace it in {directory}: give another path")
    try:
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as exc:
        raise Invalid(f"cannot write in {directory} on the controller: {os.strerror(exc.errno or 0)}") from None
    return value, ()


def _is_protected(directory: str, path: str) -> bool:
    """Whether the directory is sticky, such as /tmp, and the file in it somebody else's."""
    above = os.stat(directory)
    if not above.st_mode & stat.S_ISVTX or not os.path.lexists(path):
        return False
    return os.geteuid() not in (0, above.st_uid, os.lstat(path).st_uid)
