# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MAILOPS_* and PG* in the `environment:` of a play, block or task: they count for our modules, and nobody else sees them."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store

from ...profiles import profile

KEY = "kept-out-of-process-lists"
PASSWORD = "kept-out-of-them-too"
PROFILE = profile(incoming__password="tr0ub4dor&3")
MODULES = ("mail_profile", "mail_profiles", "mail_profile_info", "mail_account")


def exposed(done):
    """Which of the secrets were displayed, or seen on the host."""
    return {secret for secret in (KEY, PASSWORD) if secret in done.text or secret in done.seen}


def tasks(account, **keywords):
    """One task for each module, all of which use the store."""
    options = {
        "mail_profile": PROFILE, "mail_profiles": {"profiles": [{**PROFILE, "name": "other"}]}, "mail_profile_info": {},
        "mail_account": account(profile_definitions=None, profiles=["work", "other"]),
    }  # fmt: skip
    return [{f"mailops.profiles.{name}": options[name], "register": name, **keywords} for name in MODULES]


@pytest.mark.parametrize("level", ["play", "block", "task"])
def test_the_environment_counts_at_every_level(level, room, account):
    """It wins over the controller's. Others of its variables go to the host, as for every module."""
    meant, other = room.path / "meant.db", room.path / "other.db"
    given = {"MAILOPS_STORE": "{{ store }}", "MAILOPS_STORE_KEY": "{{ key }}", "PGPASSWORD": PASSWORD, "MARK": "seen-by-the-host"}
    play = {"vars": {"store": str(meant), "key": KEY}}
    made = tasks(account)
    if level == "play":
        play["environment"] = given
    elif level == "task":
        made = tasks(account, environment=given)
    else:
        # A variable of the task wins over one of the block.
        block = [{**task, "environment": {"MAILOPS_STORE": str(meant)}} for task in made]
        made = [{"block": block, "environment": {**given, "MAILOPS_STORE": str(other)}}]
    done = room.play(made, "-vvvvv", play=play, MAILOPS_STORE=str(other), MAILOPS_STORE_KEY="another key than that")
    assert done.status == 0, done.text
    assert [profile["name"] for profile in done.results["mail_profile_info"]["profiles"]] == ["other", "work"]
    assert done.results["mail_account"]["files"]["created"] == 3  # the accounts, and a password for each
    assert meant.exists() and not other.exists()
    # The store of the controller's own environment is there, because the host is the controller.
    assert exposed(done) == set() and "MARK=seen-by-the-host" in done.seen and str(meant) not in done.seen


def test_a_blank_variable_is_not_given(room, account):
    done = room.play(tasks(account, environment={"MAILOPS_STORE": " ", "MAILOPS_STORE_KEY": None}),
                     MAILOPS_STORE=str(room.path / "p.db"), MAILOPS_STORE_KEY=KEY)  # fmt: skip
    assert done.status == 0 and (room.path / "p.db").exists(), done.text


def test_a_rescue_does_not_see_them(room, account):
    """Neither the task that failed, nor its result, nor another task's, which is on the host as usual."""
    given = {"MAILOPS_STORE": "{{ store }}", "MAILOPS_STORE_KEY": "{{ key }}", "PGPASSWORD": "{{ password }}", "MARK": "seen"}
    failing = account(profile_definitions=None, profiles=["missing"])
    play = {"vars": {"store": str(room.path / "p.db"), "key": KEY, "password": PASSWORD, "given": given}}
    rescue = [{"ansible.builtin.debug": {"var": name}} for name in ("ansible_failed_task", "ansible_failed_result", "outcome")]
    for keywords in ({}, {"loop": [1, 2]}, {"loop": [1], "environment": "{{ given }}"}, {"until": "false", "retries": 1, "delay": 0}):
        block = [{"mailops.profiles.mail_account": failing, "environment": given, "register": "outcome", **keywords}]
        done = room.play([{"block": block, "rescue": rescue}], "-vvvvv", play=play)
        assert done.status == 0 and f"store {room.path}/p.db does not exist" in done.text, done.text
        assert exposed(done) == set(), keywords


