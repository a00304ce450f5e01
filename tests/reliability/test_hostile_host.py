# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host whose Python answers what its root likes harms nothing but its own accounts: neither the controller, nor other hosts, nor a terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import (
    AccountLabel,
    Answer,
    Found,
    FoundFile,
    Remaining,
    Result,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import load_answer

from ..mounts import own_var_lib
from ..profiles import bare_profile
from ..short import one_in

COLLECTIONS = Path(__file__).parents[2] / "build/collections"
SECRET = "c0ntrollers-key"
PROFILE = bare_profile()

# In place of an interpreter: notes what it is given, and answers one text to every module.
INTERPRETER = """#!{python}
import os, sys
given = open(sys.argv[1]).read() if len(sys.argv) > 1 else sys.stdin.read()
with open({seen!r}, "a") as file:
    file.write(given + repr(dict(os.environ)))
with open({answer!r}) as file:
    sys.stdout.write(file.read())
"""


@dataclass
class Fleet:
    """Two hosts on this machine, of which one is hostile. ``variables``: of both."""

    directory: Path
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> str:
        """All that the hostile host was given."""
        path = self.directory / "seen"
        return path.read_text() if path.exists() else ""

    def run(self, answer: Any, *plays: dict[str, Any], **environment: str) -> subprocess.CompletedProcess[str]:
        """Gathers facts, then rolls out, or plays ``plays``."""
        interpreter = self.directory / "python"
        text = answer if isinstance(answer, str) else json.dumps(answer)
        (self.directory / "answer").write_text(text)
        names = {"python": sys.executable, "seen": str(self.directory / "seen"), "answer": str(self.directory / "answer")}
        interpreter.write_text(INTERPRETER.format(**names))
        interpreter.chmod(0o755)
        users = [{"name": "anna", "email": "anna@example.org", "display_name": "Anna"}]
        variables = {
            "ansible_connection": "local", "mail_accounts_users": users, "mail_accounts_clients": ["msmtp"],
            "mail_accounts_profile_definitions": [PROFILE], "mail_accounts_dest": f"{self.directory}/dest/{{HostName}}", **self.variables,
        }  # fmt: skip
        hosts = {"good": {"ansible_python_interpreter": sys.executable}, "hostile": {"ansible_python_interpreter": str(interpreter)}}
        inventory = self.directory / "inventory.json"
        inventory.write_text(json.dumps({"mail_accounts": {"hosts": hosts, "vars": variables}}))
        playbook = self.directory / "site.json"
        playbook.write_text(json.dumps(list(plays) or [{"hosts": "mail_accounts", "roles": ["mailops.profiles.mail_accounts"]}]))
        found = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_PIPELINING": "1", "ANSIBLE_NOCOLOR": "1", **environment}
        argv = [*own_var_lib(self.directory), str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), str(playbook)]
        return subprocess.run(argv, env=found, cwd=self.directory, capture_output=True, text=True, timeout=120, check=False)

    def written(self, host: str) -> bool:
        return (self.directory / "dest" / host / ".msmtprc").exists()


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    tmp_path.chmod(0o755)
    return Fleet(tmp_path)


