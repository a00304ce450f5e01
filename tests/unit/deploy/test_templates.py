# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator's own templates: what they see, what they may not do, and how their mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import File
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import plan_deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.templates import read_templates
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import MASK

from ..clients.accounts import JOANNA, profile, resolved

ENTRY = {"src": "x.j2", "dest": ".config/x/rc"}


def rendered(text: str, profiles: list[dict[str, Any]] | None = None, user: dict[str, Any] | None = None, hidden: bool = False, **entry: Any) -> File:
    (template,) = read_templates([{**ENTRY, **entry}], lambda src: (text, hidden))
    return template.file(*resolved(profiles or [profile()], {**JOANNA, **(user or {})}))


def test_it_sees_the_accounts_and_the_user() -> None:
    text = "{% for each in accounts %}\n{{ each.key[:4] }} {{ each.incoming.host }}:{{ each.incoming.port }}\n{% endfor %}\n"
    text += "{{ account.email }} {{ user.name }}\n"
    file = rendered(text, [profile("work"), profile("home", default=True, incoming__port=1993)])
    assert file.text == "home imap.example.org:1993\nwork imap.example.org:993\nj.kowalska@example.org jkowalska\n"
    assert (file.path, file.mode, file.secret, file.shown) == (".config/x/rc", None, False, file.text)


def test_values_are_never_templates() -> None:
    name = "{{ 7 * 6 }} {% raw %} {{ lookup('pipe', 'id') }}"
    assert rendered("{{ account.sender_name }} {{ user.display_name }}", user={"display_name": name}).text == f"{name} {name}"


def test_ansible_filters_and_tests_are_there() -> None:
    text = "{{ account.email | b64encode }} {{ account | to_json | length > 9 }} {{ 'a1' is ansible.builtin.match('a.') }} {{ '' | default('x', true) }}"
    assert rendered(text).text == "ai5rb3dhbHNrYUBleGFtcGxlLm9yZw== True True x"


def test_a_password_is_shown_as_a_mask() -> None:
    text = "{{ account.incoming.password }} {{ user.name }}"
    file = rendered(text)
    assert (file.text, file.shown, file.secret) == ("tr0ub4dor&3 jkowalska", f"{MASK} jkowalska", True)


@pytest.mark.parametrize("value", ["4711", MASK])
def test_a_variable_may_be_a_password_that_no_profile_knows(value: str) -> None:
    file = rendered("{{ user.variables.Token }}", user={"variables": {"Token": value}})
    assert (file.text, file.secret) == (value, True) and file.shown.startswith(MASK) and "4711" not in file.shown


def test_a_vaulted_template_is_not_shown() -> None:
    file = rendered("key = hunter2\n", hidden=True)
    assert (file.text, file.shown, file.secret) == ("key = hunter2\n", f"{MASK}\n", True)
    with pytest.raises(MailopsError) as refused:
        rendered("{{ 'hunter2' | ansible.builtin.from_json }}", hidden=True)
    assert "hunter2" not in str(refused.value) and "line 1" in str(refused.value)


