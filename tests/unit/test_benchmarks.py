# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmarks fit the collection: their peers would write the same bytes, and every part can be loaded."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import jinja2
import pytest

from ansible.plugins.filter.core import to_uuid

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, load_job

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TEMPLATES = {
    "muttrc": ".config/mailops/neomutt/work-fe4292b5.settings", "msmtprc": ".msmtprc", "mbsyncrc": ".mbsyncrc", "fetchmailrc": ".fetchmailrc",
}  # fmt: skip


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    before = set(sys.modules)
    monkeypatch.setattr(importlib.import_module("ground"), "GROUND", tmp_path)  # not the one of a measurement that runs
    yield importlib.import_module
    for name in set(sys.modules) - before:  # names as plain as "store" are in nobody else's way
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


def test_every_part_can_be_loaded(load) -> None:
    for name in load("bench").GROUPS:
        assert callable(load(name).measure)


@pytest.fixture
def environment() -> jinja2.Environment:
    """As Ansible's ``template`` has it."""
    found = jinja2.Environment(keep_trailing_newline=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    found.filters["to_uuid"] = to_uuid
    return found


def test_openssl_signs_what_the_client_signs(load, environment: jinja2.Environment) -> None:
    ground, phones = load("ground"), load("phones")
    phones.make_key()
    (path,) = load("many_users").jobs(2, **phones.options(["mobileconfig"], ground.PROFILE))
    template = environment.from_string((ground.CONTENDERS / "templates" / "mobileconfig.j2").read_text())
    for place, person in zip(load_job(Path(path).read_text()).places, ground.people(2), strict=True):
        (signed,) = place.files
        (ground.GROUND / "signed").write_bytes(signed.content)
        assert phones.verified(ground.GROUND / "signed").decode() == template.render(item=person)


def test_the_templates_of_the_peers_are_what_the_clients_render(load, environment: jinja2.Environment) -> None:
    ground = load("ground")
    (path,) = load("many_users").jobs(2)
    for place, person in zip(load_job(Path(path).read_text()).places, ground.people(2)):
        files = {file.path: file for file in place.files}
        for template, name in TEMPLATES.items():
            text = environment.from_string((ground.CONTENDERS / "templates" / f"{template}.j2").read_text()).render(item=person)
            if files[name].strategy == BLOCK:
                first, *lines, last = text.splitlines(keepends=True)
                assert first == "# BEGIN mailops.profiles default\n" and last == "# END mailops.profiles default\n"
                text = "".join(lines)
            assert text == files[name].content.decode()
