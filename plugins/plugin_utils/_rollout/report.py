# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host reported: read from a task's result or from a file, neither of which is trusted. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Mapping, Sequence, TypeVar

from ...module_utils._text import printable
from .._model.errors import listed_problems

# Of a user's client, or a host; the first is the worst.
FAILED, DRIFTED, CHANGED, REMOVED, SKIPPED, UNCHANGED = "failed", "drifted", "changed", "removed", "skipped", "unchanged"
CLIENT_STATES = (FAILED, DRIFTED, CHANGED, REMOVED, SKIPPED, UNCHANGED)
FILE_ACTIONS = ("created", "updated", "removed", "unchanged")
CHECK_TEXTS = ("user", "profile", "side", "outcome", "msg", "hint", "host", "address", "tls_version")
OK = "ok"
_MAX_TEXT, _MAX_NAME, _MAX_ENTRIES = 2000, 300, 100_000
NOT_SHOWN = "the message is not shown, because the task has no_log"
# A part of Ansible's own warning about a host whose Python it had to find. It needs no attention.
_ABOUT_INTERPRETER = "is using the discovered Python interpreter at"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Loss:
    """An account, or all of a user's or a program's (empty), that a client cannot take."""

    user: str
    client: str
    profile: str
    reason: str


@dataclass(frozen=True)
class FailedUser:
    user: str
    path: str
    msg: str


@dataclass(frozen=True)
class Check:
    """A log-in to a server, as mail_account_check returns it. ``address``: the IP address; ``certificate_days``: until the certificate expires."""

    user: str = ""
    profile: str = ""
    side: str = ""
    outcome: str = ""
    msg: str = ""
    hint: str = ""
    host: str = ""
    address: str = ""
    tls_version: str = ""
    port: int | None = None
    certificate_days: int | None = None


@dataclass(frozen=True)
class Report:
    """What one task reported of a host. ``users``: user -> client -> state. ``dest``: what tells tasks of one instance apart.
    ``validated``: the options were checked, and nothing more. ``nothing``: nothing came of the host.
    ``failed_task``: the name of another's task that failed there. ``truncated``: the result of a task, which lists only some of many users."""

    host: str
    instance: str = ""
    dest: str = ""
    at: float | None = None
    check_mode: bool | None = None
    changed: bool = False
    failed: bool = False
    unreachable: bool = False
    skipped: bool = False
    validated: bool = False
    nothing: bool = False
    failed_task: str = ""
    truncated: bool = False
    problems: Sequence[str] = ()
    users: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    failed_users: Sequence[FailedUser] = ()
    drifted: Sequence[tuple[str, str]] = ()
    dropped: Mapping[str, Sequence[str]] = field(default_factory=dict)
    skipped_accounts: Sequence[Loss] = ()
    warnings: Sequence[str] = ()
    checks: Sequence[Check] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    accounts: int = 0


def read_report(data: Mapping[str, Any], host: str, at: float | None = None) -> Report:
    """``data``: a result, a report file, or a host of a rollout's document. What has another type than expected is left out."""
    users = {}
    for item in _dicts(data.get("users")):
        states = _mapping(item.get("clients")).items()
        users[_name(item.get("user"))] = {_name(client): state for client, state in states if state in CLIENT_STATES}
    failed = data.get("failed") is True or data.get("unreachable") is True
    accounts = data.get("accounts")
    checks = _entries(data, "checks", _check)
    # The message of a check that failed is its failed log-ins.
    is_told = any(check.outcome != OK for check in checks)
    return Report(
        host=host,
        instance=_name(data.get("instance")),
        dest=_text(data.get("dest")),
        at=at,
        check_mode=_flag(data.get("check_mode")),
        changed=data.get("changed") is True,
        failed=failed,
        unreachable=data.get("unreachable") is True,
        skipped=data.get("skipped") is True,
        validated=data.get("validated") is True,
        failed_task=_text(data.get("failed_task")),
        truncated=data.get("truncated") is True,
        problems=_problems(data) if failed and not is_told else (),
        users=users,
        failed_users=_entries(data, "failed_users", lambda item: FailedUser(_name(item.get("user")), _text(item.get("path")), _text(item.get("msg")))),
        drifted=_entries(data, "drifted", lambda item: (_name(item.get("user")), _text(item.get("path")))),
        dropped={_name(client): tuple(_texts(names)) for client, names in _mapping(data.get("dropped")).items()},
        skipped_accounts=_entries(data, "skipped_accounts", lambda item: Loss(*(_text(item.get(name)) for name in ("user", "client", "profile", "reason")))),
        warnings=tuple(text for text in _texts(data.get("warnings")) if _ABOUT_INTERPRETER not in text),
        checks=checks,
        files={action: _count(_mapping(data.get("files")).get(action)) for action in FILE_ACTIONS},
        accounts=_count(accounts.get("total") if isinstance(accounts, Mapping) else accounts),
    )


def censored(data: Mapping[str, Any]) -> dict[str, Any]:
    """What is taken of the result of a task with ``no_log``."""
    failed = data.get("failed") is True
    return {"changed": data.get("changed") is True, "failed": failed, **({"problems": [NOT_SHOWN]} if failed else {})}


def host_name(data: Mapping[str, Any]) -> str:
    """The name that a report gives its host; an empty text if it does not."""
    return _name(data.get("host"))


def clean(text: object) -> str:
    """A text of a host's, an inventory's or a server's that nobody has checked, for people."""
    return printable(str(text)[:_MAX_TEXT])


def _problems(data: Mapping[str, Any]) -> tuple[str, ...]:
    listed = _texts(data.get("problems"))
    if not listed and isinstance(data.get("msg"), str):
        listed = [clean(problem) for problem in listed_problems(data["msg"][: 100 * _MAX_TEXT])]
    return tuple(dict.fromkeys(listed)) or ("the task failed without a message",)


def _check(item: Mapping[str, Any]) -> Check:
    texts = {name: _text(item.get(name)) for name in CHECK_TEXTS}
    numbers = {name: item.get(name) for name in ("port", "certificate_days")}
    return Check(**texts, **{name: value if _is_whole(value) and abs(value) < 100_000 else None for name, value in numbers.items()})


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _entries(data: Mapping[str, Any], name: str, made: Callable[[Mapping[str, Any]], _T]) -> tuple[_T, ...]:
    return tuple(made(item) for item in _dicts(data.get(name)))


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in _list(value) if isinstance(item, Mapping))


def _texts(value: Any) -> list[str]:
    return [clean(item) for item in _list(value) if isinstance(item, str)]


def _list(value: Any) -> Sequence[Any]:
    return value[:_MAX_ENTRIES] if isinstance(value, (list, tuple)) else ()


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _name(value: Any) -> str:
    return clean(value[:_MAX_NAME]) if isinstance(value, str) else ""


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int:
    return value if _is_whole(value) and 0 <= value < 10**9 else 0
