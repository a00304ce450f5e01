# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator's own templates: what they see, what they may not do, and how their mistakes are reported."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import Deployment, plan_deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS, read_request
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.templates import read_templates
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import MASK
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

from ...profiles import profile
from ..clients.accounts import JOANNA, resolved
from ..names import VALID
from ..refusals import problems, refusal

ENTRY = {"src": "x.j2", "dest": ".config/x/rc"}


def rendered(text: str, profiles: list[dict[str, Any]] | None = None, user: dict[str, Any] | None = None, hidden: bool = False, **entry: Any) -> File:
    (template,) = read_templates([{**ENTRY, **entry}], lambda src: (text, hidden), "Ansible managed")
    accounts, context = resolved(profiles or [profile()], {**JOANNA, **(user or {})})
    return template.file(accounts, context.user)


def accounts_and_user() -> tuple[list[Account], User]:
    accounts, context = resolved([profile()])
    return accounts, context.user


def test_it_sees_the_accounts_and_the_user() -> None:
    text = "{% for each in accounts %}\n{{ each.key[:4] }} {{ each.incoming.host }}:{{ each.incoming.port }}\n{% endfor %}\n"
    text += "{{ account.email }} {{ user.name }}\n"
    file = rendered(text, [profile("work"), profile("home", default=True, incoming__port=1993)])
    assert file.content.decode() == "home imap.example.org:1993\nwork imap.example.org:993\nj.kowalska@example.org jkowalska\n"
    assert (file.path, file.mode, file.secret, file.redacted) == (".config/x/rc", None, False, file.content.decode())


def test_the_name_of_a_profile_is_there_as_it_is() -> None:
    for name in VALID:
        assert rendered("{{ account.profile }}", [profile(name)]).content.decode() == name


def test_values_are_never_templates() -> None:
    name = "{{ 7 * 6 }} {% raw %} {{ lookup('pipe', 'id') }}"
    assert rendered("{{ account.sender_name }} {{ user.display_name }}", user={"display_name": name}).content.decode() == f"{name} {name}"


def test_ansible_filters_and_tests_are_there() -> None:
    text = "{{ account.email | b64encode }} {{ account | to_json | length > 9 }} {{ 'a1' is ansible.builtin.match('a.') }} {{ '' | default('x', true) }}"
    assert rendered(text).content.decode() == "ai5rb3dhbHNrYUBleGFtcGxlLm9yZw== True True x"


def test_a_password_is_masked() -> None:
    text = "{{ account.incoming.password }} {{ user.name }}"
    file = rendered(text)
    assert (file.content.decode(), file.redacted, file.secret) == ("tr0ub4dor&3 jkowalska", f"{MASK} jkowalska", True)


@pytest.mark.parametrize("value", ["4711", MASK])
def test_a_variable_may_be_a_password_that_no_profile_knows(value: str) -> None:
    file = rendered("{{ user.variables.Token }}", user={"variables": {"Token": value}})
    assert (file.content.decode(), file.secret) == (value, True) and file.redacted.startswith(MASK) and "4711" not in file.redacted


def test_a_vaulted_template_is_not_displayed() -> None:
    file = rendered("key = hunter2\n", hidden=True)
    assert (file.content.decode(), file.redacted, file.secret) == ("key = hunter2\n", f"{MASK}\n", True)
    refused = refusal(rendered, "{{ 'hunter2' | ansible.builtin.from_json }}", hidden=True)
    assert "hunter2" not in refused and "line 1" in refused