@pytest.mark.parametrize(("text", "message"), [
    ("\n\n{{ acount.email }}", "templates: x.j2, user 'jkowalska', line 3: UndefinedError: 'acount' is undefined"),
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
    with pytest.raises(MailopsError, match=".*") as refused:
        rendered(text)
    assert message in str(refused.value)


def test_a_filter_that_fails_with_a_password_does_not_tell_it() -> None:
    with pytest.raises(MailopsError) as refused:
        rendered("{{ account.incoming.password | int(base=16) if account.incoming.password[0] != '*' and (1 / 0) else '' }}")
    assert "tr0ub" not in str(refused.value) and "ZeroDivisionError" in str(refused.value)


@pytest.mark.parametrize(("entry", "message"), [
    ({"dest": "/etc/passwd"}, "relative to the home"),
    ({"dest": "../x"}, "relative to the home"),
    ({"dest": "a//b"}, "relative to the home"),
    ({"dest": "~/x"}, "relative to the home"),
    ({"dest": "{UserName}.rc"}, "takes no variables"),
    ({"dest": ".local/state/mailops/default.json"}, "the collection's own files"),
    ({"dest": ".config/mailops/x"}, "the collection's own files"),
    ({"dest": ".local"}, "the collection's own files"),
    ({"dest": ".msmtprc"}, "a file of the client msmtp"),
    ({"dest": ".msmtprc/x"}, "a file of the client msmtp"),
    ({"dest": ".config/neomutt"}, "a file of the client neomutt"),
    ({"dest": "a\u00a0b"}, "nobody can see"),
    ({"dest": "\u0142" * 128}, "more than 255 bytes"),
    ({"dest": "a\nb"}, "dest"),
    ({"mode": "0666"}, "mode: must be"),
    ({"mode": 644}, "mode: must be"),
    ({"mod": "0600"}, "mod: there is no such key (did you mean 'mode'?)"),
    ({"src": None}, "src: is required"),
])  # fmt: skip
def test_a_wrong_entry_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(MailopsError) as refused:
        rendered("x", **entry)
    assert message in str(refused.value)


def test_all_wrong_entries_are_told_at_once() -> None:
    with pytest.raises(MailopsError) as refused:
        read_templates(["x", {**ENTRY, "mode": "x"}, ENTRY, ENTRY], lambda src: ("", False))
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["templates, entry 1", "templates, entry 2", "templates, entry 4"]


def test_the_mode_is_never_wider_than_a_password_may_be() -> None:
    assert rendered("{{ account.email }}", mode="0755").mode == 0o755
    assert rendered("{{ account.incoming.password }}", mode="0700").mode == 0o700
    with pytest.raises(MailopsError, match="holds a password.* mode can be 0600 or 0700, and not 0644"):
        rendered("{{ account.incoming.password }}", mode="0644")


def test_every_user_is_tried_before_anything_is_sent() -> None:
    templates = read_templates([ENTRY], lambda src: ("{{ user.variables.City }}", False))
    (first, anna), (second, basil) = (resolved([profile()], {**JOANNA, "name": name}) for name in ("anna", "basil"))
    with pytest.raises(MailopsError) as refused:
        plan_deployment([anna, basil], {"anna": first, "basil": second}, {}, [], templates)
    assert len(refused.value.problems) == 2


def test_who_has_no_account_gets_no_file() -> None:
    templates = read_templates([ENTRY], lambda src: ("{{ account.email }}", False))
    accounts, user = resolved([profile()])
    assert [item["path"] for item in plan_deployment([user], {user.name: accounts}, {}, [], templates).files(user)] == [ENTRY["dest"]]
    assert plan_deployment([user], {user.name: []}, {}, [], templates).files(user) == []


def test_filters_give_lists_and_nothing_is_written_for_none() -> None:
    text = """{% set all = accounts | map(attribute='email') %}{{ all | length }} {{ all[0] }} {{ all | join }} {{ all | join }}
{% if accounts | selectattr('email', 'eq', 'nobody') %}wrong{% endif %}
password={{ account.incoming.password }} {{ account.folders.items() }} {{ 60 | random(seed=user.name) }}
"""
    lines = rendered(text, [profile(incoming__password=None)]).text.split("\n")
    assert lines[0] == "1 j.kowalska@example.org j.kowalska@example.org j.kowalska@example.org"
    assert lines[1].startswith("password= [] ") and lines[1][13:].isdigit()


@pytest.mark.parametrize("text", ["{{ 1000000000 | random }}", "{{ lipsum() }}"])
def test_what_is_another_one_each_time_is_refused(text: str) -> None:
    (template,) = read_templates([ENTRY], lambda src: (text, False))
    with pytest.raises(MailopsError, match="gives something else each time"):
        template.check(*resolved([profile()]))


@pytest.mark.parametrize("hidden", [False, True])
def test_a_filter_that_warns_of_a_value_is_silent(hidden: bool, capfd: pytest.CaptureFixture[str]) -> None:
    text = "{{ 'hunter2' | bool }}" if hidden else "{{ account.incoming.password | bool }}"
    assert rendered(text, hidden=hidden).text in ("False", "tr0ub4dor&3")
    shown = "".join(capfd.readouterr())
    assert "hunter2" not in shown and "tr0ub4dor" not in shown


@pytest.mark.parametrize("text", ["{%hunter2", "{{ x | hunter2 }}", "{{cd hunter2"])
def test_a_mistake_in_a_vaulted_template_shows_nothing_of_it(text: str) -> None:
    with pytest.raises(MailopsError) as refused:
        rendered(text, hidden=True)
    assert "hunter2" not in str(refused.value) and "x.j2, line 1" in str(refused.value)


def test_one_may_not_be_in_the_way_of_another() -> None:
    for first, second in (("a", "a/b"), ("a/b", "a"), ("a", "a")):
        with pytest.raises(MailopsError, match="in the way of"):
            read_templates([{**ENTRY, "dest": first}, {**ENTRY, "dest": second}], lambda src: ("", False))
