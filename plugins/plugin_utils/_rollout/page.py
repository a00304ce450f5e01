# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollout's document as a page: one file, no network, complete without its script. Every text in it is escaped."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from .attention import server
from .host import HOST_STATES
from .report import CLIENT_STATES, FAILED, OK

_HERE = Path(__file__).resolve().parent
_WORDS = {state: state for state in (*HOST_STATES, *CLIENT_STATES)} | {"not_tried": "never tried", "stale": "without a recent report"}
_BAD, _WARN, _GOOD = ("failed", "unreachable", "not_tried", "stale"), ("drifted", "skipped"), ("changed", "unchanged", "checked")
# So many hosts, the worst of which come first, are unfolded.
_MAX_OPEN = 20
_FACTS = (("playbooks", "Playbook"), ("inventory", "Inventory"), ("limit", "Limit"), ("core_version", "ansible-core"))


def as_page(document: Mapping[str, Any]) -> str:
    counts = document["counts"]
    bad = sum(counts["hosts"][state] for state in _BAD)
    style, script = _text("page.css"), _text("page.js")
    return _template().render(
        document=document,
        counts=counts,
        attention=document["attention"],
        needs_attention=any(document["attention"].values()),
        headline=_headline(document, bad),
        facts=list(_facts(document)),
        servers=_servers(document["hosts"]),
        states=[state for state in dict.fromkeys((*HOST_STATES, *CLIENT_STATES)) if counts["hosts"].get(state) or counts["users"].get(state)],
        open_hosts=min(bad, _MAX_OPEN),
        # Markup: ours, without a name or a value of anybody else in it.
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
    )


@functools.lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.globals.update(plural=_plural, words=_WORDS, style_of=_style_of, as_items=_as_items, users_of=_users_of, time=_time)
    return environment.from_string(_text("page.html.j2"))


@functools.lru_cache(maxsize=None)
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _headline(document: Mapping[str, Any], bad: int) -> str:
    total = document["counts"]["hosts"]["total"]
    if bad:
        return f"Mail rollout: {bad} of {_plural(total, 'host')} {'needs' if bad == 1 else 'need'} attention"
    return "Mail rollout: not finished" if document["status"] != "finished" else f"Mail rollout: {_plural(total, 'host')} well"


def _facts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, title in (("started", "Started"), ("written", "Written")):
        if document[name]:
            yield title, _time(document[name])
    for name, title in _FACTS:
        value = document["head"].get(name)
        if value:
            yield title, value if isinstance(value, str) else ", ".join(value)


def _time(text: str) -> str:
    return text.replace("T", " ").replace("Z", " UTC")


def _plural(number: int, noun: str, count: bool = True) -> str:
    words = noun if number == 1 else f"{noun}s"
    return f"{number:,} {words}" if count else words


def _style_of(state: str) -> str:
    return "failed" if state in _BAD else "warn" if state in _WARN else "good" if state in _GOOD else ""


def _as_items(hosts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"host": host, "users": []} for host in hosts]


def _users_of(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each user, those with the worst state first."""
    return sorted(_rows(host), key=lambda row: min(map(CLIENT_STATES.index, row["states"].split()), default=len(CLIENT_STATES)))


def _rows(host: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Clients by state, log-ins, and why the user failed."""
    clients = {item["user"]: item["clients"] for item in host["users"]}
    messages: dict[str, list[str]] = {}
    checks: dict[str, list[tuple[str, str]]] = {}
    for item in host["failed_users"]:
        messages.setdefault(item["user"], []).append(item["msg"])
    for item in host["checks"]:
        about = " ".join(text for text in (item["profile"], item["side"]) if text)
        checks.setdefault(item["user"], []).append((item["outcome"], about))
    for name in dict.fromkeys((*clients, *messages, *checks)):
        by_state: dict[str, list[str]] = {}
        for client, state in clients.get(name, {}).items():
            by_state.setdefault(state, []).append(client)
        states = set(by_state)
        if name in messages or any(outcome != OK for outcome, _about in checks.get(name, ())):
            states.add(FAILED)
        yield {
            "name": name or "(the host)",
            "states": " ".join(sorted(states)),
            "clients": [(state, ", ".join(sorted(by_state[state]))) for state in CLIENT_STATES if state in by_state],
            "checks": checks.get(name, []),
            "msg": "; ".join(messages.get(name, [])),
        }


def _servers(hosts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How often each server had which outcome; what does not work first, then by the days that a certificate has left."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for host in hosts:
        for check in host["checks"]:
            key = (server(check), check["side"], check["tls_version"], check["outcome"])
            known = found.setdefault(key, {**dict(zip(("name", "side", "tls_version", "outcome"), key)), "days": None, "number": 0})
            known["number"] += 1
            days = check["certificate_days"]
            if days is not None:
                known["days"] = days if known["days"] is None else min(days, known["days"])
    return sorted(found.values(), key=lambda item: (item["outcome"] == OK, item["days"] is None, item["days"] or 0, item["name"], item["side"]))
