# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that only checks finds what the same task finds when it writes: with a wrong value of any option, both say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS

from ...profiles import bare_profile, profile

KEY = "a key of this test, which is long enough"
WORK = profile()
SEALED = bare_profile("sealed", incoming__password="tr0ub4dor&3")
ANNA = {"name": "anna", "email": "anna@example.org", "display_name": "Anna Nowak", "password": "correct horse"}
LONG = "x" * 300

# What no option of the type takes, and nobody but the controller has to know that.
OF_TYPE: dict[str, list[Any]] = {
    "str": ["a\nb", 1000, ["x"], {"a": 1}],
    "path": ["relative", "a\nb", "/tmp/a\x07b", 5, ["x"]],
    "list": ["non:sense", 5, {"a": 1}, [5], [{"nonsense": 1}], "[nonsense"],
    "dict": ["nonsense", 5, ["x"], {"msmtp": {"nonsense": 1}}],
    "bool": ["maybe", 7, ["x"]],
}  # fmt: skip
# What is wrong for a reason of the option's own.
OF_OPTION: dict[str, list[Any]] = {
    "missing_users": ["ignore"],
    "purge_users": [True],  # with state: absent
    "state": ["gone"],
    "owner": ["jan:kowalski", "root:root", "-root"],
    "group": ["mail:users", "0"],
    "mode": ["0777", "640", "0666", 0o640],
    "instance": ["a/b", "-a", LONG],
    "dest": ["out/{UserName}", "/out/{UserPassword}", "/out/{UserNmae}", "/out/../x", "/"],
    "users": [
        [ANNA, ANNA], [{**ANNA, "emial": "x"}], [{**ANNA, "password": 1234}], [{**ANNA, "email": "anna"}], [{**ANNA, "profiles": "wrok"}],
        [{**ANNA, "name": "jan:kowalski"}], [{**ANNA, "email": None}], [{**ANNA, "default_profile": "other"}], [{**ANNA, "state": "gone"}],
    ],
    "clients": [["mstmp"], "msmtp, outlook"],
    "templates": [
        [{"src": "nothing.j2", "dest": "x"}], [{"src": "wrong.j2", "dest": "x"}], [{"src": "undefined.j2", "dest": "x"}],
        [{"src": "random.j2", "dest": "x"}], [{"src": "good.j2", "dest": "/x"}], [{"src": "good.j2", "dest": ".msmtprc"}],
        [{"src": "good.j2", "dest": "x", "mode": "0644"}], [{"src": "good.j2", "dest": LONG}], [{"src": "directory", "dest": "x"}],
    ],
    "profile_definitions": [[{**WORK, "name": "a/b"}], [WORK, WORK], [SEALED], [{**WORK, "email": "{UserEmial}"}], [{**WORK, "id": "x"}]],
    "profiles": ["wrok", "work, work", ["work", "other"]],
    "store": ["mysql://host/db", "postgresql://a:b@host/db", "directory://relative", "~/profiles.db", "/nonexistent/profiles.db", "/"],
    "store_key": ["short", "another key than that of the test", "with\nnewline and more than that"],
    "store_key_file": ["/nonexistent", "relative", "/", "/etc/passwd"],
    "link_secret": ["short", "one\ntwo lines that are longer than 32 characters"],
    "link_secret_file": ["/nonexistent", "relative", "/", "/etc/passwd"],
    "report_path": ["/", "/nonexistent/report.json", "report.json", f"/tmp/{LONG}.json", "/proc/report.json"],
}  # fmt: skip
OF_THE_STORE = ("store", "store_key", "store_key_file")
SWITCHES = {
    "files are kept on the host": {"ANSIBLE_KEEP_REMOTE_FILES": "1"},
    "all that is sent is printed": {"ANSIBLE_DEBUG": "1"},
    "others may read what is sent": {"ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP": "1"},
}


@pytest.fixture
def site(room):
    """The room, with templates, and a store that has an encrypted password."""
    (room.path / "templates" / "directory").mkdir(parents=True)
    texts = {"wrong": "{% if %}", "undefined": "{{ nothing }}", "random": "{{ range(100000) | random }}", "good": "{{ account.incoming.password }}"}
    for name, text in texts.items():
        (room.path / "templates" / f"{name}.j2").write_text(text)
    done = room.play([{"mailops.profiles.mail_profile": {**SEALED, "store": str(room.path / "p.db"), "store_key": KEY}}])
    assert done.status == 0, done.text
    return room


def both(site, cases, **environ):
    """The results of each case, with ``validate_only`` and without. Nothing runs on the host: what gets there was not refused."""
    tasks = [
        {"mailops.profiles.mail_account": None, "args": "{{ item }}", "register": f"only_{only}", "loop": [{**case, "validate_only": only} for case in cases],
         "loop_control": {"label": ""}, "ignore_errors": True, "vars": {"ansible_python_interpreter": "/bin/false"}}
        for only in (True, False)
    ]  # fmt: skip
    done = site.play(tasks, **environ)
    assert all("results" in found for found in done.results.values()), done.results
    return zip(*(done.results[f"only_{only}"]["results"] for only in (True, False)))


def test_a_wrong_value(site, account):
    refuses(site, account, OF_OPTION)


@pytest.mark.long
def test_a_value_of_the_wrong_type(site, account):
    listed = json.loads(site.run("doc", "--json", "-t", "module", "mailops.profiles.mail_account").stdout)
    documented = listed["mailops.profiles.mail_account"]["doc"]["options"]
    assert set(documented) == set(OPTIONS)
    refuses(site, account, {name: OF_TYPE[option["type"]] for name, option in documented.items() if name != "validate_only"})


def refuses(site, account, wrong):
    """Every value of every option is refused, with one message."""
    of_store = account(profile_definitions=None, profiles=["sealed"], store=str(site.path / "p.db"))
    good = {"store": {**of_store, "store_key": KEY}, "store_key": of_store, "store_key_file": of_store, "purge_users": account(state="absent", dest=None)}
    cases = [(name, {**good.get(name, account()), name: value}) for name, values in wrong.items() for value in values]
    for (name, case), (checked, real) in zip(cases, both(site, [case for _name, case in cases])):
        assert checked["failed"] and checked["msg"] == real["msg"], (name, case[name], checked.get("msg"), real.get("msg"))


@pytest.mark.parametrize("switch", SWITCHES)
def test_passwords_that_would_be_exposed(switch, site, account):
    ((checked, real),) = both(site, [account()], **SWITCHES[switch])
    assert checked["failed"] and "refuses to send passwords" in checked["msg"] and checked["msg"] == real["msg"]
