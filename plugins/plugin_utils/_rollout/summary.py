# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary of a rollout for the terminal: each mistake once, whatever the number of hosts."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from .._model.errors import some

_MAX_GROUPS = 20
_MAX_HOSTS = 8
_WORDS = {"not_tried": "never tried"}


def summary(document: Mapping[str, Any]) -> Iterator[str]:
    counts = document["counts"]["hosts"]
    states = ", ".join(f"{number} {_WORDS.get(state, state)}" for state, number in counts.items() if state != "total" and number)
    yield f"{_hosts(counts['total'])}: {states}" if states else _hosts(0)
    found = document["attention"]
    for title, groups in (("failed", found["failed"]), ("unreachable", found["unreachable"]), ("log-ins", found["checks"])):
        for group in groups[:_MAX_GROUPS]:
            names = [item["host"] for item in group["hosts"]]
            yield f"{title}, {_hosts(len(names))} ({some(names, _MAX_HOSTS)}): {group['msg']}"
        if len(groups) > _MAX_GROUPS:
            yield f"{title}: {len(groups) - _MAX_GROUPS} more messages are in the report"
    if found["not_tried"]:
        yield f"never tried, {_hosts(len(found['not_tried']))}: {some(found['not_tried'], _MAX_HOSTS)}"
    for item in found["certificates"]:
        when = f"expires in {item['days']} days" if item["days"] >= 0 else "has expired"
        yield f"the certificate of {item['server']} {when}"
    if document["rerun"]["command"] and len(document["rerun"]["hosts"]) <= _MAX_HOSTS:
        yield f"to run it again for these hosts, with the other options of this run: {document['rerun']['command']}"


def _hosts(number: int | Sequence[str]) -> str:
    return "1 host" if number == 1 else f"{number} hosts"
