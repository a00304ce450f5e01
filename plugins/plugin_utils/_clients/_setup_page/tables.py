# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of an account's settings, in the words of one language. No password is in it."""

from __future__ import annotations

from typing import Any, Iterator

from ..._model.account import Account
from ..._model.profile import FOLDERS, Server
from .page import AccountTable, Row, ServerTable


def account_table(account: Account, texts: dict[str, Any]) -> AccountTable:
    labels = texts["settings"]
    return AccountTable(
        key=account.key,
        name=account.account_name,
        email=account.email,
        rows=[*_rows(account, texts)],
        servers=[
            ServerTable(f"{labels['incoming']} ({account.account_type.upper()})", [*_server(account.incoming, texts)]),
            ServerTable(f"{labels['outgoing']} (SMTP)", [*_server(account.outgoing, texts)]),
        ],
    )


def _rows(account: Account, texts: dict[str, Any]) -> Iterator[Row]:
    labels = texts["settings"]
    yield Row(labels["type"], account.account_type.upper())
    yield Row(labels["email"], account.email, typed=True)
    if account.sender_name:
        yield Row(labels["name"], account.sender_name, typed=True)
    if account.reply_to:
        yield Row(labels["reply_to"], account.reply_to, typed=True)
    if account.account_type == "pop":
        yield Row(labels["leave_on_server"], _leave_on_server(account, texts["leave_on_server"]))
    for name in FOLDERS:
        if name in account.folders:
            yield Row(texts["folders"][name], account.folders[name], typed=True)


def _leave_on_server(account: Account, texts: dict[str, Any]) -> str:
    if not account.leave_on_server:
        return texts["deleted"]
    return texts["days"].format(days=account.delete_after_days) if account.delete_after_days else texts["stays"]


def _server(server: Server, texts: dict[str, Any]) -> Iterator[Row]:
    labels = texts["settings"]
    yield Row(labels["host"], server.host, typed=True)
    yield Row(labels["port"], str(server.port), typed=True)
    yield Row(labels["security"], texts["security"][server.security])
    if server.authentication != "none":
        yield Row(labels["username"], server.username, typed=True)
    yield Row(labels["authentication"], texts["authentication"][server.authentication])
