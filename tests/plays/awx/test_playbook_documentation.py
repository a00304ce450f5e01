# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each playbook has its documentation beside it, which says what its variables are, and which no play validates with."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .conftest import ROOT, documented

PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml") if ".meta" not in path.name)
OURS = {"profile": r"\bprofile_\w+", "withdraw": r"\bwithdraw_\w+"}


def _text(name: str) -> str:
    return Path(ROOT / "playbooks" / f"{name}.yml").read_text()


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_is_documented(name: str) -> None:
    options = documented(name)
    # ansible-core 2.16 and 2.19 do not load a play with it.
    assert "validate_argspec" not in _text(name) and all(option["description"] for option in options.values())
    kept = {key: {field: value for field, value in option.items() if field not in ("description", "required")} for key, option in options.items()}
    assert ArgumentSpecValidator(kept).validate({}).error_messages == []


@pytest.mark.parametrize("name", OURS)
def test_the_documented_variables_are_those_of_the_playbook(name: str) -> None:
    assert set(re.findall(OURS[name], _text(name))) == {option for option in documented(name) if re.match(OURS[name], option)}


def test_settings_are_described() -> None:
    """In the page that says how to set up AWX."""
    page = (ROOT / "docs" / "awx.md").read_text()
    names = list(yaml.safe_load((ROOT / "extensions" / "awx" / "settings.yml").read_text()))
    cells = re.findall(r"^ *\| (`mailops_awx[^|]+) \|", page, re.MULTILINE)
    described = []
    for cell in cells:
        first, *others = re.findall("`([^`]+)`", cell)
        stems = [first.rpartition("_")[0], first]
        described += [first, *(other if other.startswith("mailops") else next((s + other for s in stems if s + other in names), other) for other in others)]
    assert sorted(described) == sorted(names)


def test_the_playbook_for_automation_platform_has_the_same_files() -> None:
    page = (ROOT / "docs" / "awx.md").read_text()
    block = next(text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "infra.aap_configuration.dispatch" in text)
    documented_files, files = (yaml.safe_load(text)[0]["vars_files"] for text in (textwrap.dedent(block), _text("awx")))
    names = [[name.partition("/extensions/awx")[2].lstrip("/") or name.partition("}}/")[2] for name in each] for each in (files, documented_files)]
    assert [name.partition(" |")[0].rstrip("}") for name in names[0] if "texts" not in name and "settings" not in name] == names[1][2:]
    assert "texts/" in names[0][1] and "texts/" in names[1][1]
