# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module, the role and the playbook, from a controller over ssh: what is reported, what fails, and that no password is displayed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from controller import Controller
from harness import Lab
from login_checks import check, try_checks

from ansible_collections.mailops.profiles.plugins.module_utils._login_wire import RoundTrip
from tests.checkout import ROOT

pytestmark = pytest.mark.own_release
WRONG = "n0t the p4ssword"


class Checks:
    """Runs playbooks for one host with users of the lab."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.controller = Controller(lab, directory)
        self.text = ""

    def profile(self, **changes: Any) -> dict[str, Any]:
        servers = {
            "incoming": {"host": "imap.example.org", "password": "{UserPassword}"}, "outgoing": {"host": "smtp.example.org", "password": "{UserPassword}"},
        }  # fmt: skip
        for key, value in changes.items():
            side, _separator, field = key.partition("__")
            servers[side][field] = value
        return {"name": "work", "ca_file": self.lab.ca_file, **servers}

    def users(self, *names: str, **passwords: str) -> list[dict[str, Any]]:
        people = [self.lab.users[name] for name in names]
        return [
            {"name": each.name, "email": each.email, "display_name": "X", "password": passwords.get(each.name, each.password)} for each in people
        ]

    def play(self, playbook: str, users: list[dict[str, Any]], *arguments: str, profile: dict[str, Any] | None = None, **variables: Any) -> int:
        """The status; ``text`` is what was displayed, ``report`` the complete report."""
        (self.directory / "check.json").unlink(missing_ok=True)
        inventory = {
            "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3", "mail_accounts_users": users,
            "mail_accounts_profile_definitions": [profile or self.profile()], "mail_accounts_clients": ["msmtp"],
            "mail_accounts_check_report_path": str(self.directory / "check.json"), **variables,
        }  # fmt: skip
        path = self.directory / "inventory.json"
        path.write_text(json.dumps({"mail_accounts": {"hosts": {"desk": inventory}}}))
        done = self.controller.play(playbook, "-i", str(path), *arguments)
        self.text = done.stdout + done.stderr
        return done.returncode

    @property
    def report(self) -> dict[str, Any]:
        return json.loads((self.directory / "check.json").read_text())

    def outcomes(self) -> dict[tuple[str, str], str]:
        return {(entry["user"], entry["side"]): entry["outcome"] for entry in self.report["checks"]}


@pytest.fixture(scope="module")
def checks(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Checks:
    return Checks(lab, tmp_path_factory.mktemp("checks"))


def test_the_playbook(checks: Checks) -> None:
    """Users with difficult passwords; the whole report, and not one of the passwords in what is displayed."""
    names = ["anna", "basil", "longina", "lukasz"]
    assert checks.play("mailops.profiles.check", checks.users(*names), "-vvv") == 0, checks.text
    assert "mail_account_check: [desk] 4 users, 8 of 8 checks ok" in checks.text and "changed=0" in checks.text
    assert checks.outcomes() == {(name, side): "ok" for name in names for side in ("incoming", "outgoing")}
    report = checks.report
    assert (report["schema_version"], report["host"], report["failed"]) == (1, "desk", False) and report["counts"] == {"total": 8, "ok": 8, "failed": 0}
    servers = [("imap.example.org", 993, "ok"), ("smtp.example.org", 465, "ok")]
    assert [(server["host"], server["port"], server["outcome"]) for server in report["servers"]] == servers
    for name in names:
        secret = checks.lab.users[name].password
        assert secret not in checks.text and secret.encode("unicode_escape").decode() not in checks.text and json.dumps(secret)[1:-1] not in checks.text


def test_what_fails_is_listed(checks: Checks) -> None:
    mark = checks.lab.mark()
    users = checks.users("anna", "emil", "edith", emil=WRONG, edith=WRONG)
    assert checks.play("mailops.profiles.check", users, "-vvv") == 2
    assert "3 users, 2 of 6 checks ok; imap.example.org:993 password_refused (edith, emil); smtp.example.org:465 password_refused (edith, emil)" in checks.text
    assert "- imap.example.org:993 (incoming), password_refused: the server refuses the user name or the password" in checks.text
    assert "(profile work, users edith, emil): check both" in checks.text
    assert [entry["user"] for entry in checks.report["checks"]] == ["edith", "edith", "emil", "emil", "anna", "anna"]
    assert checks.report["counts"] == {"total": 6, "ok": 2, "failed": 4, "password_refused": 4}
    assert WRONG not in checks.text and WRONG not in json.dumps(checks.report)
    tried = checks.lab.seen_by("example.org", mark)
    assert len([each for each in tried if each[0] != "anna@example.org"]) <= 4, tried


def test_answers_of_a_survey(checks: Checks) -> None:
    """Text, blank or not."""
    blank = dict.fromkeys(("serial", "hosts", "store", "profiles", "check_timeout", "check_parallel", "check_fail_on", "check_round_trip"), " ")
    assert checks.play("mailops.profiles.check", checks.users("anna"), "-e", json.dumps({f"mail_accounts_{key}": value for key, value in blank.items()})) == 0
    assert "1 user, 2 of 2 checks ok" in checks.text
    texts = {"check_timeout": "20", "check_parallel": "3", "check_round_trip": "true", "hosts": "desk", "serial": "1"}
    assert checks.play("mailops.profiles.check", checks.users("anna"), "-e", json.dumps({f"mail_accounts_{key}": value for key, value in texts.items()})) == 0
    assert "1 user, 3 of 3 checks ok" in checks.text and checks.outcomes()["anna", "round_trip"] == "ok"
    assert checks.lab.messages("anna@example.org") == []


def test_check_mode_sends_no_message(checks: Checks) -> None:
    assert checks.play("mailops.profiles.check", checks.users("harriet"), "--check", "-e", "mail_accounts_check_round_trip=yes") == 0
    assert "1 user, 2 of 2 checks ok" in checks.text and "no message is sent in check mode" in checks.text
    assert checks.lab.messages("harriet@example.org") == []


def deployed(checks: Checks) -> bool:
    return checks.lab.path("/home/tilda/.msmtprc").exists()


def test_the_role_refuses_to_deploy(checks: Checks) -> None:
    """Where a server does not answer as the profile says; a wrong password is one user's matter."""
    wrong = checks.profile(incoming__security="tls", incoming__port=1993)
    assert checks.play("mailops.profiles.rollout", checks.users("tilda"), profile=wrong, mail_accounts_check="before") == 2
    text = " ".join(checks.text.split())
    assert "nothing was deployed, because servers do not answer as the profiles say: imap.example.org:1993, refused: no server listens" in text
    assert "the server offers tls on 993 and starttls on 143; the profile says tls on 1993" in text
    assert not deployed(checks)


