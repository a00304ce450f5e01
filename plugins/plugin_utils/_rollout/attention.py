# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a rollout needs attention, from its hosts' entries: the same sentence about many hosts or users is said once."""

from __future__ import annotations

import re
from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence

from .host import FAILED, NOT_TRIED, STALE, UNREACHABLE
from .report import OK

# As most monitoring has it; Let's Encrypt renews 30 days before the end.
CERTIFICATE_DAYS = 21
# Where ssh says to which host it could not connect: the inventory may call it something else.
_ADDRESS = re.compile(r"(?<=connect to host )\S+(?= port )|(?<=resolve hostname )[^\s:]+|\b(?:\d{1,3}\.){3}\d{1,3}\b")
_Entry = Mapping[str, Any]


def attention(hosts: Sequence[_Entry]) -> dict[str, Any]:
    """In the order in which it is to be read. Groups are ``{msg, hosts: [{host, users}]}``, the largest first."""
    return {
        "failed": _grouped(hosts, _failures),
        "unreachable": _grouped(hosts, lambda host: [(host["unreachable"], "")] if host["state"] == UNREACHABLE else []),
        "not_tried": [host["host"] for host in hosts if host["state"] == NOT_TRIED],
        "stale": [host["host"] for host in hosts if host["state"] == STALE],
        "checks": _grouped(hosts, _failed_checks),
        "drifted": [{"host": host["host"], **item} for host in hosts for item in host["drifted"]],
        "skipped_accounts": _grouped(hosts, _skipped_accounts),
        "dropped": _grouped(hosts, lambda host: [(f"{client}: {', '.join(fields)}", "") for client, fields in host["dropped"].items() if fields]),
        "certificates": _certificates(hosts),
        "warnings": _grouped(hosts, lambda host: [(warning, "") for warning in host["warnings"]]),
    }


def _failures(host: _Entry) -> Iterator[tuple[str, str]]:
    """Each problem with each user whom it names; users of whom no problem speaks have their own."""
    if host["state"] != FAILED:
        return
    left = {(item["user"], item["msg"]): item for item in host["failed_users"]}
    for problem in host["problems"]:
        named = [key for key in left if key[0] and key[0] in problem and _names(key[0]).search(problem)]
        yield from [(problem, user) for user, _msg in named] or [(problem, "")]
        for key in named:
            del left[key]
    for user, msg in left:
        if not any(msg and msg in problem for problem in host["problems"]):
            yield msg, user
    if host["failed_task"]:
        yield f"the task '{host['failed_task']}' failed; its message is in the output of the run", ""


def _failed_checks(host: _Entry) -> Iterator[tuple[str, str]]:
    for check in host["checks"]:
        if check["outcome"] != OK:
            about = ", ".join(text for text in (server(check), check["outcome"]) if text)
            yield ": ".join(text for text in (about, check["msg"], check["hint"]) if text), check["user"]


def _skipped_accounts(host: _Entry) -> Iterator[tuple[str, str]]:
    for item in host["skipped_accounts"]:
        profile = f"profile '{item['profile']}'" if item["profile"] else ""
        about = ", ".join(text for text in (item["client"], profile) if text)
        yield (f"{about}: {item['reason']}" if about else item["reason"]), item["user"]


def _certificates(hosts: Sequence[_Entry]) -> list[dict[str, Any]]:
    """Those that expire soon, the first to expire first."""
    found: dict[str, dict[str, Any]] = {}
    for host in hosts:
        for check in host["checks"]:
            days = check["certificate_days"]
            if days is not None and days <= CERTIFICATE_DAYS:
                known = found.setdefault(server(check), {"server": server(check), "days": days, "hosts": []})
                known["days"] = min(days, known["days"])
                if host["host"] not in known["hosts"]:
                    known["hosts"].append(host["host"])
    return sorted(found.values(), key=lambda item: (item["days"], item["server"]))


def server(check: Mapping[str, Any]) -> str:
    """What a check's server is called: as in the profile, if that is known."""
    name = check["host"] or check["address"] or check["profile"]
    return f"{name}:{check['port']}" if check["port"] is not None else name


def _grouped(hosts: Sequence[_Entry], items: Callable[[_Entry], Iterable[tuple[str, str]]]) -> list[dict[str, Any]]:
    """``items``: a host's sentences, each with the user whom it is about, or none."""
    groups: dict[str, dict[str, Any]] = {}
    for host in hosts:
        for sentence, user in items(host):
            key = _without_names(sentence, host, user)
            if host["state"] == UNREACHABLE:
                key = _ADDRESS.sub("{host}", key)
            group = groups.setdefault(key, {"msg": sentence, "hosts": {}})
            if group["msg"] != sentence:
                group["msg"] = key
            users = group["hosts"].setdefault(host["host"], [])
            if user and user not in users:
                users.append(user)
    for group in groups.values():
        group["hosts"] = [{"host": name, "users": users} for name, users in group["hosts"].items()]
    return sorted(groups.values(), key=lambda group: (-len(group["hosts"]), group["msg"]))


def _without_names(sentence: str, host: _Entry, user: str) -> str:
    """What is alike in the sentences of two hosts or users."""
    for name, placeholder in ((user, "{user}"), (host["host"], "{host}")):
        if name and name in sentence:
            sentence = _names(name).sub(placeholder, sentence)
    return sentence


def _names(name: str) -> re.Pattern[str]:
    """As a whole word only: a user may be called ``a``."""
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
