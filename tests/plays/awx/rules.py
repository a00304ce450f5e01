# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX accepts, and what it makes of answers and credentials: the rules of its API (24.6), in our words.

Surveys: awx/api/views/__init__.py and awx/main/models/mixins.py. Credential types: awx/main/fields.py, awx/main/models/credential.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

DEFAULTS = {"text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": (int, float)}
# awx/main/constants.py
BLOCKED = {"VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID", "AD_HOC_COMMAND_ID", "REST_API_URL",
           "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION", "CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST",
           "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH"}  # fmt: skip
# What of a project's files counts as a playbook: awx/main/utils/ansible.py
PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$")
_FIELD = {"id", "label", "type", "secret", "multiline", "format", "choices", "help_text", "ask_at_runtime", "default"}


def survey_problem(survey: Any) -> str | None:
    """Why AWX refuses a survey, if it does."""
    for key, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey.get(key), kind):
            return f"'{key}' is missing or of the wrong type"
    if not survey["spec"]:
        return "'spec' has no items"
    seen = set()
    for question in survey["spec"]:
        problem = _question_problem(question, seen)
        if problem:
            return f"{question.get('variable')}: {problem}"
    return None


def _question_problem(question: Mapping[str, Any], seen: set[str]) -> str | None:
    for key, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(key), kind):
            return f"'{key}' is missing or of the wrong type"
    if question["variable"] in seen:
        return "is there twice"
    seen.add(question["variable"])
    if question["type"] not in DEFAULTS:
        return "its type does not exist"
    default = question.get("default", "")
    if default != "" and not isinstance(default, DEFAULTS[question["type"]]):
        return "its default is of the wrong type"
    if isinstance(default, str) and default.startswith("$encrypted$"):
        return "its default is a reserved text"
    for limit in ("min", "max"):
        if question.get(limit) is not None and not is_whole(question[limit]):
            return f"'{limit}' is no whole number"
    if question["type"] in ("multiplechoice", "multiselect"):
        if "choices" not in question:
            return "has no choices"
        defaults = default.splitlines()
        if question["type"] == "multiplechoice" and len(defaults) > 1:
            return "has two defaults"
        if any(item not in question["choices"] for item in defaults):
            return "its default is no choice"
    return None


def is_whole(value: Any) -> bool:
    """No boolean, which is an integer to Python and none to AWX."""
    return isinstance(value, int) and not isinstance(value, bool)


def answer_problem(question: Mapping[str, Any], answers: Mapping[str, Any]) -> str | None:
    """Why AWX refuses the answer to a question at launch, if it does."""
    if question["variable"] not in answers:
        return "value missing" if question["required"] else None
    answer, kind = answers[question["variable"]], question["type"]
    limits = [question.get(limit) for limit in ("min", "max")]
    if kind in ("text", "textarea", "password"):
        if not isinstance(answer, str):
            return "must be a string"
        size = len(answer)
    elif kind in ("integer", "float"):
        if type(answer) not in ((int,) if kind == "integer" else (int, float)):
            return "must be a number"
        size = answer
    else:
        choices = question["choices"] if isinstance(question["choices"], list) else question["choices"].splitlines()
        if kind == "multiselect" and not isinstance(answer, list):
            return "must be a list"
        return None if all(item in choices for item in (answer if kind == "multiselect" else [answer])) else "must be one of the choices"
    low, high = limits
    return "is out of range" if (low is not None and size < low) or (high is not None and size > high) else None


