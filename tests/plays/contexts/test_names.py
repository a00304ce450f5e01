# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that hosts of an inventory may have, and what a cache of facts keeps of a rollout."""

from __future__ import annotations

import json

from ..rollout.conftest import PROFILE, Project, user
from .conftest import ROLE, play, recap

LONG = "long-" + "x" * 235
NAMES = ["büro-7", "a,b", "two words", "host.example.org", "fe80::1", LONG, "quote'd", "$(id)", "-dash"]


def test_strange_names_of_hosts(project: Project) -> None:
    """In a dest, in the name of a report, on the host's list, which a removal goes by."""
    hosts = {name: {"mail_accounts_users": [user("anna")]} for name in NAMES}
    paths = {"dest": f"{project.path}/homes/{{HostName}}/{{UserName}}", "report_path": f"{project.path}/reports/{{{{ inventory_hostname }}}}.json"}
    inventory = project.inventory(hosts, **{f"mail_accounts_{name}": path for name, path in paths.items()})
    (project.path / "reports").mkdir()
    run = project.rollout(inventory)
    assert recap(run) == dict.fromkeys(NAMES, {"ok": 2, "changed": 1}), run.output
    assert project.written() == sorted(f"{name}/anna/.msmtprc" for name in NAMES)
    for name in NAMES:
        assert f"mail_account: [{name}] 1 user, 1 account: 1 file created" in run.stderr
        report = json.loads((project.path / "reports" / f"{name}.json").read_text(encoding="utf-8"))
        assert report["changes"][0]["path"] == f"{project.path}/homes/{name}/anna/.msmtprc"
    again = project.rollout(inventory, "-e", '{"mail_accounts_users": [{"name": "anna", "state": "absent"}]}')
    assert recap(again) == dict.fromkeys(NAMES, {"ok": 2, "changed": 1}) and project.written() == [], again.output


def test_a_cache_of_facts(project: Project) -> None:
    """It keeps the interpreter and nothing of the mail; and an interpreter that went away is found anew."""
    inventory = project.inventory({"desk": {"mail_accounts_users": [user("anna")]}})
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(project.path / "cache"), "ANSIBLE_GATHERING": "smart"}
    discover = {"ansible_python_interpreter": "auto_silent"}
    cache["PATH"] = "/usr/bin:/bin"  # in which it is found
    stored = [
        {"mailops.profiles.mail_profile": {**PROFILE, "store": f"{project.path}/p.db"}, "register": "profile"},
        {"mailops.profiles.mail_profiles": {"profiles": [PROFILE], "store": f"{project.path}/p.db"}},
        {"mailops.profiles.mail_profile_info": {"store": f"{project.path}/p.db"}},
        ROLE,
    ]
    first = play(project, [{"tasks": stored, "vars": discover}], inventory, **cache)
    assert recap(first) == {"desk": {"ok": 6, "changed": 2}}, first.output
    (path,) = (project.path / "cache").iterdir()
    kept = path.read_text(encoding="utf-8")
    # In 2.19 and newer the facts are JSON in a text.
    facts = json.loads(json.loads(kept).get("__payload__", kept))
    assert set(facts) == {"discovered_interpreter_python"}
    path.write_text(kept.replace(facts["discovered_interpreter_python"], "/gone/python3"), encoding="utf-8")
    second = play(project, [{"tasks": [ROLE], "vars": discover}], inventory, **cache)
    sentence = "mail_account: /gone/python3 did not run on the host (exit status 127): run with --flush-cache, or set ansible_python_interpreter"
    assert second.status and sentence in second.output, second.output
    third = play(project, [{"tasks": [ROLE], "vars": discover}], inventory, "--flush-cache", **cache)
    assert recap(third) == {"desk": {"ok": 3}}, third.output
