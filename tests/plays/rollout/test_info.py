# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example of docs/info.md, and what fits into a result."""

from __future__ import annotations

import os
import re

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Found, FoundFile, Result
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.inventory import inventory, small_result
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.question import Question

from ...checkout import ROOT
from .conftest import Project, user

(EXAMPLE,) = re.findall(r"^```yaml\n# where.yml\n(.*?)^```$", (ROOT / "docs/info.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a list of places")
def test_the_example_of_the_page(project: Project) -> None:
    hosts = project.inventory({"desk-1": {"mail_accounts_users": [user("anna"), user("bob")]}, "desk-2": {"mail_accounts_users": [user("carol")]}})
    assert project.rollout(hosts).status == 0
    (project.path / "homes/desk-2/carol/.msmtprc").unlink()
    done = project.play(project.write("where.yml", EXAMPLE), "-i", hosts)
    assert done.status == 0 and re.search(r"anna: work \(20..-..-..T..:..:..Z\)", done.output), done.output
    # Each host has its own users, though all is on one machine; and nothing is changed.
    assert done.output.count("carol: work") == 1 and done.output.count("homes/desk-2/carol/.msmtprc") == 1
    assert done.output.count("changed=0") == 2 and "sesame" not in done.output


def test_a_result_is_small_and_says_so() -> None:
    files = tuple(FoundFile(f"/home/{'x' * 1000}/{number}", "msmtp", "edited") for number in range(1000))
    results = tuple(Result(f"u{number:03}", f"/home/u{number:03}", found=Found((), files if number == 5 else files[:1])) for number in range(300))
    report = inventory(Question(None, "default", None, ()), [Answer(results)], "desk-1")
    found = small_result(report)
    assert [entry["user"] for entry in found["users"]] == [f"u{number:03}" for number in range(5)] and len(found["drifted"]) == 100
    assert found["warnings"] == ["mail_account_info: the result has 5 of 300 users; report_path writes all of them to a file"]
    assert found["files"]["edited"] == 1299 and len(report["users"]) == 300 and len(report["drifted"]) == 1299
    assert len(str(found)) < 700_000
