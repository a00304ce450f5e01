# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks as jobs of AWX: answers of its surveys, injected credentials, slices, artifacts, and what is in the events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ...profiles import profile
from . import rules
from .conftest import survey
from .jobs import MAX_EVENT_RES_DATA, Controller

KEY, PASSWORD, SHARED = "store-key-0123456789", "sesame-anna", "one-for-all-4711"
HOSTS = ["büro-7", "desk,2", "desk-3", "desk-4", "desk-5"]


def people(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "email": f"{name}@example.org", "display_name": name.title(), "password": f"sesame-{name}"} for name in names]


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


@pytest.fixture
def credentials(objects: dict[str, Any], tmp_path: Path) -> list[tuple[Any, Any]]:
    """The store and its key, as the credentials inject them."""
    (tmp_path / "profiles.d").mkdir(mode=0o700)
    store, key, link = (item["injectors"] for item in objects["en"]["controller_credential_types"])
    return [(store, {"store": f"directory://{tmp_path}/profiles.d"}), (key, {"store_key": KEY}), (link, {})]


def test_the_form_of_a_profile(controller: Controller, credentials: list[Any], objects: dict[str, Any]) -> None:
    """A life of a profile by answers of the survey, of which all that are not given are blank."""
    form = survey(objects["pl"], "profile")

    def answer(**answers: Any) -> dict[str, Any]:
        blank = {item["variable"]: "" for item in form["spec"] if item["type"] in ("text", "textarea", "password")}
        return rules.extra_vars(form, {**blank, "profile_clear": [], **answers})

    made = controller.run("profile", answer(
        profile_action="create", profile_name="Poczta firmowa", profile_incoming_host="imap.example.org", profile_incoming_port="993",
        profile_incoming_password=SHARED, profile_outgoing_host="smtp.example.org", profile_default="true", profile_signature="Zażółć\r\n{{ 7 * 7 }}\n",
    ), credentials=credentials)  # fmt: skip
    assert made.status == 0 and made.changed and made.leaks(KEY, SHARED) == [], made.text
    assert "profile 'Poczta firmowa' created" in made.text and "set, encrypted in the store" in made.text and "{{ 7 * 7 }}" in made.text
    # Nothing but a name and blanks: nothing changes.
    same = controller.run("profile", answer(profile_action="edit", profile_name="Poczta firmowa"), credentials=credentials)
    assert same.status == 0 and not same.changed and "is as it should be; nothing was filled in" in same.text
    edited = controller.run("profile", answer(
        profile_action="edit", profile_name="Poczta firmowa", profile_default="false", profile_clear=["signature", "incoming.password"],
    ), credentials=credentials)  # fmt: skip
    assert edited.status == 0 and edited.changed and edited.leaks(KEY, SHARED) == []
    assert "Default account     no" in edited.text and "not set, the mail program asks" in edited.text
    listed = controller.run("profile", answer(), credentials=credentials)
    assert listed.status == 0 and "Poczta firmowa  imap  imap.example.org:993 tls  smtp.example.org:465 tls  no" in listed.text


def test_a_job_without_a_store_is_refused(controller: Controller) -> None:
    """What it wrote would be gone with the container."""
    job = controller.run("profile", {"profile_action": "create", "profile_name": "work", "profile_store": ""})
    assert job.status and "profile_store: this job has none, and its container keeps nothing" in job.text


def test_a_rollout_in_slices(controller: Controller, credentials: list[Any], objects: dict[str, Any]) -> None:
    """Each slice has every third host of the inventory, and an artifact of its own with counts only."""
    answers = rules.extra_vars(survey(objects["en"], "rollout"), {"mail_accounts_hosts": "", "mail_accounts_serial": "1\n100%", "mail_accounts_forget": ""})
    definitions = [profile(), profile("second", "{Pin}", variables={"Pin": None})]
    artifacts: dict[str, Any] = {}
    for number in (1, 2, 3):
        hosts = {name: [{**user, "variables": {"Pin": f"pin-{name}"}} for user in people("anna", "basil")] for name in rules.slice_of(HOSTS, number, 3)}
        job = controller.run("rollout", answers, controller.hosts(hosts, mail_accounts_profile_definitions=definitions), credentials)
        assert job.status == 0 and job.leaks(KEY, PASSWORD, "sesame-basil", *(f"pin-{name}" for name in HOSTS)) == [], job.text
        assert sorted(path.name for path in controller.homes.iterdir()) == sorted(name for n in range(1, number + 1) for name in rules.slice_of(HOSTS, n, 3))
        artifacts.update(job.artifacts)
    assert [(name, item["hosts"], item["changed"], item["failed"]) for name, item in artifacts.items()] == [
        ("mail_rollout_slice_1", 2, 2, 0), ("mail_rollout_slice_2", 2, 2, 0), ("mail_rollout_slice_3", 1, 1, 0),
    ]  # fmt: skip
    assert artifacts["mail_rollout_slice_1"]["accounts"] == 8
    assert all(isinstance(count, int) and not isinstance(count, bool) for item in artifacts.values() for count in item.values())


