# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutt and NeoMutt at servers that are not who they say they are.

A file of its own, because a file is what one process of the tests takes, and both programs are slow.
"""

from __future__ import annotations

import subprocess

import pytest
from deployed import against, deploy, impostors, logins, mutts, pop, profile, screen, securities
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")


@mutts
@impostors
@securities
@pytest.mark.parametrize("make", [profile, pytest.param(pop, marks=pytest.mark.long)], ids=["imap", "pop"])
def test_mutt_goes_no_further_than_the_certificate(lab: Lab, program: str, impostor: str, security: str, make) -> None:
    before = logins(lab)
    deploy(lab, "anna", [against(impostor, security, make)], ["neomutt"])
    lab.run(["mkdir", "-p", "Mail"], user="anna")
    # There is no setting that makes it refuse by itself: it asks, and does nothing until somebody answers.
    with pytest.raises(subprocess.TimeoutExpired) as waiting:
        lab.pty([program], user="anna", timeout=2)
    assert "(r)eject" in screen(waiting.value.output)
    sent = lab.run([program, "-s", "x", "anna@example.org"], user="anna", input="x\n")
    assert sent.returncode != 0, sent
    assert logins(lab) == before
