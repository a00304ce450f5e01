# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELinux contexts of new files, without a policy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .home import MANIFEST, OWN, Home, Host, block, owned

CONTEXT = "user_u:object_r:user_home_t:s0"


def test_new_files_get_the_context_that_the_policy_wants(host: Host, alice: Home) -> None:
    """A kernel with security modules but without SELinux does not let a user set it, which is reported for each file."""
    alice.write(".blockrc", "mine\n")
    outcome = host.run(block(), owned(), label=lambda path: CONTEXT)["alice"]
    assert outcome.problem is None and alice.read(OWN) == b"own\n"
    contexts = {path: context(alice.path / path) for path in (MANIFEST, OWN)}
    unlabelled = [path for path, found in contexts.items() if found != CONTEXT]
    assert list(outcome.warnings) == [f"the SELinux context of {alice.path / path} could not be set" for path in unlabelled]
    assert context(alice.path / ".blockrc") != CONTEXT  # the user's own file keeps what it has


def context(path: Path) -> str:
    attributes = os.listxattr(path)
    return os.getxattr(path, "security.selinux").decode().rstrip("\0") if "security.selinux" in attributes else ""


@pytest.mark.skipif(os.path.exists("/sys/fs/selinux/enforce"), reason="the policy of this machine decides what root may set")
def test_roots_own_files_get_the_context(host: Host, tmp_path: Path) -> None:
    """Root may set it where the kernel has no SELinux."""
    place = tmp_path / "srv"
    asked = tmp_path / "asked"

    def label(path: str) -> str:
        with open(asked, "a") as file:
            file.write(f"{path}\n")
        return CONTEXT if path.endswith("/work") else ""

    assert host.dest(place, owned(), block(), label=label).warnings == ()
    assert context(place / OWN) == CONTEXT and context(place / ".blockrc") == ""
    assert {f"{place}/{OWN}", f"{place}/.blockrc"} <= set(asked.read_text().splitlines())