def test_a_slice_without_a_host(controller: Controller, objects: dict[str, Any]) -> None:
    """Hosts that the survey names may all be in other slices. With a limit, Ansible itself fails there, as the survey says."""
    inventory = controller.hosts({"desk-3": people("anna")}, mail_accounts_profile_definitions=[profile()])
    answers = rules.extra_vars(survey(objects["en"], "rollout"), {"mail_accounts_hosts": "desk-4\ndesk-5"})
    job = controller.run("rollout", answers, inventory)
    assert job.status == 0 and "(the inventory has no host in desk-4, desk-5: put hosts there, or give mail_accounts_hosts)" in job.text
    assert not controller.homes.exists() and job.artifacts == {}
    limited = controller.run("rollout", {}, inventory, arguments="--limit desk-4")
    assert limited.status and not controller.homes.exists()


def test_drift_and_withdrawal(controller: Controller, objects: dict[str, Any]) -> None:
    inventory = controller.hosts({"desk-1": people("anna", "basil"), "desk-2": people("cecil")}, mail_accounts_profile_definitions=[profile()])
    assert controller.run("rollout", {}, inventory).status == 0
    blank = rules.extra_vars(survey(objects["en"], "drift"), {})
    calm = controller.run("drift", blank, inventory)
    assert calm.status == 0 and calm.artifacts["mail_drift_slice_2"]["drifted"] == 0
    edited, gone = controller.homes / "desk-1/anna/.msmtprc", controller.homes / "desk-1/basil/.msmtprc"
    gone.unlink()
    text = edited.read_text()
    edited.write_text(text.replace("smtp.example.org", "smtp.evil.example"))
    renewed = controller.hosts({"desk-1": people("anna", "basil"), "desk-2": people("cecil")}, mail_accounts_profile_definitions=[
        profile(outgoing__host="smtp2.example.org"),
    ])  # fmt: skip
    drift = controller.run("drift", blank, renewed)
    counts = drift.artifacts["mail_drift_slice_3"]
    assert drift.status == 2 and (counts["drifted"], counts["hosts"], counts["changed"]) == (2, 2, 2), drift.text
    assert f"edited or missing files, which the next rollout restores: 2 ({edited}, {gone})" in drift.text
    assert "desk-2] => " in drift.text and "edited or missing files: 0; files that would change because profiles or users have changed: 1" in drift.text
    assert not gone.exists() and "evil" in edited.read_text() and drift.leaks(PASSWORD, "sesame-basil") == []
    refused = controller.run("withdraw", {"withdraw_users": " \n"}, inventory)
    assert refused.status == 2 and "withdraw_users: is required" in refused.text and edited.exists()
    named = rules.extra_vars(survey(objects["en"], "withdraw"), {"withdraw_users": "anna\ncecil\nzoe\n", "mail_accounts_hosts": ""})
    withdrawn = controller.run("withdraw", named, inventory)
    assert withdrawn.status == 0 and list(withdrawn.artifacts.values())[0]["files_removed"] > 0
    assert "No host that this run reached had an account of zoe: is" in withdrawn.text
    assert not (controller.homes / "desk-2/cecil/.msmtprc").exists() and (controller.homes / "desk-1/basil").exists()


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.long)])
def test_results_stay_below_the_limit_of_events(controller: Controller, count: int) -> None:
    users = people(*(f"user-{number}" for number in range(count)))
    inventory = controller.hosts({"desk-1": users}, mail_accounts_profile_definitions=[profile(default=True, signature="Zażółć gęślą jaźń\n" * 20)])
    job = controller.run("rollout", {}, inventory, arguments="--check --diff")
    assert job.status == 0 and 1000 < job.longest_result() < MAX_EVENT_RES_DATA and job.leaks("sesame-user") == []
    assert list(job.artifacts.values())[0]["users"] == count