FACTS = {
    "a file of the controller": lambda path: {"mail_accounts_templates": [{"src": f"{path}/secret", "dest": "loot"}]},
    "a report over a file": lambda path: {"mail_accounts_report_path": f"{path}/rcfile"},
    "another store": lambda path: {"mail_accounts_store": f"{path}/other.db", "mail_accounts_profile_definitions": ""},
    "other users": lambda path: {"mail_accounts_users": "not a list, which would end the run for all hosts"},
    "a play's variable": lambda path: {"mail_accounts_serial": "nonsense"},
}


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
def test_facts_are_no_options(fleet: Fleet, facts: Any) -> None:
    """Ansible lets a host's facts win over the inventory. The host fails alone, before anything is read for it or sent to it."""
    (fleet.directory / "secret").write_text(SECRET)
    (fleet.directory / "rcfile").write_text("echo mine\n")
    done = fleet.run({"changed": False, "ansible_facts": facts(fleet.directory)})
    names = ", ".join(sorted(facts(fleet.directory)))
    assert fleet.written("good") and not fleet.written("hostile"), done.stdout
    assert re.search(r"^good +: ok=4 +changed=1 +unreachable=0 +failed=0 ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^hostile +: ok=3 +changed=0 +unreachable=0 +failed=1 ", done.stdout, re.MULTILINE), done.stdout
    assert f"fact of the host has the name of a variable of the role ({names})" in done.stdout + done.stderr, done.stdout
    assert "cacheable: true" in done.stdout
    assert "AnsiballZ_mail_account_apply" not in fleet.seen and SECRET not in fleet.seen
    assert (fleet.directory / "rcfile").read_text() == "echo mine\n"


def test_facts_of_other_names_are_none_of_our_business(fleet: Fleet) -> None:
    done = fleet.run({"changed": False, "ansible_facts": {"mail_accounts_site": "x"}})
    assert "mail_account_apply" in fleet.seen, done.stdout  # and fails because of its answer
    assert fleet.written("good")


def test_without_injection_facts_are_no_variables(fleet: Fleet) -> None:
    done = fleet.run({"changed": False, "ansible_facts": {"mail_accounts_store": "/x"}}, ANSIBLE_INJECT_FACT_VARS="false")
    assert "mail_account_apply" in fleet.seen, done.stdout


def test_an_honest_fact_has_a_way_out(fleet: Fleet) -> None:
    """A task of the administrator's own may have made the fact; the message names what to leave out."""
    users = [{"name": "anna", "email": "anna@example.org", "display_name": "Anna"}]
    play = {"hosts": "good", "gather_facts": False, "tasks": [{"ansible.builtin.set_fact": {"mail_accounts_users": users, "cacheable": True}}],
            "roles": []}  # fmt: skip
    role = {"hosts": "good", "gather_facts": False, "roles": ["mailops.profiles.mail_accounts"]}
    done = fleet.run("", play, role)
    assert "leave cacheable: true out" in done.stdout and not fleet.written("good"), done.stdout
    play["tasks"] = [{"ansible.builtin.set_fact": {"mail_accounts_users": users}}]
    assert fleet.run("", play, role).returncode == 0 and fleet.written("good")