def test_the_role_checks_before_and_after(checks: Checks) -> None:
    """What fails is the check that was asked for, also where extra variables win over all that a role says."""
    users = checks.users("tilda", tilda=WRONG)
    extra = ("-e", "mail_accounts_check_fail_on=any", "-e", "mail_accounts_check_round_trip=true")
    assert checks.play("mailops.profiles.rollout", users, *extra, mail_accounts_check="before") == 0, checks.text
    assert "password_refused (tilda)" in checks.text and deployed(checks)
    assert checks.play("mailops.profiles.rollout", checks.users("tilda"), *extra, mail_accounts_check="both") == 0, checks.text
    assert checks.text.count("1 user, 2 of 2 checks ok") == 1 and checks.text.count("1 user, 3 of 3 checks ok") == 1
    assert checks.play("mailops.profiles.rollout", users, "-e", "mail_accounts_check_fail_on=never", mail_accounts_check="after") == 0
    assert checks.text.count("mail_account_check: [desk] 1 user, 0 of 2 checks ok") == 1


@pytest.mark.long
def test_values_of_the_role(checks: Checks) -> None:
    users = checks.users("tilda", tilda=WRONG)
    assert checks.play("mailops.profiles.rollout", users, "--check", mail_accounts_check="both") == 2
    assert checks.play("mailops.profiles.rollout", users, mail_accounts_check="", mail_accounts_state="") == 0
    assert "checks ok" not in checks.text
    assert checks.play("mailops.profiles.rollout", users, mail_accounts_check="afterwards") == 2
    assert "mail_accounts_check: must be one of before, after, both" in checks.text
    assert checks.play("mailops.profiles.rollout", users, mail_accounts_check="both", mail_accounts_state="absent") == 0
    assert "checks ok" not in checks.text and not deployed(checks)


@pytest.fixture
def trust(lab: Lab) -> Callable[[], None]:
    """The machine trusts the lab's authority, as it does a public one."""
    bundle = lab.path("/etc/ssl/certs/ca-certificates.crt")
    before = bundle.read_bytes()
    bundle.write_bytes(before + b"\n" + lab.path(lab.ca_file).read_bytes())
    yield
    bundle.write_bytes(before)


def test_the_examples_run(checks: Checks, trust: None) -> None:
    checks.lab.set_accounts({"j.kowalska@example.org": "correct horse", "a.nowak@example.org": "battery staple"})
    documentation = (ROOT / "plugins/modules/mail_account_check.py").read_text().partition('EXAMPLES = r"""')[2].partition('"""')[0]
    playbook = checks.directory / "examples.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "mail_accounts", "gather_facts": False, "tasks": yaml.safe_load(documentation)}]))
    assert checks.play(str(playbook), []) == 0, checks.text
    assert "2 users, 4 of 4 checks ok" in checks.text and "1 user, 3 of 3 checks ok" in checks.text and '"msg": []' in checks.text


def test_a_round_trip_takes_no_other_message(lab: Lab) -> None:
    """Not even one that the user has marked as deleted; and it is for the servers that the profile names."""
    lab.deliver("edgar@example.org", "Mine", "stays")
    edgar = lab.users["edgar"]
    changes = {"username": edgar.email, "password": edgar.password}
    outgoing = check(lab, "smtp", 587, "starttls", **changes)._replace(senders=(edgar.email,))
    for incoming in (check(lab, "imap", 143, "starttls", **changes), check(lab, "pop", 995, **changes)):
        answer = try_checks(lab, [incoming, outgoing], [RoundTrip(1, 0, 0)])
        assert [finding and finding.outcome for finding in answer.round_trips] == ["ok"], answer
        assert [message["subject"] for message in lab.messages(edgar.email)] == ["Mine"]
    refused = try_checks(lab, [incoming._replace(password=WRONG), outgoing], [RoundTrip(1, 0, 0)])
    assert refused.round_trips == (None,) and [message["subject"] for message in lab.messages(edgar.email)] == ["Mine"]
