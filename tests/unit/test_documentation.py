# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented options are the fields of the model, with its defaults and choices; what is shown in examples is valid."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins.module_utils._login_wire import OUTCOMES
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import COMMANDS, STATES
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import profile as model
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import variables
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.folders import SEPARATORS
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import FIELDS, FOLDERS, RECORD_FIELDS, SERVER_FIELDS
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile

from ..checkout import ROOT

PLUGINS = "ansible_collections.mailops.profiles.plugins"
STORE = {"store", "store_key", "store_key_file"}
NAMES = (
    "mail_profile", "mail_profile_form", "mail_profiles", "mail_profile_info", "mail_account", "mail_account_check", "mail_account_info",
    "mail_rollout_report",
)  # fmt: skip
ON_HOSTS = ("mail_account", "mail_account_check", "mail_account_info")
INTERNAL = ("mail_account_apply", "mail_account_login")
CHOICES = {"account_type": model.ACCOUNT_TYPES, "signature_format": model.SIGNATURE_FORMATS}
SERVER_CHOICES = {"security": model.SECURITIES, "authentication": model.AUTHENTICATIONS}
MINIMAL = {"name": "x", "incoming": {"host": "x"}, "outgoing": {"host": "x"}}


@pytest.fixture(scope="module")
def documents(collections_path):
    """What ansible-doc says about each module, fragments included."""
    names = [f"mailops.profiles.{name}" for name in (*NAMES, *INTERNAL)]
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "doc", "--json", "-t", "module", *names],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections_path},
        capture_output=True,
        check=True,
    )
    return {name.rpartition(".")[2]: document for name, document in json.loads(done.stdout).items()}


def options(documents, name):
    return documents[name]["doc"]["options"]


def every_option(found, path=""):
    for name, option in found.items():
        yield f"{path}{name}", option
        yield from every_option(option.get("suboptions", {}), f"{path}{name}.")


def has_fields(found):
    assert {name for name in found if "suboptions" in found[name]} == {"incoming", "outgoing", "folders"}
    for side, fields in SERVER_FIELDS.items():
        assert set(found[side]["suboptions"]) == set(fields)
    assert tuple(found["incoming"]["suboptions"]["separator"]["choices"]) == SEPARATORS
    assert set(found["folders"]["suboptions"]) == set(FOLDERS)
    for name, choices in CHOICES.items():
        assert tuple(found[name]["choices"]) == choices
    for side in ("incoming", "outgoing"):
        for name, choices in SERVER_CHOICES.items():
            assert tuple(found[side]["suboptions"][name]["choices"]) == choices


def test_mail_profile_has_the_fields_and_no_defaults(documents):
    found = options(documents, "mail_profile")
    assert set(found) == {*FIELDS, *COMMANDS, *STORE}
    has_fields(found)
    assert tuple(found["state"]["choices"]) == STATES
    assert [name for name, option in every_option(found) if option.get("default") is not None] == []
    assert [name for name, option in every_option(found) if option.get("required")] == ["name"]


def test_mail_profiles_has_the_fields_and_their_defaults(documents):
    found = options(documents, "mail_profiles")
    assert set(found) == {"profiles", "purge", "allow_empty", "store_key_new", *STORE}
    fields = found["profiles"]["suboptions"]
    assert set(fields) == {*FIELDS, *RECORD_FIELDS}
    has_fields(fields)
    defaults = read_profile(MINIMAL).as_data()
    for name in set(FIELDS) - set(MINIMAL):
        assert fields[name].get("default") == defaults[name], name
    for side in ("incoming", "outgoing"):
        for name in set(SERVER_FIELDS[side]) - {"host"}:
            assert fields[side]["suboptions"][name].get("default") == defaults[side][name], name
    required = [name for name, option in every_option(fields) if option.get("required")]
    assert sorted(required) == ["incoming", "incoming.host", "name", "outgoing", "outgoing.host"]


def _same(options):
    """An option without what the two modules say differently: an edit has no defaults, a list has."""
    found = {}
    for name, option in options.items():
        if name not in RECORD_FIELDS:
            texts = [option["description"]] if isinstance(option["description"], str) else option["description"]
            texts = [text for text in texts if not text.startswith(("A new profile has ", "Needed for a new profile"))]
            rest = {key: value for key, value in option.items() if key not in ("default", "required", "suboptions", "description")}
            found[name] = {**rest, "description": texts, "suboptions": _same(option.get("suboptions", {}))}
    return found


def test_both_modules_describe_the_same_fields(documents):
    listed = _same(options(documents, "mail_profiles")["profiles"]["suboptions"])
    edited = _same({name: option for name, option in options(documents, "mail_profile").items() if name in FIELDS})
    assert json.dumps(edited, sort_keys=True).replace("profiles[].", "") == json.dumps(listed, sort_keys=True).replace("profiles[].", "")


def test_mail_profile_info(documents):
    assert set(options(documents, "mail_profile_info")) == {"name", *STORE}


@pytest.mark.parametrize("name", NAMES)
def test_an_action_takes_what_is_documented(documents, name):
    action = importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule
    assert set(action.OPTIONS) == set(options(documents, name))


@pytest.mark.parametrize("name", NAMES)
def test_examples_name_their_tasks_and_use_known_options(documents, name):
    tasks = yaml.safe_load(documents[name]["examples"])
    assert all(task.get("name") for task in tasks)
    for task in tasks:
        for action, args in task.items():
            if action.startswith("mailops.profiles."):
                assert set(args or {}) <= set(options(documents, action.rpartition(".")[2]))


def test_where_each_module_runs(documents):
    """What a fragment says is true of every module that takes it."""
    for name in NAMES:
        document = documents[name]["doc"]
        said = json.dumps([document["attributes"]["platform"], document.get("notes", [])])
        assert ("The hosts of the play are not contacted" in said) == (name not in ON_HOSTS)
        assert ("Use C(run_once)" in said) == (name not in ON_HOSTS)
    for name in INTERNAL:
        assert set(documents[name]["doc"]["options"]) == {"job"} and "action_group" not in documents[name]["doc"].get("attributes", {})


@pytest.mark.parametrize("kind", ["filter", "callback"])
def test_ansible_doc_has_the_other_plugins(collections_path, kind):
    """A colon in a sentence without quotes is enough that it has nothing."""
    names = sorted(f"mailops.profiles.{path.stem}" for path in (ROOT / "plugins" / kind).glob("[!_]*.py"))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "doc", "--json", "-t", kind, *names],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == names


def test_every_module_but_the_internal_ones_is_in_the_action_group():
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    assert sorted(groups["all"]) == sorted(NAMES)
    assert sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")) == sorted([*NAMES, *INTERNAL])


def test_the_page_about_checks_has_every_outcome(documents):
    """In the order of the list; and the documentation of the result has them all."""
    page = (ROOT / "docs/check.md").read_text().partition("## Outcomes")[2]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(OUTCOMES)
    returned = documents["mail_account_check"]["return"]
    assert re.findall(r"V\((\w+)\)", returned["checks"]["contains"]["outcome"]["description"][0]) == list(OUTCOMES)


def test_every_variable_is_described():
    assert all(variables.NAME.match(name) and text.endswith(".") for name, text in variables.BUILT_IN.items())
