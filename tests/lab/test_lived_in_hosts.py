# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A default that the host's administrator gave everybody, in a file below /etc, stays the user's; a profile that is marked wins over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from deployed import deploy, profile
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")

# What it says, how the program displays its default, and what it displays then.
HOSTS = {
    "msmtp": ("/etc/msmtprc", "account default\nhost smtp.own.example\nfrom x@own.example\n", ["msmtp", "-P"], "host = {}\n"),
    "msmtp without the word": ("/etc/msmtprc", "# ours\nhost smtp.own.example\nfrom x@own.example\n", ["msmtp", "-P"], "host = {}\n"),
    "git_send_email": (
        "/etc/gitconfig", "[sendemail]\n\tsmtpServer = smtp.own.example\n\tidentity = host\n",
        ["sh", "-c", "git config sendemail.$(git config sendemail.identity).smtpserver || git config sendemail.smtpserver"], "{}\n",
    ),
    "s_nail": (
        "/etc/s-nail.rc", "set v15-compat mta=smtps://smtp.own.example:465\n",
        ["s-nail", "-N", "-:su", "-X", "echo $mta", "-X", "xit"], "{}:465\n",
    ),
}  # fmt: skip


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, lab: Lab) -> Iterator[tuple[str, list[str], str]]:
    name, text, command, displayed = HOSTS[request.param]
    # The writer reads the host's file, and the programs of another release that in their own root.
    places = [path for path in (lab.path(name), lab.path(f"/mnt/root{name}")) if path.parent.is_dir()]
    before = [path.read_text() if path.exists() else None for path in places]
    for path in places:
        path.write_text(text)
    yield request.param.split()[0], command, displayed
    for path, old in zip(places, before, strict=True):
        path.write_text(old) if old is not None else path.unlink()


@pytest.mark.parametrize("marked", [False, True])
def test_a_default_of_the_host(lab: Lab, host: tuple[str, list[str], str], marked: bool) -> None:
    client, command, displayed = host
    (account,) = deploy(lab, "anna", [profile(default=marked)], [client])
    shown = lab.run(command, user="anna")
    assert displayed.format("smtp.example.org" if marked else "smtp.own.example") in shown.stdout, shown
