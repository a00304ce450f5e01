# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the real clients, as the writer gets them."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File, Variant


def client_files(client: Any, accounts: Any, context: Any) -> list[File]:
    return [file if isinstance(file, File) else _wire_file(client.name, file) for file in client.files(accounts, context)]


def _wire_file(producer: str, file: Any) -> File:
    """Until the registry gives the wire's own type."""
    variants = () if file.unless is None else (Variant(file.unless, (file.text_if_matched or "").encode(), file.shown_if_matched or ""),)
    return File(
        file.path, file.text.encode(), file.strategy, file.comment, file.alternatives, variants, file.mode, "", file.secret, file.shown or "", producer
    )
