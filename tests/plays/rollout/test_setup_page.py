# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Setup pages by ansible-playbook: docs/setup-page.md as it is."""

from __future__ import annotations

import re
import stat

from ...checkout import ROOT
from .conftest import Project


def test_the_page_about_setup_pages(project: Project) -> None:
    text = (ROOT / "docs/setup-page.md").read_text(encoding="utf-8")
    inventory, command, listing = re.findall(r"^```\w+\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    project.write("inventory.yml", inventory)
    program, *arguments = command.split()
    assert program == "ansible-playbook"
    dry = project.play(*arguments, "--check")
    assert dry.status == 0 and not (project.path / "pages").exists(), dry.output
    run = project.play(*arguments)
    assert run.status == 0 and "change me" not in run.output and "base64" not in run.output, run.output
    assert run.output == dry.output.replace(" would be created", " created")
    assert "setup page (pl), SHA-256 without codes: " in run.output and "codes: 1 " in run.output
    place = project.path / "pages/jkowalska"
    assert sorted(path.name for path in place.iterdir() if path.is_file()) == listing.split()
    assert stat.S_IMODE((place / "index.html").stat().st_mode) == 0o644
    made = (place / "index.html").read_text(encoding="utf-8")
    assert "E-mail of Example Ltd" in made and "#7a1f5c" in made and "change me" not in made

    assert "changed=0 " in project.play(*arguments).output
    assert project.play(*arguments, "-e", "mail_accounts_state=absent").status == 0
    assert not place.exists() or not [path for path in place.rglob("*") if path.is_file()]


def test_the_pictures_of_the_page_are_there() -> None:
    text = (ROOT / "docs/setup-page.md").read_text(encoding="utf-8")
    names = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert len(names) == 3 and all(0 < (ROOT / "docs" / name).stat().st_size < 150_000 for name in names)
