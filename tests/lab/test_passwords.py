# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and log-in names of any kind, and commands that print them, in the clients that are started without a person."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import pytest
from deployed import FETCHED, USERS, deploy, every_user, opens_mailbox, profile
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")


@every_user
def test_password_command(lab: Lab, name: str) -> None:
    user = USERS[name]
    words = {f"{side}__password_command": ["cat", "{Place}"] for side in ("incoming", "outgoing")}
    none = {f"{side}__password": None for side in ("incoming", "outgoing")}
    place = f"{user.home}/it's \"$HOME\" `x`"
    deploy(lab, name, [profile(variables={"Place": None}, **none, **words)], ["neomutt", "msmtp", "mbsync"],
           variables={"Place": place})
    lab.path(place).write_text(f"{user.password}\n", encoding="utf-8")
    lab.path(place).chmod(0o644)
    lab.deliver(user.email, "by command", "Hello\n")
    for program in ("mutt", "neomutt"):
        opens_mailbox(lab, program, name, "by command")
    sent = lab.run(["msmtp", user.email], user=name, input="Subject: x\n\nx\n")
    assert sent.returncode == 0, sent.stderr
    synced = lab.run(["mbsync", "--all"], user=name)
    assert synced.returncode == 0, synced.stderr


PIECES = ("`touch /tmp/pwned`", "$(touch /tmp/pwned)", "|touch /tmp/pwned", "'", '"', "\\", "`", "$HOME", "${HOME}", "#", "%",
          "%41", "%s", ";", "{", "}", " ", "  ", "\\n", "\\x41",
          "\\101", "\u0142", "\u00df", "\u65e5\u672c", "\U0001f511", "a", "B", "0",
          "=", "+", ":", "@", "/", "~", "!", "&", "<", ">", "(", ")", "[", "]", "*", "?", ",", ".", "^")  # fmt: skip


@pytest.mark.parametrize("seed", range(int(os.environ.get("MAILOPS_LAB_EXAMPLES", "4"))))
def test_any_password_logs_in(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    password = "".join(chance.choices(PIECES, k=chance.randint(1, 25)))
    # A leading '-' is one that Postfix refuses.
    email = f"p{''.join(chance.choices('abc!#$%&+-=^_`{|}~', k=5))}{seed}'@example.org"
    lab.set_accounts({email: password})
    display_name = "".join(chance.choices(PIECES, k=8)).strip() or "x"
    logs_in_everywhere(lab, email, password, display_name)


@pytest.mark.parametrize(("length", "programs"), [
    (255, ["neomutt", "msmtp", "mbsync", "fetchmail"]), (480, ["msmtp", "mbsync", "fetchmail"]), (1000, ["mbsync", "fetchmail"]),
])  # fmt: skip
def test_a_long_password_is_not_cut_off(lab: Lab, length: int, programs: list[str]) -> None:
    email, password = f"long{length}@example.org", "0123456789" * (length // 10) + "x" * (length % 10)
    lab.set_accounts({email: password})
    logs_in_everywhere(lab, email, password, "Long", programs)


def test_a_long_log_in_name_is_not_cut_off(lab: Lab) -> None:
    email = f"{'l' * 64}@{'o' * 50}.example.org"  # 127 bytes
    lab.set_accounts({email: "secret"})
    logs_in_everywhere(lab, email, "secret", "Long", ["neomutt", "mbsync", "fetchmail"], sends=False)


def logs_in_everywhere(
    lab: Lab, email: str, password: str, display_name: str,
    programs: Sequence[str] = ("neomutt", "msmtp", "mbsync", "fetchmail"), sends: bool = True,
) -> None:  # fmt: skip
    secret = {"email": email, "password": password, "display_name": display_name}
    lab.deliver(email, "is there", "Hello\n")
    deploy(lab, "anna", [profile(reply_to=None)], programs, **secret)
    if "neomutt" in programs:
        for program in ("mutt", "neomutt"):
            opens_mailbox(lab, program, "anna", "is there")
            if sends:
                sent = lab.run([program, "-s", "sent", email], user="anna", input="x\n")
                assert (sent.returncode, sent.stderr) == (0, "")
    if "msmtp" in programs:
        sent = lab.run(["msmtp", email], user="anna", input="Subject: x\n\nx\n")
        assert (sent.returncode, sent.stderr) == (0, "")
    if "mbsync" in programs:
        synced = lab.run(["mbsync", "--all"], user="anna")
        assert synced.returncode == 0, synced.stderr
    if "fetchmail" in programs:
        for data in FETCHED.values():
            deploy(lab, "anna", [{**data, "reply_to": None}], ["fetchmail"], **secret)
            fetched = lab.run(["fetchmail", "--check"], user="anna")
            assert fetched.returncode in (0, 1), fetched.stdout + fetched.stderr
