# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/clients.md, generated from the registry: what each client expresses, where it writes, and what administrators need to know."""

from __future__ import annotations

import json
import textwrap
from typing import Any, Iterable

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client, Option
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import dotted_fields

from .judges import JUDGES, NOBODY, Judge, Verdict

INTRODUCTION = """\
# Clients

<!-- Generated from plugins/plugin_utils/_clients by `make clients-table`; a unit test compares it. -->

The names are those of the option `clients` of `mailops.profiles.mail_account`. A dot means that a client expresses a field of the
profile: when the field changes, so do the client's files. The task reports fields that a profile sets and a client cannot express in
`dropped`, and accounts that a client does not support in `skipped_accounts`, with the reason.

A dot below "Folders on the server" means the folder in the form that the program needs: `folders.*` are paths with `/`, in Unicode, below
`incoming.namespace`. aerc, Alpine and S-nail do not ask the server for its separator; they need `incoming.separator` where it is not `/`.
"""
JUDGED = """\
## What judged the files

Two kinds of tests: whoever is named in the first column reads back what is written for random profiles and users, with quotes,
commands and the program's own special characters in every text, and has every value as it was. In the second column the program itself logs in
with some accounts of the tests, reads and sends. No expected file counts as a judge.
"""
GROUPS = {
    "The account": lambda name: "." not in name,
    "The incoming server": lambda name: name.startswith("incoming."),
    "The outgoing server": lambda name: name.startswith("outgoing."),
    "Folders on the server": lambda name: name.startswith("folders."),
}


def document(clients: Iterable[Client]) -> str:
    clients = list(clients)
    parts = [INTRODUCTION]
    for title, belongs in GROUPS.items():
        fields = [name for name in dotted_fields() if belongs(name)]
        parts.append(f"## {title}\n\n{_table(clients, fields)}")
    parts.append(f"{JUDGED}\n{_judges(clients)}")
    parts.append("## Each client\n")
    parts += [_section(client) for client in clients]
    return "\n".join(parts)


def _table(clients: list[Client], fields: list[str]) -> str:
    rows = [["client", *(name.rpartition(".")[2] for name in fields)], ["---", *(":-:" for _name in fields)]]
    rows += [[f"`{client.name}`", *("•" if name in client.expresses else "" for name in fields)] for client in clients]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _judges(clients: list[Client]) -> str:
    rows = [["client", "any valid profile and user", "a log-in at a real server"], ["---"] * 3]
    for client in clients:
        verdict = JUDGES.get(client.name, Verdict(NOBODY, NOBODY))
        rows.append([f"`{client.name}`", *(_judge(judge) for judge in verdict)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _judge(judge: Judge | str) -> str:
    if isinstance(judge, str):
        return judge
    path, _separator, name = judge.test.partition("::")
    return f"{judge.what} ([{name}](../tests/{path}))"


def _section(client: Client) -> str:
    facts = [
        f"- accounts: {', '.join(kind.upper() for kind in client.account_types)}",
        f"- `authentication`: {', '.join(client.authentications)}",
        f"- files: {', '.join(f'`~/{path}`' for path in client.paths)}",
    ]
    if client.host_files:
        facts.append(f"- files of the host: {', '.join(f'`/{file.path}`' for file in client.host_files)}")
    lines = [textwrap.fill(fact, 132, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False) for fact in facts]
    notes = textwrap.fill(client.notes, 132, break_on_hyphens=False, break_long_words=False)
    return "\n".join([f"### {client.title} (`{client.name}`)", "", notes, "", *lines, "", *_options(client)])


def _options(client: Client) -> list[str]:
    if not client.options:
        return []
    rows = [
        f"| `{option.name}` | {option.type} | {_default(option.default)} | {option.description}{_choices(option)} |"
        for option in client.options
    ]
    return [
        f"Options, in `client_options: {{{client.name}: {{...}}}}`:",
        "",
        "| option | type | default | meaning |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _default(value: Any) -> str:
    return "" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _choices(option: Option) -> str:
    return f" One of {', '.join(f'`{choice}`' for choice in option.choices)}." if option.choices else ""
