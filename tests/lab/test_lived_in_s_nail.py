# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S-nail where the user has settings of their own for another server: neither server sees the other's name or password."""

from __future__ import annotations

import pytest
from deployed import USERS, deploy, profile, redeploy
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")

OWN, OWN_PASSWORD = "anna@own.example", "theirs"
ANNA = USERS["anna"]
MAILRC = (
    f"set v15-compat user={OWN} password={OWN_PASSWORD} smtp-auth=plain imap-auth=login tls-ca-file={Lab.ca_file} tls-ca-no-defaults\n"
    f"set from={OWN} sender={OWN} reply-to={OWN} autocc={OWN} autobcc={OWN} netrc-lookup message-inject-head=theirs record=+Sent\n"
    "set inbox=imaps://imap.own.example/INBOX folder=imaps://imap.own.example/ mta=smtps://smtp.own.example:465\n"
    "define theirs {\n  eval 'shell touch ~/pwned'\n}\nset on-compose-leave=theirs\n"
)


@pytest.mark.parametrize("changes", [{}, {"default": True}, {"incoming__password": None, "outgoing__password": None}], ids=["password", "default", "none"])
def test_each_server_gets_its_own_password(lab: Lab, changes: dict[str, object]) -> None:
    deploy(lab, "anna", [], ["s_nail"])
    lab.set_accounts({OWN: OWN_PASSWORD})
    plain = MAILRC.replace("set on-compose-leave=theirs\n", "")
    lab.run(["sh", "-c", "umask 077; cat > .mailrc; echo 'default login x password theirs' > .netrc"], user="anna", input=plain)
    for present in ([], [profile(**changes)], []):
        (account,) = redeploy(lab, "anna", present, ["s_nail"]) or [None]
        theirs = ["-A", "null"] if account and "default" in changes else []
        since = lab.mark()
        lab.deliver(OWN, "theirs", "Hello\n")
        read = lab.run(["s-nail", "-H", *theirs], user="anna")
        assert read.returncode == 0 and "theirs" in read.stdout, read
        assert set(lab.seen_by("own.example", since)) == {(OWN, OWN_PASSWORD)} and lab.seen_by("example.org", since) == []
        if account is None:
            continue
        lab.run(["sh", "-c", "echo set on-compose-leave=theirs >> .mailrc"], user="anna")
        lab.empty(ANNA.email)
        lab.deliver(ANNA.email, "is there", "Hello\n")
        since = lab.mark()
        read = lab.run(["s-nail", "-A", account.key, "-H"], user="anna")
        sent = lab.run(["s-nail", "-A", account.key, "-s", "sent", ANNA.email], user="anna", input="Hello\n")
        assert lab.seen_by("own.example", since) == []
        if account.incoming.password is None:
            assert read.returncode != 0 and sent.returncode != 0 and lab.seen_by("example.org", since) == []
            continue
        assert read.returncode == 0 and "is there" in read.stdout, read
        assert sent.returncode == 0, sent.stderr
        assert set(lab.seen_by("example.org", since)) == {(ANNA.email, ANNA.password)}
        message = lab.messages(ANNA.email)[-1]
        assert message["Return-Path"] == f"<{ANNA.email}>" and OWN not in message.as_string() and "theirs" not in message.get_content()
        lab.run(["sed", "-i", "/on-compose-leave=/d", ".mailrc"], user="anna")
