# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two playbooks for the same people, people who come and go, and what is left in the end: nothing. Over ssh with become."""

from __future__ import annotations

import os
from typing import Any

import pytest
from controller import Controller
from harness import Lab, load_users
from profiles import profile

pytestmark = pytest.mark.own_release
CLIENTS = ["neomutt", "msmtp", "mbsync", "fetchmail"]
PEOPLE = list(load_users().values())[:3]
ANNA, QUENTIN, THIRD = (user.name for user in PEOPLE)
COMPANY = {"profiles": ["work"], "clients": CLIENTS, "instance": "company"}
CLUB = {"profiles": ["club"], "clients": CLIENTS, "instance": "club"}
# Files that end with and without a newline, an empty one, and one with a wide mode.
OWN = {".muttrc": (b"set sort=threads", 0o644), ".msmtprc": (b"# mine\n", 0o600), ".mbsyncrc": (b"", 0o640), ".fetchmailrc": (b"# x\n\n", 0o600)}


def people(*names: str, **changes: Any) -> list[dict[str, Any]]:
    known = {user.name: user for user in PEOPLE}
    return [
        {"name": name, "email": known[name].email, "display_name": name.title(), "password": known[name].password, **changes} for name in names
    ]


def homes(lab: Lab) -> dict[str, Any]:
    found = {}
    for user in PEOPLE:
        home = lab.path(user.home)
        for path in home.rglob("*") if home.exists() else ():
            state = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[f"{user.name}/{path.relative_to(home)}"] = (state.st_uid, state.st_gid, oct(state.st_mode), content)
    return found


@pytest.fixture(scope="module")
def controller(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Controller:
    controller = Controller(lab, tmp_path_factory.mktemp("controller"))
    controller.store([profile(name, ca_file=Lab.ca_file) for name in ("work", "club", "project")])
    for name, (data, mode) in OWN.items():
        path = lab.path(f"/home/{ANNA}/{name}")
        path.write_bytes(data)
        path.chmod(mode)
        os.chown(path, lab.sandbox.account(ANNA).pw_uid, lab.sandbox.account(ANNA).pw_gid)
    return controller


@pytest.fixture(scope="module")
def bare(lab: Lab, controller: Controller) -> dict[str, Any]:
    """The homes before anything was rolled out."""
    return homes(lab)


@pytest.fixture
def served(bare: dict[str, Any], controller: Controller) -> None:
    """Two playbooks have been run, whatever an earlier test has left."""
    controller.roll_out(people(ANNA, QUENTIN, THIRD), purge_users=True, **COMPANY)
    controller.roll_out(people(ANNA, QUENTIN), purge_users=True, **CLUB)


def accounts(lab: Lab, name: str) -> int:
    return lab.path(f"/home/{name}/.mbsyncrc").read_text().count("\nChannel ")


def test_two_instances_serve_the_same_people(served: None, lab: Lab, controller: Controller) -> None:
    assert [accounts(lab, name) for name in (ANNA, QUENTIN, THIRD)] == [2, 2, 1]
    for arguments, names in ((COMPANY, (ANNA, QUENTIN, THIRD)), (CLUB, (ANNA, QUENTIN))):
        report = controller.roll_out(people(*names), **arguments)
        assert not report["changes"] and not report["drifted"]
    listed = lab.run(["mbsync", "--list", "--all"], user=ANNA)  # logs in to both, and makes nothing
    assert listed.returncode == 0, listed.stderr


def test_a_profile_is_withdrawn_from_one_user(served: None, lab: Lab, controller: Controller) -> None:
    both = {**COMPANY, "profiles": ["work", "project"]}
    controller.roll_out(people(ANNA, QUENTIN, THIRD), **both)
    assert [accounts(lab, name) for name in (ANNA, QUENTIN, THIRD)] == [3, 3, 2]
    report = controller.roll_out([*people(ANNA, THIRD), *people(QUENTIN, profiles=["project"])], **both)
    assert {change["user"] for change in report["changes"]} == {QUENTIN}
    assert [accounts(lab, name) for name in (ANNA, QUENTIN, THIRD)] == [3, 2, 2]
    assert {change["user"] for change in controller.roll_out(people(ANNA, QUENTIN, THIRD), **COMPANY)["changes"]} == {ANNA, QUENTIN, THIRD}


def test_who_left_loses_the_accounts_of_one_instance(served: None, lab: Lab, controller: Controller) -> None:
    state = homes(lab)
    controller.roll_out(people(ANNA), "--check", "--diff", purge_users=True, **CLUB)
    assert homes(lab) == state and f"/home/{QUENTIN}/.msmtprc" in controller.output
    report = controller.roll_out(people(ANNA), purge_users=True, **CLUB)
    assert {change["user"] for change in report["changes"]} == {QUENTIN}
    assert [accounts(lab, name) for name in (ANNA, QUENTIN, THIRD)] == [2, 1, 1]
    assert not controller.roll_out(people(ANNA), purge_users=True, **CLUB)["changes"]


def test_who_is_no_user_any_more_is_reported_while_the_home_is_there(served: None, lab: Lab, controller: Controller) -> None:
    assert lab.run(["useradd", "--create-home", "leaver"]).returncode == 0
    controller.roll_out([*people(ANNA, QUENTIN), {**people(THIRD)[0], "name": "leaver"}], **COMPANY)
    assert lab.run(["userdel", "leaver"]).returncode == 0
    controller.roll_out(people(ANNA, QUENTIN), purge_users=True, **COMPANY)
    assert "leaver is not a user of the host any more, and /home/leaver is left with what was written there" in " ".join(controller.output.split())
    assert lab.run(["rm", "-r", "/home/leaver"]).returncode == 0
    controller.roll_out(people(ANNA, QUENTIN), purge_users=True, **COMPANY)
    assert "leaver" not in controller.output


def test_nothing_is_left_of_either(served: None, bare: dict[str, Any], lab: Lab, controller: Controller) -> None:
    for instance in ("company", "club"):
        path = lab.path(f"/var/lib/mailops.profiles/{instance}.json")
        listed = path.read_text()
        # No store, no profile and no password is needed for that.
        controller.roll_out([{"name": name} for name in (ANNA, QUENTIN, THIRD)], state="absent", instance=instance, store="/nonexistent/store.db")
        assert not path.exists(), f"{listed}\n{path.read_text()}\n{controller.output}"
    assert homes(lab) == bare