def answers(changes: Any = (), **other: Any) -> str:
    """The text of an answer as an honest host would give it, with some parts changed."""
    result = list(Result("anna", "/home/anna", list(changes)))
    for index, value in other.pop("result", {}).items():
        result[int(index)] = value
    return json.dumps(Answer((result,)))


ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
# Not in it: `warnings` and `deprecations`, which ansible-core itself (2.19 and newer) displays as they are, of every module.
HOSTILE = {
    "no JSON": "<html>",
    "nothing": "",
    "another type": [],
    "a number": {"changed": False, "answer": 7},
    "a list": {"changed": False, "answer": [[], [], [], [], []]},
    "null": {"changed": False, "answer": None},
    "no answer": {"changed": True, "msg": "x"},
    "too few parts": {"changed": False, "answer": "[[], [], []]"},
    "an unknown action": {"changed": True, "answer": answers([["/x", "msmtp", "rm -rf", None, "", ""]])},
    "a dictionary": {"changed": False, "answer": answers(result={"2": {}})},
    "a number for a path": {"changed": False, "answer": answers(result={"1": 7})},
    "a huge number": {"changed": False, "answer": answers(result={"4": 10**400})},
    "not a number": {"changed": False, "answer": answers(result={"4": float("nan")})},
    "depth": {"changed": False, "answer": "[" * 100_000},
    "a long text": {"changed": False, "answer": answers(result={"1": "x" * 3000})},
    "very many": {"changed": False, "answer": answers([["/x", "msmtp", "created", None, "", ""]] * 100_001)},
    "70 MB": {"changed": False, "answer": "[" + " " * (70 << 20) + "]"},
    "half a surrogate": {"changed": False, "answer": answers(result={"1": "\ud800"})},
    "escapes in a message": {"failed": True, "msg": ESCAPES, "answer": ""},
    "escapes in a path": {"changed": True, "answer": answers([[f"/home/{ESCAPES}", ESCAPES, "created", None, ESCAPES, ESCAPES]])},
    "escapes in a problem": {"changed": False, "answer": answers(result={"7": [f"/{ESCAPES}", ESCAPES]})},
    "escapes in a name": {"changed": False, "answer": answers(result={"0": ESCAPES})},
    "escapes in all that Ansible knows": {"failed": True, "module_stderr": ESCAPES, "exception": ESCAPES},
    "what is no business of a module": {
        "changed": False, "answer": answers(), "ansible_facts": {"ansible_connection": "evil"}, "_ansible_verbose_override": True,
        "add_host": {"host_name": "evil"}, "ansible_stats": {"data": {"x": 1}}, "include": "/etc/passwd", "exception": SECRET,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", one_in(2, HOSTILE))
def test_answers(fleet: Fleet, name: str) -> None:
    """Nothing but the host's own result is touched, and what is displayed controls no terminal."""
    role = {"hosts": "mail_accounts", "gather_facts": False, "roles": ["mailops.profiles.mail_accounts"]}
    look = {"hosts": "mail_accounts", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "hosts={{ groups.all | sort | join(' ') }}"}}]}
    done = fleet.run(HOSTILE[name], role, look, ANSIBLE_PYTHON_INTERPRETER=sys.executable)
    assert fleet.written("good") and re.search(r"^good .*changed=1 .*failed=0 ", done.stdout, re.MULTILINE), done.stdout
    displayed = done.stdout + done.stderr
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", displayed), ascii(displayed)
    assert "Traceback" not in displayed and "internal error" not in displayed, displayed
    assert "hosts=good hostile" in done.stdout and SECRET not in displayed


# What mail_account_info may be told.
FOUND = {
    "another state": Found(files=(FoundFile("/x", "msmtp", "fine"),)),
    "a state that is no text": Found(files=(FoundFile("/x", "msmtp", ["deployed"]),)),
    "a time that no date can hold": Found(confirmed=10**15),
    "a time before time": Found(confirmed=-1),
    "a name that is none": Found((AccountLabel(7, "work", ()),)),
    "clients that are none": Found((AccountLabel("Work", "work", 7),)),
    "a long reason": Found(files=(FoundFile("/x", "msmtp", "foreign", "", "x" * 3000),)),
    "very many files": Found(files=(FoundFile("/x", "msmtp", "deployed"),) * 100_001),
    "a number": 7,
    "a text": "found",
}


@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND)
def test_what_is_found_is_checked(found: Any) -> None:
    honest = Found((AccountLabel("Work", "work", ("msmtp",)),), (FoundFile("/x", "msmtp", "edited"),), 1)
    assert load_answer(json.dumps(Answer((Result("anna", "/x", found=honest),)))).results[0].found == honest
    with pytest.raises(ValueError):
        load_answer(json.dumps(Answer((Result("anna", "/x", found=found),))))


