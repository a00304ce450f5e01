# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/phones.md as it is, and the life of its files: a second run, other keys, renewed certificates, removal; no secret in any output."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from typing import Any

import pytest

from ...checkout import ROOT
from ...unit.clients.qr_readers import by_zbar
from .conftest import Project, Run

PAGE = (ROOT / "docs/phones.md").read_text(encoding="utf-8")
INVENTORY, MAKE_KEY, ROLLOUT, VERIFY = re.findall(r"^```\w+\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
PASSWORD = "change me"
ROLLOUT_ARGUMENTS = ROLLOUT.split()[1:]
EC_KEY = "(umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signing.key)\n"


@pytest.fixture
def phones(project: Project) -> Project:
    project.write("inventory.yml", INVENTORY)
    shell(project, MAKE_KEY)
    return project


def shell(project: Project, commands: str) -> bytes:
    done = subprocess.run(["sh", "-e", "-c", commands], cwd=project.path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def play(project: Project, *arguments: str, **options: Any) -> Run:
    """The command of the page. Whatever it displays and reports has no password, no key and no part of the files."""
    report = project.path / "report.json"
    extra = json.dumps({"mail_accounts_report_path": str(report), **options})
    run = project.play(*ROLLOUT_ARGUMENTS, "-vvv", "-e", extra, *arguments)
    assert run.status == 0, run.output
    texts = run.output + report.read_text(encoding="utf-8") + manifests(project)
    key = (project.path / "signing.key").read_text().splitlines()
    encoded = [base64.b64encode(PASSWORD.encode()).decode(), PASSWORD.replace(" ", "%20")]
    for secret in (*encoded, *key[1:-1]):
        assert secret not in texts
    # The page's inventory has it, and -vvv displays where a value comes from, not what it is.
    assert PASSWORD not in texts
    return run


def manifests(project: Project) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in project.path.rglob("*manifest*.json"))


def changed(run: Run) -> int:
    return int(re.findall(r"changed=(\d+)", run.stdout)[0])


def files(project: Project) -> dict[str, bytes]:
    place = project.path / "phones"
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file() and ".local" not in path.parts}


def has_what_the_page_says(project: Project, run: Run) -> None:
    names = re.findall(r"directory then has (.*?) A second", PAGE, flags=re.DOTALL)[0]
    assert {f"jkowalska/{name}" for name in re.findall(r"`([\w.-]+\.[\w]+)`", names)} == set(files(project))
    profile = shell(project, VERIFY)
    assert profile.startswith(b"<?xml") and b"imap.example.org" in profile and PASSWORD.encode() not in profile
    assert b"p=change%20me&" in by_zbar(files(project)["jkowalska/delta-chat-work-fe4292b5.png"])
    assert "?p=********&" in run.output and "signed with the key" in run.output
    assert {oct(path.stat().st_mode)[-3:] for path in (project.path / "phones/jkowalska").glob("*.*")} == {"600"}


@pytest.mark.parametrize("make_key", [
    pytest.param(MAKE_KEY, id="rsa"),
    pytest.param(EC_KEY + MAKE_KEY.splitlines()[1], id="ec", marks=pytest.mark.long),
])  # fmt: skip
def test_the_page_about_phones_and_the_life_of_its_files(make_key: str, phones: Project) -> None:
    shell(phones, make_key)
    dry = play(phones, "--check")
    assert files(phones) == {}
    first = play(phones)
    assert diff(dry) == diff(first) and changed(first) == changed(dry) == 1
    has_what_the_page_says(phones, first)
    before = files(phones)
    assert changed(play(phones)) == 0 and files(phones) == before

    shell(phones, MAKE_KEY.splitlines()[1].replace("365", "366"))  # renewed, with the same key
    renewed = play(phones)
    assert {name for name, content in files(phones).items() if content != before[name]} == {"jkowalska/mail.mobileconfig"}
    assert "signed with another key" not in renewed.output

    shell(phones, make_key)
    for run in (play(phones, "--check"), play(phones)):
        assert "mobileconfig: the profiles were signed with another key before" in run.output and "(jkowalska)" in run.output

    (phones.path / "signing.key").write_text("lost")
    assert changed(play(phones, mail_accounts_state="absent")) == 1 and files(phones) == {}


def diff(run: Run) -> list[str]:
    return [line for line in run.stdout.splitlines() if line.startswith(("+", "-"))]


def test_a_key_that_others_can_read_stops_the_run_before_anything_is_written(phones: Project) -> None:
    (phones.path / "signing.key").chmod(0o644)
    run = phones.play(*ROLLOUT_ARGUMENTS)
    assert run.status != 0 and files(phones) == {}
    assert "client_options.mobileconfig.signing_key_file: others on this machine may read" in run.output


def test_a_passphrase_is_in_no_output(phones: Project) -> None:
    """The right one opens the key in tests of the client."""
    shell(phones, "openssl pkey -in signing.key -aes256 -passout pass:Pa55-phrase -out locked.key; chmod 600 locked.key; mv locked.key signing.key")
    phones.write("inventory.yml", INVENTORY.replace("        signing_cert", "        signing_key_passphrase: Wr0ng-phrase\n        signing_cert"))
    run = phones.play(*ROLLOUT_ARGUMENTS, "-vvv")
    assert run.status != 0 and files(phones) == {}
    assert "or signing_key_passphrase is another one's" in run.output and "Wr0ng" not in run.output
