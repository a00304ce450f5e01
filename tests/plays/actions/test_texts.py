# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people type and templates give: options as text in ad hoc commands, texts that ansible-core converts, undefined variables."""

from __future__ import annotations

import json

import pytest

from ansible.release import __version__

from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store

from ...profiles import SERVERS

# Until then templates gave what a text looks like, and undefined variables could be allowed.
OLD = tuple(map(int, __version__.split(".")[:2])) < (2, 19)


def ad_hoc(room, module, arguments):
    return room.run("adhoc", "localhost", "-i", "localhost,", "-c", "local", "-m", f"mailops.profiles.{module}", "-a", arguments)


def test_dictionaries_in_ad_hoc_commands(room):
    """As JSON and as key=value text, as in every module of Ansible."""
    store = room.path / "p.db"
    arguments = (
        'name=x incoming={"host":"imap.example.org","port":"993"} outgoing=host=smtp.example.org '
        """folders='{"sent": "Sent mail"}' variables='{"Team": "sales"}' """
    )
    done = ad_hoc(room, "mail_profile", f"{arguments} store={store}")
    assert done.returncode == 0, done.stdout
    data = open_store(str(store), {}).read()["x"].data
    assert (data["incoming"]["host"], data["outgoing"]["host"]) == ("imap.example.org", "smtp.example.org")
    assert data["folders"] == {"sent": "Sent mail"} and data["variables"] == {"Team": "sales"}
    assert "SUCCESS" in ad_hoc(room, "mail_profile", f"{arguments} store={store}").stdout


def test_lists_in_ad_hoc_commands(room):
    store, place = room.path / "p.db", room.path / "out"
    profiles = json.dumps([{"name": name, **SERVERS} for name in ("work", "pop")])
    assert ad_hoc(room, "mail_profiles", f"store={store} profiles='{profiles}'").returncode == 0
    users = json.dumps([{"name": "anna", "email": "anna@example.org", "display_name": "Anna", "profiles": "work, pop", "variables": "Team=sales"}])
    options = """client_options='{"thunderbird": {}}' clients=msmtp,thunderbird"""
    done = ad_hoc(room, "mail_account", f"store={store} users='{users}' {options} dest={place}/{{UserName}}")
    assert done.returncode == 0 and '"total": 2' in done.stdout, done.stdout
    done = ad_hoc(room, "mail_account", f"store={store} users=anna,bob {options} dest={place}/{{UserName}}")
    assert done.returncode and "users: must be a list of dictionaries; text must be JSON that begins with '['" in done.stdout


def test_profiles_from_a_column_of_a_csv_file(room, account):
    names = ("work", "pop", "old")
    columns = ["work, pop", '["work", "pop"]', "- work\n- pop", "work\npop", "work,pop,"]
    users = [{"name": f"u{number}", "email": "u@example.org", "display_name": "U", "profiles": column} for number, column in enumerate(columns)]
    options = account(users=users, profile_definitions=[{"name": name, **SERVERS} for name in names])
    done = room.play([{"mailops.profiles.mail_account": options, "register": "found"}])
    assert done.results["found"]["accounts"]["total"] == 2 * len(columns), done.text


def password(home):
    """What msmtp gets from the account's file."""
    (file,) = (home / ".config/mailops/msmtp").glob("*.password")
    return file.read_text()


CONVERTED = {
    "True": "a boolean", "[1, 2]": "a list", '{"a": 1}': "a mapping", "{'UserEmail'}": "a list",
    # With ANSIBLE_JINJA2_NATIVE only.
    "1e5": "a number", "12_34": "a number", "007": None, "1.50": "a number", "(1, 2)": "a list",
}  # fmt: skip


@pytest.mark.parametrize("native", ["0", "1"])
def test_passwords_that_look_like_python(native, room, account):
    """The text, or a sentence that says what happened and what helps; and that helps."""
    people = [{"name": f"u{number}", "email": "u@example.org", "display_name": "U"} for number in range(len(CONVERTED))]

    def task(name, template):
        users = [{**user, "password": template.format(number)} for number, user in enumerate(people)]
        options = account(users=users, dest=f"{room.path}/{name}/{{UserName}}")
        return {"mailops.profiles.mail_account": options, "register": name, "ignore_errors": True}

    tasks = [task("as_it_is", "{{{{ texts[{}] }}}}"), task("kept", "{{{{ texts[{}] | string }}}}")]
    done = room.play(tasks, play={"vars": {"texts": list(CONVERTED)}}, ANSIBLE_JINJA2_NATIVE=native)
    converted = {number: kind for number, kind in enumerate(CONVERTED.values()) if kind and (number < 4 or native == "1")} if OLD else {}
    assert done.results["as_it_is"]["failed"] == bool(converted) and not done.results["kept"]["failed"], done.text
    for number, text in enumerate(CONVERTED):
        written = password(room.path / f"kept/u{number}")
        assert written == text
        if number in converted:
            assert (
                f"user 'u{number}': password: must be text, not {converted[number]}: put it in quotes, and end a template that gives it with | string"
            ) in done.results["as_it_is"]["msg"]
        elif converted:
            assert f"'u{number}'" not in done.results["as_it_is"]["msg"]
        else:
            assert password(room.path / f"as_it_is/u{number}") == written


def test_undefined_variables_are_no_values(room, account):
    """Where ansible-core allows them it leaves the template as it is."""
    user = {"name": "anna", "email": "anna@example.org", "display_name": "Anna"}
    template = "{{ vault_x }}"
    wrong = {
        "users, entry 1.password": {"users": [{**user, "password": template}]},
        "users, entry 1.email": {"users": "{{ users }}"},
        "profile_definitions, entry 1.incoming.host": {"profile_definitions": [{"name": "work", **SERVERS, "incoming": {"host": f"imap.{template}"}}]},
        "users": {"users": template},
        "store_key": {"store_key": template},
        "environment.MAILOPS_STORE_KEY": {},
    }
    tasks = [
        {"mailops.profiles.mail_account": account(**changes), "register": f"found{number}", "ignore_errors": True}
        for number, changes in enumerate(wrong.values())
    ]
    tasks[-1]["environment"] = {"MAILOPS_STORE_KEY": template}
    play = {"vars": {"users": [{**user, "email": template}]}}
    done = room.play(tasks, play=play, ANSIBLE_ERROR_ON_UNDEFINED_VARS="False")
    for place, found in zip(wrong, done.results.values()):
        expected = f"mail_account: {place}: a variable in its template is undefined, so" if OLD else "'vault_x' is undefined"
        assert found["failed"] and expected in found["msg"], found["msg"]


def test_braces_that_are_data(room, account):
    """What a lookup gives is no template, whatever is allowed."""
    (room.path / "password").write_text("a{{ b }}c")
    user = {"name": "anna", "email": "anna@example.org", "display_name": "Anna", "password": "{{ lookup('ansible.builtin.file', 'password') }}"}
    for allowed in ("False", "True"):
        done = room.play([{"mailops.profiles.mail_account": account(users=[user]), "register": "found"}], ANSIBLE_ERROR_ON_UNDEFINED_VARS=allowed)
        assert done.status == 0 and password(room.path / "out/anna") == "a{{ b }}c", done.text