def test_what_is_found_controls_no_terminal_and_no_fact(fleet: Fleet) -> None:
    """And a host that always has more users to ask for is asked once more, and not for ever."""
    found = Found((AccountLabel(ESCAPES, ESCAPES, (ESCAPES,)),), (FoundFile(f"/{ESCAPES}", ESCAPES, "foreign", ESCAPES, ESCAPES),), 253402300799)
    answer = Answer((Result(ESCAPES, ESCAPES, found=found),), (ESCAPES,), (), (ESCAPES,), (Remaining("more", ESCAPES, "hostile"),))
    look = {"hosts": "mail_accounts", "gather_facts": False, "tasks": [
        {"mailops.profiles.mail_account_info": {}, "register": "found"}, {"ansible.builtin.debug": {"var": "found"}}]}  # fmt: skip
    done = fleet.run({"changed": True, "answer": json.dumps(answer), "ansible_facts": {"x": 1}, "add_host": {"host_name": "evil"}}, look)
    displayed = done.stdout + done.stderr
    assert done.returncode == 0 and "changed=0" in displayed and "Traceback" not in displayed, displayed
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", displayed), ascii(displayed)
    assert "9999-12-31T23:59:59Z" in displayed and fleet.seen.count("'ANSIBLE_PIPELINING': '1'") == 2


def test_an_answer_that_is_wrong_is_one_sentence(fleet: Fleet) -> None:
    role = {"hosts": "mail_accounts", "gather_facts": False, "roles": ["mailops.profiles.mail_accounts"]}
    done = fleet.run(HOSTILE["depth"], role)
    assert "the host's answer is not valid: check who controls that host and its Python" in done.stdout
    assert re.search(r"^hostile .*failed=1 ", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(("pipelining", "become_user", "refused"), [("0", "nobody", True), ("1", "nobody", False), ("0", "root", False)])
def test_a_group_reads_no_module_file(fleet: Fleet, pipelining: str, become_user: str, refused: bool) -> None:
    fleet.variables = {
        "ansible_common_remote_group": "nogroup", "ansible_become": True, "ansible_become_user": become_user, "ansible_remote_user": "daemon",
        "mail_accounts_users": [{"name": "anna", "email": "anna@example.org", "display_name": "Anna", "password": SECRET}],
        "mail_accounts_profile_definitions": [{**PROFILE, "outgoing": {"host": "smtp.example.org", "password": "{UserPassword}"}}],
    }  # fmt: skip
    role = {"hosts": "good", "gather_facts": False, "roles": ["mailops.profiles.mail_accounts"]}
    done = fleet.run("", role, ANSIBLE_PIPELINING=pipelining)
    assert ("a group may read temporary files on the host (ansible_common_remote_group)" in done.stdout) == refused, done.stdout


def test_the_controllers_secrets_are_in_no_environment(fleet: Fleet) -> None:
    """Where the controller is a host, its users could read them in /proc."""
    role = {"hosts": "hostile", "gather_facts": False, "roles": ["mailops.profiles.mail_accounts"]}
    fleet.run("", role, MAILOPS_STORE_KEY="a key of the whole store", PGPASSWORD="the database's password")
    assert "mail_account_apply" in fleet.seen and "ANSIBLE_COLLECTIONS_PATH" in fleet.seen
    assert "a key of the whole store" not in fleet.seen and "the database's password" not in fleet.seen


@pytest.mark.parametrize("answer", ["no JSON", "a number", "depth", "escapes in a message", "what is no business of a module"])
def test_answers_about_log_ins(fleet: Fleet, answer: str) -> None:
    """A host that lies about its log-ins gets no accounts, and no other host is touched."""
    fleet.variables = {"mail_accounts_check": "{{ 'before' if inventory_hostname == 'hostile' else '' }}"}
    look = {"hosts": "mail_accounts", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "hosts={{ groups.all | sort | join(' ') }}"}}]}
    role = {"hosts": "mail_accounts", "gather_facts": False, "roles": ["mailops.profiles.mail_accounts"]}
    done = fleet.run(HOSTILE[answer], role, look)
    displayed = done.stdout + done.stderr
    assert re.search(r"^hostile .*failed=1 ", done.stdout, re.MULTILINE) and fleet.written("good") and "mail_account_login" in fleet.seen, displayed
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", displayed), ascii(displayed)
    assert "Traceback" not in displayed and "internal error" not in displayed and "hosts=good hostile" in done.stdout and SECRET not in displayed
