# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts in the homes of the lab's users, written as a run of the collection writes them."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from controller import COLLECTIONS
from harness import Lab, load_users
from profiles import profile as small_profile

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import Deployment, plan_deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.exchange import dump_job, load_answer
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS, read_request
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import Account

# What the module does on a host, without the time that Ansible takes around it; test_rollout.py has it all.
WRITE = f"""
import sys
sys.path.insert(0, {COLLECTIONS!r})
from ansible_collections.mailops.profiles.plugins.module_utils._writer.run import run
print(run(sys.stdin.read(), check=False, diff=False)[1])
"""
USERS = load_users()
# Quotes, backslashes, command substitution and Unicode: what breaks most. `make test-all` has everybody.
FEW = ("quentin", "basil", "dolores", "lukasz")


def named(names: Iterable[str], *values: Any) -> list[Any]:
    """Parameters for these users, each with ``values`` behind the name; only the FEW are in `make test`."""
    return [pytest.param(name, *values, marks=() if name in FEW else pytest.mark.long) for name in names]


every_user = pytest.mark.parametrize("name", named(USERS))
# For the second and third way of doing the same.
SOME = (*FEW, "ursula")
some_users = pytest.mark.parametrize("name", named(SOME))
mutts = pytest.mark.parametrize("program", ["mutt", "neomutt"])


def profile(name: str = "work", /, **changes: Any) -> dict[str, Any]:
    """A profile for the lab. ``incoming__port=1`` changes a field of a server; None takes a field out."""
    texts = {
        "reply_to": "reply-`touch$IFS-pwned`$HOME#'@example.org",
        "signature": "{UserDisplayName}\n`touch /tmp/pwned` $(touch /tmp/pwned)",
        "ca_file": Lab.ca_file,
    }
    return small_profile(name, **{**texts, **changes})


def pop(security: str = "tls", **changes: Any) -> dict[str, Any]:
    return profile(account_type="pop", incoming__host="pop.example.org", incoming__security=security, **changes)


# What fetchmail can fetch with.
FETCHED = {
    "imaps": profile(), "imap": profile(incoming__security="starttls"), "pop3s": pop(), "pop3": pop("starttls"),
}  # fmt: skip


def deploy(lab: Lab, name: str, profiles: list[dict[str, Any]], names: Sequence[str], **of_the_user: Any) -> list[Account]:
    """The accounts of these profiles, for these clients, in this user's home, which is empty but for them."""
    empty_home(lab, name)
    return redeploy(lab, name, profiles, names, **of_the_user)


def empty_home(lab: Lab, name: str) -> None:
    for path in lab.path(USERS[name].home).iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def redeploy(lab: Lab, name: str, profiles: list[dict[str, Any]], names: Sequence[str], may_skip: bool = False,
             **of_the_user: Any) -> list[Account]:
    """The same for a home as it is, with what earlier runs and the programs left there."""
    user = USERS[name]
    data = {"name": name, "email": user.email, "display_name": user.display_name.strip(), "password": user.password, **of_the_user}
    if not profiles:
        data["state"] = "absent"
    deployment = _deployment(users=[data], profile_definitions=profiles or None, clients=list(names))
    assert may_skip or not deployment.skipped
    _write(lab, deployment)
    return list(deployment.accounts[name])


def remove_all(lab: Lab) -> Answer:
    """Removes the accounts of all users, as with ``state: absent``."""
    return _write(lab, _deployment(users=[{"name": name, "state": "absent"} for name in USERS]))


def _deployment(**options: Any) -> Deployment:
    return plan_deployment(read_request({**dict.fromkeys(OPTIONS), **options}, {}, lambda src: ("", False)), "lab")


def _write(lab: Lab, deployment: Deployment) -> Answer:
    (job,) = deployment.jobs()
    written = lab.run([sys.executable, "-c", WRITE], input=dump_job(job))
    assert written.returncode == 0, written.stderr
    answer = load_answer(written.stdout.rstrip("\n"))
    assert not answer.missing and not any(result.problem for result in answer.results), answer
    return answer


def screen(output: bytes) -> str:
    """What a full-screen program has written, without the movements of its cursor."""
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][AB0]|\x1b[=>]", b" ", output).decode(errors="replace")


def opens_mailbox(lab: Lab, program: str, name: str, subject: str) -> None:
    """Started as by a person: no arguments. The message is in the index; x leaves without a change."""
    status, output = lab.pty([program], user=name, input=[(subject.encode(), b"x")])
    assert status == 0, screen(output)


def logins(lab: Lab) -> int:
    """How often somebody has logged in to one of the servers."""
    return lab.log().count("Login:") + lab.log().count("sasl_username")


# Someone who says to be the server.
IMPOSTORS = {
    "wrong CA": {"ca_file": Lab.wrong_ca_file},
    "system's CAs": {"ca_file": None},
    "wrong name": {"incoming__host": "wrong-name.example.org", "outgoing__host": "wrong-name.example.org"},
}
impostors = pytest.mark.parametrize("impostor", IMPOSTORS)
securities = pytest.mark.parametrize("security", ["tls", "starttls"])


def against(impostor: str, security: str, make=profile) -> dict[str, Any]:
    data = make(incoming__security=security, outgoing__security=security) if make is profile else make(security)
    for key, value in IMPOSTORS[impostor].items():
        target, _separator, inner = key.rpartition("__")
        (data[target] if target else data)[inner] = value
    return data
