# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects for AWX keep the rules of its API, and the playbook gives all of them to arguments that awx.awx has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.form import OPERATIONS
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import ACCOUNT_TYPES, SECURITIES

from . import rules
from .conftest import AWX, KINDS, ROOT, SETTINGS, documented, survey

ARGUMENTS = json.loads(Path(__file__).with_name("awx_awx_24.6.1.json").read_text())
# DTSTART with Z or a zone, an interval, no SECONDLY.
RRULE = re.compile(r"DTSTART(;TZID=[A-Za-z]+/[A-Za-z_]+:\d{8}T\d{6}|:\d{8}T\d{6}Z) RRULE:FREQ=(MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY);INTERVAL=\d+[;A-Z=]*\Z")
JOBS = ("controller_projects", "controller_inventory_sources", "controller_templates", "controller_workflows")


def _shape(value: Any) -> Any:
    """What is the same in every language: everything but texts for people."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items() if key not in ("question_name", "question_description", "name", "description")}
    return list(map(_shape, value)) if isinstance(value, list) else value


def test_surveys_differ_in_their_words_only(objects: dict[str, dict[str, Any]]) -> None:
    english, polish = ([item.get("survey_spec") for item in objects[name]["controller_templates"]] for name in ("en", "pl"))
    assert _shape(english) == _shape(polish)
    words = [[question["question_name"] for item in surveys if item for question in item["spec"]] for surveys in (english, polish)]
    assert not [one for one, other in zip(*words) if one == other]


def test_both_languages_have_all_texts() -> None:
    english, polish = (yaml.safe_load((AWX / "texts" / f"{name}.yml").read_text()) for name in ("en", "pl"))
    for name in ("mailops_awx_names", "mailops_awx_descriptions", "mailops_awx_labels"):
        assert english[name].keys() == polish[name].keys() and not [key for key in english[name] if english[name][key] == polish[name][key]]


def test_surveys_are_accepted(awx: dict[str, Any]) -> None:
    surveys = [item["survey_spec"] for item in awx["controller_templates"] if "survey_spec" in item]
    assert len(surveys) == 6 and [rules.survey_problem(item) for item in surveys] == [None] * 6


@pytest.mark.parametrize("playbook", ["profile", "rollout", "check", "drift", "withdraw", "setup_site"])
def test_questions_are_variables_of_the_playbook(awx: dict[str, Any], playbook: str) -> None:
    variables = {question["variable"] for question in survey(awx, playbook)["spec"]}
    assert variables <= set(documented(playbook))
    # The credential gives the store, how many hosts are done at a time is for the rollout, and the rest is the inventory's, for which a blank
    # answer would count.
    others = {name for name in documented(playbook) if playbook in ("check", "setup_site")} - {f"mail_{playbook}_hosts"}
    assert set(documented(playbook)) - variables <= {"profile_store", "mail_accounts_serial"} | others


def test_choices_are_those_of_the_form(awx: dict[str, Any]) -> None:
    found = {question["variable"]: question.get("choices") for question in survey(awx, "profile")["spec"]}
    assert found["profile_action"] == list(OPERATIONS) and found["profile_account_type"] == ["-", *ACCOUNT_TYPES]
    assert found["profile_incoming_security"] == found["profile_outgoing_security"] == ["-", *SECURITIES]
    assert found["profile_default"] == found["profile_notifications"] == ["-", "true", "false"]


def test_no_secret_has_a_default_and_no_text_a_lower_limit(awx: dict[str, Any]) -> None:
    """A lower limit makes an optional question a required one, and a password's default is an encrypted text on the next run."""
    for item in awx["controller_templates"]:
        for question in item.get("survey_spec", {}).get("spec", []):
            assert not question.get("min") and not (question["type"] == "password" and "default" in question)


def test_what_starts_by_itself_asks_nothing(awx: dict[str, Any]) -> None:
    """AWX says "value missing" for a required question, with a default too, when a schedule or a workflow starts a job."""
    started = {item["unified_job_template"] for item in awx["controller_schedules"]}
    started |= {node["unified_job_template"] for item in awx["controller_workflows"] for node in item["simplified_workflow_nodes"]}
    templates = {item["name"]: item for item in awx["controller_templates"]}
    assert len(started) == 3 and started <= set(templates)
    assert not [question for name in started for question in templates[name]["survey_spec"]["spec"] if question["required"]]


def test_the_steps_of_the_workflow(awx: dict[str, Any]) -> None:
    nodes = awx["controller_workflows"][0]["simplified_workflow_nodes"]
    assert [(node["identifier"], node.get("success_nodes")) for node in nodes] == [
        ("check-before", ["rollout"]), ("rollout", ["check-after"]), ("check-after", None),
    ]  # fmt: skip
    assert nodes[0]["unified_job_template"] == nodes[2]["unified_job_template"] != nodes[1]["unified_job_template"]


def test_names_are_found_again(awx: dict[str, Any]) -> None:
    """Schedules and steps look for a name among all that can be started; "++" would be a path."""
    names = [item["name"] for kind in JOBS for item in awx[kind]]
    assert len(set(names)) == len(names)
    assert all("++" not in item["name"] and len(item["name"]) <= 512 for kind in KINDS for item in awx[kind])


