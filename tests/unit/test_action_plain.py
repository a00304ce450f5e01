# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-core hands to an action, in plain types: tagged values from 2.19 on, vaulted ones in all versions."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible.parsing import vault
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.shell.sh import ShellModule

from ansible_collections.mailops.profiles.plugins.plugin_utils._action import MailopsAction, plain
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

SECRETS = [("default", vault.VaultSecret(b"key"))]
PLAIN_TYPES = (dict, list, str, int, float, bool, type(None), bytes)


@pytest.fixture
def loaded():
    """YAML as ansible-core reads it from a playbook, with the means to decrypt."""
    if hasattr(vault, "VaultSecretsContext") and vault.VaultSecretsContext.current(optional=True) is None:
        vault.VaultSecretsContext.initialize(vault.VaultSecretsContext(SECRETS))
    loader = DataLoader()
    loader.set_vault_secrets(SECRETS)
    return lambda text: loader.load(textwrap.dedent(text))


def vaulted(text):
    encrypted = vault.VaultLib(SECRETS).encrypt(text).decode()
    return "!vault |\n" + textwrap.indent(encrypted, " " * 8)


def types_of(value):
    found = {type(value)}
    if isinstance(value, dict):
        found = found.union(*(types_of(item) for pair in value.items() for item in pair))
    elif isinstance(value, list):
        found = found.union(*(types_of(item) for item in value))
    return found


def test_tagged_values(loaded):
    value = loaded("""
        name: work
        list: [x, 1, 1.5, true, null, {a: [b]}]
        trap: {UserEmail: }
    """)
    expected = {"name": "work", "list": ["x", 1, 1.5, True, None, {"a": ["b"]}], "trap": {"UserEmail": None}}
    result = plain(value)
    assert result == expected and types_of(result) <= set(PLAIN_TYPES)
    assert all(kind in PLAIN_TYPES for kind in types_of(result))


def test_vaulted_values(loaded):
    value = loaded(f"users:\n  - name: jane\n    password: {vaulted('s3cret')}\n")
    result = plain(value)
    assert result == {"users": [{"name": "jane", "password": "s3cret"}]}
    assert all(kind in PLAIN_TYPES for kind in types_of(result))


def test_dates_and_tuples(loaded):
    assert plain(loaded("a: 2020-01-31")) == {"a": "2020-01-31"}
    assert plain(("a", {"b"})) == ["a", ["b"]]


def test_omitted_values():
    omit = "__omit_place_holder__1"
    assert plain({"a": omit, "b": [omit, "x"], "c": {"d": omit}}, omit) == {"b": ["x"], "c": {}}
    marker = object()
    assert plain({"a": marker, "b": "x"}, marker) == {"b": "x"}


class _Task:
    action = "mailops.profiles.mail_profile"
    async_val = 0
    check_mode = False
    diff = False
    environment = None
    _uuid = "1"
    _parent = SimpleNamespace(block=(), rescue=(), always=())

    def __init__(self, args):
        self.args = args

    def dump_attrs(self):
        return vars(self)


class _Action(MailopsAction):
    OPTIONS = ("name", "state")

    def work(self, options, task_vars):
        if options["name"] == "bad":
            raise MailopsError("profile 'bad': is bad")
        if options["name"] == "bug":
            raise RuntimeError("s3cret")
        return {"changed": True, "options": options}


def run(monkeypatch, task_vars=None, **args):
    # Ansible's own wants a connection and a loader; the targets of tests/integration have them.
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda self, tmp=None, task_vars=None: {})
    action = object.__new__(_Action)
    action._task = _Task(args)
    action._templar = None
    action._connection = SimpleNamespace(_shell=ShellModule())
    return action.run(task_vars=task_vars or {})


def test_an_action(monkeypatch):
    assert run(monkeypatch, name="x")["options"] == {"name": "x", "state": None}
    assert run(monkeypatch, name="x", state=" \n")["options"] == {"name": "x", "state": None}
    failed = run(monkeypatch, name="bad")
    assert failed["failed"] and failed["msg"] == "mail_profile: profile 'bad': is bad"
    assert run(monkeypatch, nmae="x")["msg"] == "mail_profile: there is no option 'nmae' (did you mean 'name'?)"


@pytest.mark.parametrize(("run_is_check", "task_is_check", "is_dry_run"), [
    (True, True, True), (True, False, False), (False, True, False), (False, False, False), (None, True, False),
])  # fmt: skip
def test_what_a_dry_run_is(monkeypatch, run_is_check, task_is_check, is_dry_run):
    # The command line of the run, which is not pytest's.
    monkeypatch.setattr("ansible.context.CLIARGS", {} if run_is_check is None else {"check": run_is_check})
    action = object.__new__(_Action)
    action._task = _Task({})
    action._task.check_mode = task_is_check
    directory = action.dry_run
    assert (directory is not None) is is_dry_run
    assert directory in (None, action.dry_run) and (directory is None or Path(directory).stat().st_mode & 0o777 == 0o700)


def test_the_rest_of_a_text_without_quotes(monkeypatch):
    """``name=Poczta firmowa`` gives the name Poczta, and the rest, which may be a password, as an argument or a variable."""
    for found in (run(monkeypatch, name="Poczta", _raw_params="s3cret"), run(monkeypatch, {"_raw_params": "s3cret"}, name="Poczta")):
        assert found["failed"] and "only its first word is used" in found["msg"] and "s3cret" not in str(found)
    assert run(monkeypatch, name="Poczta", _raw_params="")["msg"].endswith("quote it, or use JSON")
    assert run(monkeypatch, {"_raw_params": ""}, name="Poczta")["msg"].endswith("quote it, or use -e with JSON")


def test_an_unexpected_exception_shows_its_place_and_not_its_text(monkeypatch):
    failed = run(monkeypatch, name="bug")
    assert failed["failed"] and failed["msg"].startswith("internal error RuntimeError at test_action_plain.py:")
    assert "s3cret" not in str(failed)