def extra_vars(survey: Mapping[str, Any], answers: Mapping[str, Any], template: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The variables of a job: the template's, over them valid defaults of the survey, over them the answers. Variables that the survey lacks are
    ignored. A default of "" is one, and is injected."""
    problems = [f"{item['variable']}: {problem}" for item in survey["spec"] if (problem := answer_problem(item, answers))]
    assert not problems, problems
    defaults = {
        item["variable"]: item["default"]
        for item in survey["spec"]
        if item.get("default") is not None and not answer_problem(item, {item["variable"]: item["default"]})
    }
    known = {item["variable"] for item in survey["spec"]}
    return {**(template or {}), **defaults, **{name: value for name, value in answers.items() if name in known}}


class _Unsafe(yaml.SafeDumper):
    """Every string, keys too, as ``!unsafe``: awx/main/utils/safe_yaml.py."""

    def represent_data(self, data: Any) -> Any:
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


def dump_extra_vars(variables: Mapping[str, Any]) -> str:
    return "".join(yaml.dump({name: value}, Dumper=_Unsafe, default_flow_style=False) for name, value in variables.items())


def credential_type_problem(inputs: Mapping[str, Any], injectors: Mapping[str, Any], kind: str = "cloud") -> str | None:
    """Why AWX refuses a credential type, if it does."""
    if kind not in ("cloud", "net"):
        return "its kind is not allowed"
    if set(inputs) - {"fields", "required", "metadata"}:
        return "an input is not known"
    names = [field.get("id", "") for field in inputs["fields"]]
    for field in inputs["fields"]:
        problem = _field_problem(field)
        if problem:
            return f"{field.get('id')}: {problem}"
    if len(set(names)) != len(names) or set(inputs.get("required", ())) - set(names):
        return "fields are there twice, or required and not there"
    return _injector_problem(injectors, names)


def _field_problem(field: Mapping[str, Any]) -> str | None:
    if not re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", field.get("id", "")) or field["id"] == "tower":
        return "its id is not allowed"
    if not field.get("label") or set(field) - _FIELD:
        return "has no label, or a key that is not known"
    if field.get("type", "string") not in ("string", "boolean"):
        return "its type does not exist"
    if field.get("type") == "boolean" and set(field) & {"secret", "multiline", "format", "choices"}:
        return "has what only strings have"
    if "default" in field and not isinstance(field["default"], {"string": str, "boolean": bool}[field.get("type", "string")]):
        return "its default is of the wrong type"
    return None


def _injector_problem(injectors: Mapping[str, Any], names: list[str]) -> str | None:
    if set(injectors) - {"file", "env", "extra_vars"}:
        return "an injector is not known"
    files = list(injectors.get("file", {}))
    if any(not re.fullmatch(r"template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?", name) for name in files) or ("template" in files and len(files) > 1):
        return "the names of files are not allowed"
    for name, text in injectors.get("env", {}).items():
        if name.startswith("ANSIBLE_") or name in BLOCKED or not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) or not text.isascii():
            return f"the environment variable {name} is not allowed"
    values = {**dict.fromkeys(names, "EXAMPLE"), "tower": {"filename": _file_names(files, "EXAMPLE_FILENAME")}}
    strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for injected in injectors.values():
        for name, text in injected.items():
            try:
                strict.from_string(text).render(values)
            except TemplateError as exc:
                return f"{name}: {exc}"
    return None


def _file_names(files: list[str], place: str) -> Any:
    return place if "template" in files else {name.partition(".")[2]: f"{place}.{name}" for name in files}


def inject(injectors: Mapping[str, Any], inputs: Mapping[str, Any], directory: Path) -> dict[str, str]:
    """The environment that a credential gives a job; its files are written to the directory. A field that is not set is undefined."""
    environment = ImmutableSandboxedEnvironment()
    paths = {}
    for name, text in injectors.get("file", {}).items():
        path = directory / f"tmp-{len(list(directory.iterdir()))}"
        path.touch(mode=0o600)
        path.write_text(environment.from_string(text).render(**inputs))
        paths[name] = str(path)
    filename: Any = paths["template"] if "template" in paths else {name.partition(".")[2]: path for name, path in paths.items()}
    return {name: environment.from_string(text).render(**inputs, tower={"filename": filename}) for name, text in injectors.get("env", {}).items()}


def slice_of(hosts: list[str], number: int, count: int) -> list[str]:
    """The hosts of one job of a sliced one, numbered from 1: awx/main/models/inventory.py."""
    return hosts[number - 1 :: count]
