# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has said what to which server, to log in: Dovecot writes it down for IMAP and POP, and for Postfix, which asks it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

ADDRESSES = {"example.org": "127.0.0.2", "own.example": "127.0.0.3"}
_LINE = re.compile(r"client in: (AUTH|CONT)\t(\d+)\t?(.*?)(?: \(previous base64 data .*\))?$")


def seen(log: str, domain: str) -> list[tuple[str, str]]:
    """The pairs of log-in name and password that the servers of this domain were given, right or wrong, in order."""
    return [(user, password) for address, user, password in _attempts(log) if address == ADDRESSES[domain]]


def _attempts(log: str) -> Iterator[tuple[str, str, str]]:
    """Address of the server, log-in name, password. A password that is not sent (CRAM-MD5) is none."""
    open_: dict[str, tuple[str, str, list[str]]] = {}
    for line in log.splitlines():
        found = _LINE.search(line)
        if not found:
            continue
        kind, number, rest = found.groups()
        if kind == "AUTH":
            mechanism, *parameters = rest.split("\t")
            given = dict(each.split("=", 1) for each in parameters if "=" in each)
            open_[number] = (given["lip"], mechanism.upper(), [given["resp"]] if "resp" in given else [])
        elif number in open_:
            open_[number][2].append(rest)
        address, mechanism, answers = open_.get(number, ("", "", []))
        said = [base64.b64decode(answer + "=" * (-len(answer) % 4)).decode(errors="backslashreplace") for answer in answers]
        if mechanism == "PLAIN" and said and said[-1].count("\0") == 2:
            yield address, *said[-1].split("\0")[1:]
        elif mechanism == "LOGIN" and len(said) == 2:
            yield address, *said
        elif mechanism == "CRAM-MD5" and said:
            yield address, said[-1].rpartition(" ")[0], ""
        else:
            continue
        del open_[number]
