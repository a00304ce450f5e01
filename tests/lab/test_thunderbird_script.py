# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that reads the accounts inside of Thunderbird: files that are wrong, and when it goes."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from deployed import USERS, deploy, empty_home, profile, remove_all
from harness import Lab
from thunderbird import Thunderbird
from thunderbird_scripts import key_of, state

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

pytestmark = pytest.mark.usefixtures("no_command_ran")

WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "type": ("server", {"type": "rss"}),
    "number": ("server", {"port": 1e20}),
    "nested": ("server", {"hostname": ["x.example.org"]}),
    "security": ("server", {"socketType": 1}),
    "no-host": ("server", {"hostname": ""}),
    "local-path": ("server", {"directory": "/etc"}),
    "other-branch": ("server", {"../../general.config.filename": "x"}),
    "signature-file": ("identity", {"sig_file": "/etc/passwd"}),
    "prototype": ("smtpserver", {"__proto__": "x", "constructor": "x"}),
}


def test_what_is_wrong_is_left_out(lab: Lab) -> None:
    anna = USERS["anna"]
    good, twin = deploy(lab, "anna", [profile(), {**profile(), "name": "zwilling"}], ["thunderbird"])
    folder = lab.path("/home/anna/.config/mailops/thunderbird")
    text = (folder / f"{good.key}.json").read_text()
    data = json.loads(text)
    files = {
        "broken": "{", "empty": "", "list": "[]", "null": "null", "number": "1", "deep": "[" * 100_000, "huge": "[" * 10_000_000,
        **{f"no-{part}": json.dumps({**data, part: 1}) for part in ("server", "identity", "smtpserver")},
        **{name: json.dumps({**data, part: {**data[part], **values}}) for name, (part, values) in WRONG.items()},
        "others-can-write": text, "unreadable": text, "UPPER": text, "two.dots": text,
    }  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.json").write_text(content)
    (folder / "latin-1.json").write_bytes('{"\u00e9": 1}'.encode("latin-1"))
    (folder / "others-can-write.json").chmod(0o666)
    (folder / "unreadable.json").chmod(0)
    (folder / "directory.json").mkdir()
    (folder / "link.json").symlink_to(f"{good.key}.json")
    (folder / "device.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.json")
    lab.run(["chown", "-R", "anna:", "/home/anna"])
    # An administrator's own lines, and the block of another instance.
    config = lab.path("/etc/thunderbird/thunderbird.cfg")
    script = config.read_text()
    second = script.replace("mailops.profiles default", "mailops.profiles second")
    config.write_text(f"// ours\npref('example.own', 1);\n{script}{second}")
    try:
        with Thunderbird(lab, "anna") as thunderbird:
            found = state(thunderbird)
            assert set(found["accounts"]) == {key_of(good), "account1"}
            assert [login[0] for login in found["logins"]] == ["imap://imap.example.org", "smtp://smtp.example.org"]
            assert thunderbird.run("return Services.prefs.getIntPref('example.own')") == 1
            wrong = {"latin-1", "directory", "link", "device", "pipe", *files} - {"UPPER", "two.dots"}
            told = [line for line in found["log"] if any(f"/{name}.json: " in line for name in wrong)]
            assert len(told) == len(wrong)
            assert [line for line in found["log"] if line not in told] == [
                f"mailops.profiles: {key_of(twin)}: there is already an account for imap {anna.email} imap.example.org"
            ]
    finally:
        config.write_text(script)


def test_the_script_goes_when_thunderbird_has_forgotten(lab: Lab) -> None:
    host = [lab.path(f"/{file.path}") for file in clients.get("thunderbird").host_files]
    for name in USERS:  # the other tests of this file
        empty_home(lab, name)
    deploy(lab, "basil", [profile()], ["thunderbird"])
    with Thunderbird(lab, "basil") as thunderbird:
        assert len(state(thunderbird)["logins"]) == 2
    for _time in range(2):
        assert [result.name for result in remove_all(lab).results if result.residue] == ["basil"]
    assert all("mailops.profiles default" in path.read_text() for path in host)
    with Thunderbird(lab, "basil") as thunderbird:
        found = state(thunderbird)
        assert found["logins"] == [] and not [key for key in found["accounts"] if key.startswith("mailops-")]
    assert not any(result.residue for result in remove_all(lab).results)
    assert not [path for path in host if path.exists() and "mailops.profiles default" in path.read_text()]