def test_schedules(awx: dict[str, Any]) -> None:
    assert all(RRULE.match(item["rrule"]) for item in awx["controller_schedules"])


def test_playbooks_are_in_the_project(awx: dict[str, Any]) -> None:
    for item in awx["controller_templates"]:
        text = (AWX / "project" / item["playbook"]).read_text()
        assert f"mailops.profiles.{item['playbook'].removesuffix('.yml')}" in text
        assert any(rules.PLAYBOOK.match(line) for line in text.splitlines())
    assert (AWX / "project" / "inventory.yml").exists() and not rules.PLAYBOOK.match("mail_accounts:")


def test_one_credential_of_a_type(awx: dict[str, Any]) -> None:
    types = {item["name"]: item["credential_type"] for item in awx["controller_credentials"]}
    for item in awx["controller_templates"]:
        assert sorted(types[name] for name in item["credentials"]) == sorted(kind["name"] for kind in awx["controller_credential_types"])


def test_credential_types_are_accepted(awx: dict[str, Any]) -> None:
    for item in awx["controller_credential_types"]:
        assert rules.credential_type_problem(item["inputs"], item["injectors"], item["kind"]) is None
        # What AWX would add, so that the second run found a difference.
        assert all("type" in field for field in item["inputs"]["fields"])
        # A survey's blank answer would win over an extra variable.
        assert set(item["injectors"]) <= {"env", "file"}


def test_injectors_survive_infra_aap_configuration(awx: dict[str, Any]) -> None:
    """Its role puts them through regex_replace, which makes a text of a dictionary, and gives that to a module."""
    for item in awx["controller_credential_types"]:
        assert check_type_dict(str(item["injectors"])) == item["injectors"] and "{  " not in str(item["injectors"])


def test_what_the_store_credential_injects(awx: dict[str, Any], tmp_path: Path) -> None:
    store = awx["controller_credential_types"][0]
    inputs = awx["controller_credentials"][0]["inputs"]
    assert inputs == {"store": SETTINGS["mailops_awx_store"], "password": "a:b\\c"}
    found = rules.inject(store["injectors"], inputs, tmp_path)
    assert found["MAILOPS_STORE"] == SETTINGS["mailops_awx_store"] and found["PGSSLROOTCERT"] == ""
    assert Path(found["PGPASSFILE"]).read_text() == r"*:*:*:*:a\:b\\c"
    found = rules.inject(store["injectors"], {**inputs, "ca": "PEM"}, tmp_path)
    assert Path(found["PGSSLROOTCERT"]).read_text() == "PEM"


def test_what_is_not_set_injects_blanks(awx: dict[str, Any], tmp_path: Path) -> None:
    for item in awx["controller_credential_types"]:
        found = rules.inject(item["injectors"], {}, tmp_path)
        assert all(value == "" for name, value in found.items() if name != "PGPASSFILE")


def test_the_notification(awx: dict[str, Any]) -> None:
    """awx/main/notifications/email_backend.py: the type of each key."""
    found = awx["controller_notifications"][0]["notification_configuration"]
    kinds = {"host": str, "port": int, "username": str, "password": str, "use_tls": bool, "use_ssl": bool, "sender": str, "recipients": list, "timeout": int}
    assert {name: type(value) for name, value in found.items()} == kinds


def test_a_second_run_sends_no_secret(awx: dict[str, Any]) -> None:
    assert all(item["update_secrets"] is False and "" not in item["inputs"].values() for item in awx["controller_credentials"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_playbook_passes_on_every_key(awx: dict[str, Any], kind: str) -> None:
    """And awx.awx takes what it passes on."""
    play = yaml.safe_load((ROOT / "playbooks" / "awx.yml").read_text())[0]
    tasks = [task for task in play["tasks"] if f"awx.awx.{KINDS[kind]}" in task]
    passed = [task[f"awx.awx.{KINDS[kind]}"] for task in tasks]
    assert len(tasks) == 1 and kind in tasks[0]["loop"] and set(passed[0]) <= set(ARGUMENTS[KINDS[kind]])
    keys = {key for item in awx[kind] for key in item} - {"simplified_workflow_nodes"}
    assert awx[kind] and keys == set(passed[0]) - {"wait"}


@pytest.mark.parametrize("kind", KINDS)
def test_values_have_the_types_of_the_arguments(awx: dict[str, Any], kind: str) -> None:
    types = {"str": str, "bool": bool, "int": int, "dict": dict, "list": list}
    for item in awx[kind]:
        for key, value in item.items():
            argument = ARGUMENTS[KINDS[kind]].get(key)
            if argument and value != "":
                assert isinstance(value, types[argument.get("type", "str")]), (item["name"], key)
                assert value in argument.get("choices", [value])
        assert all(item.get(key) for key, argument in ARGUMENTS[KINDS[kind]].items() if argument.get("required"))


def test_the_steps_have_the_arguments_of_their_module() -> None:
    play = yaml.safe_load((ROOT / "playbooks" / "awx.yml").read_text())[0]
    passed = [task["awx.awx.workflow_job_template_node"] for task in play["tasks"] if "awx.awx.workflow_job_template_node" in task]
    assert len(passed) == 2 and set().union(*passed) <= set(ARGUMENTS["workflow_job_template_node"])
