# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has said what to which server, to log in: Dovecot writes it down for IMAP and POP, and for Postfix, which asks it."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection, Iterator

ADDRESSES = {"example.org": "127.0.0.2", "own.example": "127.0.0.3"}
# Instead of a password that is not sent, and that is none of those that are known.
DIGEST = "(a digest)"
_CHALLENGE = re.compile(r"client (?:passdb )?out: CONT\t(\d+)\t([A-Za-z0-9+/=]+)")
_LINE = re.compile(r"client in: (AUTH|CONT)\t(\d+)\t?(.*?)(?: \(previous base64 data .*\))?$")


def seen(log: str, domain: str, known: Collection[str]) -> list[tuple[str, str]]:
    """The pairs of log-in name and password that the servers of this domain were given, right or wrong, in order. A password that was not
    sent, but answered a challenge with, is found among those that are ``known``."""
    return [(user, password) for address, user, password in _attempts(log, known) if address == ADDRESSES[domain]]


def _attempts(log: str, known: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Address of the server, log-in name, password."""
    open_: dict[str, tuple[str, str, list[str]]] = {}
    challenges: dict[str, bytes] = {}
    for line in log.splitlines():
        if asked := _CHALLENGE.search(line):
            challenges[asked[1]] = base64.b64decode(asked[2])
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
            user, _space, digest = said[-1].rpartition(" ")
            asked_for = challenges.get(number, b"")
            answers = {hmac.new(each.encode(), asked_for, "md5").hexdigest(): each for each in known}
            yield address, user, answers.get(digest, DIGEST)
        else:
            continue
        del open_[number]