@pytest.mark.parametrize("keywords", [{}, {"loop": [1, 2]}, {"until": "false", "retries": 1, "delay": 0}], ids=["", "loop", "until"])
@pytest.mark.parametrize("fails", [True, False])
def test_nobody_sees_the_arguments_of_a_task_that_ran(room, account, keywords, fails):
    """A rescue has the task that failed, and a callback each task, with its arguments filled in."""
    users = [{"name": "anna", "email": "anna@example.org", "display_name": "Anna", "password": "{{ password }}"}]
    options = {**account(users=users), "store_key": "{{ key }}", **({"profiles": ["missing"]} if fails else {})}
    rescue = [{"ansible.builtin.debug": {"var": name}} for name in ("ansible_failed_task", "ansible_failed_result", "outcome")]
    block = [{"mailops.profiles.mail_account": options, "register": "outcome", **keywords}]
    play = {"vars": {"password": PASSWORD, "key": KEY}}
    done = room.play([{"block": block, "rescue": rescue}], "-vvvvv", play=play, ANSIBLE_DISPLAY_ARGS_TO_STDOUT="1")
    assert done.status == 0 and ("there is no profile 'missing'" in done.text) == fails, done.text
    assert not {PASSWORD, KEY} & {secret for secret in (KEY, PASSWORD) if secret in done.text}, done.text
    assert ("not shown, because they may hold passwords" in done.text) or not fails


def test_loops_and_retries_keep_them(room, account):
    """A second attempt has an action of its own, and a second item a task of its own."""
    given = {"MAILOPS_STORE": str(room.path / "{{ item }}.db"), "MAILOPS_STORE_KEY": KEY, "MARK": "seen-by-the-host"}
    looped = [{**task, "loop": ["a", "b"], "environment": given} for task in tasks(account)]
    # The file that the module reports appears during the second attempt only.
    attempts = {
        "mailops.profiles.mail_account": account(profile_definitions=None, profiles=["work"], dest=f"{room.path}/again/{{UserName}}"),
        "environment": {**given, "MAILOPS_STORE": str(room.path / "a.db")},
        "register": "again", "until": "again.attempts | default(1) == 2", "retries": 3, "delay": 0,
    }  # fmt: skip
    done = room.play([*looped, attempts])
    assert done.status == 0, done.text
    for name in MODULES:
        assert not any(result["failed"] for result in done.results[name]["results"]), done.text
    assert (room.path / "a.db").exists() and (room.path / "b.db").exists()
    assert done.results["again"]["attempts"] == 2 and done.results["again"]["files"]["unchanged"] == 2  # the account, and its password
    assert exposed(done) == set() and "MAILOPS_" not in done.seen and done.seen.count("MARK=seen-by-the-host") > 3


def test_module_defaults_are_as_before(room, account):
    defaults = {"group/mailops.profiles.all": {"store": str(room.path / "default.db"), "store_key": KEY}}
    given = {"MAILOPS_STORE": str(room.path / "environment.db"), "MAILOPS_STORE_KEY": "another key than that"}
    done = room.play(tasks(account, environment=given), play={"module_defaults": defaults})
    assert done.status == 0, done.text
    assert (room.path / "default.db").exists() and not (room.path / "environment.db").exists()


# --- libpq ---


@pytest.mark.parametrize("before", [None, "of the controller"])
def test_libpq_sees_them_while_it_connects(before, monkeypatch):
    """And whatever happens then, not any longer: programs that are started later would inherit them."""
    pytest.importorskip("psycopg")
    seen = {}

    def answer():
        with server.accept()[0]:  # and hang up
            seen.update(os.environ)

    if before is None:
        monkeypatch.delenv("PGPASSWORD", raising=False)
    else:
        monkeypatch.setenv("PGPASSWORD", before)
    environment = dict(os.environ)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://127.0.0.1:{server.getsockname()[1]}/mail?sslmode=disable&gssencmode=disable"
        store = open_store(url, {**os.environ, "PGPASSWORD": PASSWORD, "OTHER": "x"})
        assert os.environ == environment
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(MailopsError, match="the server ended the connection before it was ready"):
            store.read()
        thread.join()
    assert seen == {**environment, "PGPASSWORD": PASSWORD} and os.environ == environment


def test_where_libpq_connects_to(monkeypatch):
    """The host of the environment, which refuses."""
    pytest.importorskip("psycopg")
    monkeypatch.setenv("PGHOST", "/nonexistent-of-the-controller")
    with pytest.raises(MailopsError, match="a number in the URL, or in a PG... variable of the environment, is not a number"):
        open_store("postgresql:///mail", {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": "none"}).read()
