# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever lets everybody read passwords is told."""

from __future__ import annotations

from typing import Any

import pytest

from .deployments import JOANNA, deployment, profile

SAID = "mode: everybody who has an account on the host may read the passwords in the files of {}, because it is 0644"
WITH = {"include_passwords": True}


@pytest.mark.parametrize(("options", "writing"), [
    ({}, "msmtp"),
    ({"mode": "0640"}, None),
    ({"mode": None}, None),
    ({"profile_definitions": [profile(incoming__password=None, outgoing__password=None)]}, None),
    ({"clients": ["setup_page", "mobileconfig"]}, None),
    ({"clients": ["setup_page", "mobileconfig"], "client_options": {"mobileconfig": WITH}}, "mobileconfig"),
    ({"clients": ["msmtp", "setup_page"], "client_options": {"setup_page": WITH}}, "msmtp, setup_page"),
])  # fmt: skip
def test_a_mode_that_lets_everybody_read_passwords(options: dict[str, Any], writing: str | None) -> None:
    found = [text for text in deployment([JOANNA], **{"dest": "/srv/{UserName}", "mode": "0644", **options}).warnings if text.startswith("mode: ")]
    assert [text.partition(":")[0] for text in found] == ["mode"] * bool(writing)
    assert not writing or found[0].startswith(SAID.format(writing)), found