@pytest.mark.parametrize(("text", "message"), [
    ("\n\n{{ acount.email }}", "templates: x.j2, line 3: UndefinedError: 'acount' is undefined"),
    ("{{ account.pasword }}", "line 1: UndefinedError: 'dict object' has no attribute 'pasword'"),
    ("{{ [account.pasword] }}", "line 1: UndefinedError: 'dict object' has no attribute 'pasword'"),
    ("{{ accounts.append(1) }}", "SecurityError"),
    ("{{ user.variables.update(x=1) }}", "SecurityError"),
    ("#jinja2: lstrip_blocks: True\nx", "line 1: #jinja2: is a line for ansible.builtin.template"),
    ("{{ 'x' * 1048577 }}", "gives more than 1 MiB"),
    ("{{ '\\ud800' }}", "UnicodeEncodeError"),
    ("{{ user.password }}", "has no attribute 'password'"),
    ("{{ hostvars }}", "'hostvars' is undefined"),
    ("{{ ().__class__.__base__.__subclasses__() }}", "SecurityError"),
    ("\n{% if %}", "templates, entry 1: src: x.j2, line 2: Expected an expression"),
    ("{{ 1 | no_such_filter }}", "no_such_filter"),
])  # fmt: skip
def test_a_mistake_in_a_template_is_named(text: str, message: str) -> None:
    assert message in refusal(rendered, text)


def test_a_filter_that_fails_with_a_password_does_not_quote_it() -> None:
    refused = refusal(rendered, "{{ account.incoming.password | int(base=16) if account.incoming.password[0] != '*' and (1 / 0) else '' }}")
    assert "tr0ub" not in refused and "ZeroDivisionError" in refused


@pytest.mark.parametrize(("entry", "message"), [
    ({"dest": "/etc/passwd"}, "relative to the home"),
    ({"dest": "../x"}, "relative to the home"),
    ({"dest": "a//b"}, "relative to the home"),
    ({"dest": "~/x"}, "relative to the home"),
    ({"dest": "{UserName}.rc"}, "takes no variables"),
    ({"dest": ".local/state/mailops/default.json"}, "the collection keeps its own files"),
    ({"dest": ".config/mailops/x"}, "the collection keeps its own files"),
    ({"dest": ".local"}, "the collection keeps its own files"),
    ({"dest": ".msmtprc"}, "a file of the client msmtp"),
    ({"dest": ".msmtprc/x"}, "a file of the client msmtp"),
    ({"dest": ".config/neomutt"}, "a file of the client neomutt"),
    ({"dest": "a\u00a0b"}, "an unprintable character"),
    ({"dest": "\u0142" * 128}, "more than 255 bytes"),
    ({"dest": "a\nb"}, "dest"),
    ({"mode": "0666"}, "mode: must be"),
    ({"mode": 644}, "mode: must be"),
    ({"mod": "0600"}, "mod: there is no such key (did you mean 'mode'?)"),
    ({"src": None}, "src: is required"),
])  # fmt: skip
def test_a_wrong_entry_is_refused(entry: dict[str, Any], message: str) -> None:
    assert message in refusal(rendered, "x", **entry)


def test_all_wrong_entries_are_listed_at_once() -> None:
    found = problems(read_templates, ["x", {**ENTRY, "mode": "x"}, ENTRY, ENTRY], lambda src: ("", False), "")
    assert [problem.partition(":")[0] for problem in found] == ["templates, entry 1", "templates, entry 2", "templates, entry 4"]


def test_the_mode_is_never_wider_than_a_password_may_be() -> None:
    assert rendered("{{ account.email }}", mode="0755").mode == 0o755
    assert rendered("{{ account.incoming.password }}", mode="0700").mode == 0o700
    with pytest.raises(MailopsError, match="holds a password.* mode can be 0600 or 0700, and not 0644"):
        rendered("{{ account.incoming.password }}", mode="0644")


def deployment(template: str, *users: dict[str, Any]) -> Deployment:
    options = {"users": list(users), "profile_definitions": [profile()], "templates": [ENTRY]}
    request = read_request({name: options.get(name) for name in OPTIONS}, {}, lambda src: (template, False))
    return plan_deployment(request, "laptop-17")


USERS = [{**JOANNA, "name": name, "variables": {"Key": name}} for name in ("anna", "basil", "cecil")]


@pytest.mark.parametrize(("text", "message"), [
    ("{{ user.city }}", "templates: x.j2, line 1: UndefinedError: 'dict object' has no attribute 'city' (users anna, basil, cecil)"),
    # The text quotes the first user's data.
    ("\n{{ user.name | from_json }}", "x.j2, line 2: JSONDecodeError: "),
    ("{{ 9 if user.name == 'basil' else user.nothing }}", "'dict object' has no attribute 'nothing' (users anna, cecil)"),
    ("{{ 9 if user.name != 'basil' else user.nothing }}", "'dict object' has no attribute 'nothing' (user basil)"),
    ("{{ 1000000000 | random }}", "x.j2: gives another result each time, so that every run would change the file (users anna, basil, cecil)"),
])  # fmt: skip
def test_a_mistake_counts_once_for_all_users(text: str, message: str) -> None:
    (problem,) = problems(deployment, text, *USERS)
    assert message in problem


def test_two_mistakes_of_one_template() -> None:
    found = problems(deployment, "{% if user.name == 'anna' %}\n{{ user.first }}\n{% else %}\n{{ user.second }}\n{% endif %}", *USERS)
    assert [problem.rpartition("(")[2] for problem in found] == ["user anna)", "users basil, cecil)"]


def test_ansible_managed() -> None:
    assert rendered("# {{ ansible_managed }}").content == b"# Ansible managed"


def test_a_user_without_an_account_gets_no_file() -> None:
    found = deployment("{{ account.email }}", JOANNA, {"name": "anna", "state": "absent"})
    joanna, anna = found.request.users
    assert [file.path for file in found.files(joanna)] == [ENTRY["dest"]] and found.files(anna) == ()


def test_filters_give_lists_and_nothing_is_written_for_none() -> None:
    text = """{% set all = accounts | map(attribute='email') %}{{ all | length }} {{ all[0] }} {{ all | join }} {{ all | join }}
{% if accounts | selectattr('email', 'eq', 'nobody') %}wrong{% endif %}
password={{ account.incoming.password }} {{ account.folders.items() }} {{ 60 | random(seed=user.name) }}
"""
    lines = rendered(text, [profile(incoming__password=None)]).content.decode().split("\n")
    assert lines[0] == "1 j.kowalska@example.org j.kowalska@example.org j.kowalska@example.org"
    assert lines[1].startswith("password= [] ") and lines[1][13:].isdigit()


@pytest.mark.parametrize("text", ["{{ 1000000000 | random }}", "{{ lipsum() }}"])
def test_what_is_another_one_each_time_is_refused(text: str) -> None:
    (template,) = read_templates([ENTRY], lambda src: (text, False), "")
    with pytest.raises(MailopsError, match="gives another result each time"):
        template.check(*accounts_and_user())


@pytest.mark.parametrize("hidden", [False, True])
def test_a_filter_that_warns_of_a_value_is_silent(hidden: bool, capfd: pytest.CaptureFixture[str]) -> None:
    text = "{{ 'hunter2' | bool }}" if hidden else "{{ account.incoming.password | bool }}"
    assert rendered(text, hidden=hidden).content.decode() in ("False", "tr0ub4dor&3")
    shown = "".join(capfd.readouterr())
    assert "hunter2" not in shown and "tr0ub4dor" not in shown


@pytest.mark.parametrize("text", ["{%hunter2", "{{ x | hunter2 }}", "{{cd hunter2"])
def test_a_mistake_in_a_vaulted_template_is_not_quoted(text: str) -> None:
    refused = refusal(rendered, text, hidden=True)
    assert "hunter2" not in refused and "x.j2, line 1" in refused


def test_no_file_is_above_another() -> None:
    for first, second in (("a", "a/b"), ("a/b", "a"), ("a", "a")):
        with pytest.raises(MailopsError, match="is, or is above or below, "):
            read_templates([{**ENTRY, "dest": first}, {**ENTRY, "dest": second}], lambda src: ("", False), "")
