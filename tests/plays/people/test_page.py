# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/users.md tells administrators to write works, with real CSV files, a real slapd, and the machine's own getent."""

from __future__ import annotations

import json
import pwd

from ...profiles import profile
from ..rollout.conftest import Project
from .conftest import EXAMPLES, PASSWORD, PEOPLE, Directory

INVENTORY = {f"laptop-{number}": {} for number in (17, 18, 19)}


def test_every_example_of_the_page_is_tried() -> None:
    assert set(EXAMPLES) == {"people.csv", "csv.yml", "text.yml", "ldap.yml", "getent.yml"}


def test_a_csv_file(project: Project) -> None:
    inventory = project.inventory(INVENTORY, mail_accounts_profile_definitions=[profile()])
    # What is in a file or a directory service is never a template.
    path, trap = project.path / "people.csv", project.path / "evaluated"
    path.write_bytes(path.read_bytes().replace(b"Adam Nowak", f"{{{{ lookup('ansible.builtin.pipe', 'touch {trap}') }}}}".encode()))
    done = project.play("csv.yml", "-i", inventory)
    assert done.status == 0 and not trap.exists(), done.output
    assert [path for path in project.written() if path.endswith("/.msmtprc")] == [
        "laptop-17/anowak/.msmtprc", "laptop-17/jkowalska/.msmtprc", "laptop-18/jkowalska/.msmtprc"]  # fmt: skip
    assert "correct horse" in "".join(path.read_text() for path in (project.path / "homes/laptop-18").rglob("*password"))
    assert "correct horse" not in done.output and "battery staple" not in done.output
    # Joanna leaves.
    path.write_bytes(path.read_bytes().replace(b"laptop-18;active", b"laptop-18;Left"))
    assert project.play("csv.yml", "-i", inventory).status == 0
    assert {path.split("/")[1] for path in project.written()} == {"anowak"}


def test_mistakes_in_a_csv_file(project: Project) -> None:
    path = project.path / "people.csv"
    path.write_bytes(path.read_bytes().replace(b"a.nowak@", b"a.nowak at ").replace(b";laptop-17;active", b";laptop-71;active"))
    inventory = project.inventory(INVENTORY)
    playbook = EXAMPLES["csv.yml"].replace("no_log: true", "no_log: false")
    project.write("csv.yml", playbook)
    done = project.play("csv.yml", "-i", inventory)
    assert done.status and "users_from: entry 2 ('anowak'): email: " in done.output and "battery staple" not in done.output.split("users_from:")[1]
    project.write("csv.yml", playbook.replace("users_from(map)", "users_from(map, invalid='keep')"))
    done = project.play("csv.yml", "-i", inventory)
    assert done.status and "hosts that are not in the inventory: laptop-71" in done.output and not project.written()


def test_the_text_of_a_csv_file(project: Project) -> None:
    done = project.play("text.yml")
    assert done.status == 0 and '"jkowalska"' in done.output and '"ewisniewska"' in done.output and "anowak" not in done.output, done.output
    assert "correct horse" not in done.output


def test_a_directory_of_five_thousand_people(project: Project, directory: Directory) -> None:
    playbook = EXAMPLES["ldap.yml"].replace("ldap://ldap.example.org", directory.uri).replace("start_tls: true", "start_tls: false")
    project.write("ldap.yml", playbook)
    dump = {"ansible.builtin.copy": {"content": "{{ users_of | to_json }}", "dest": f"{project.path}/users.json", "mode": "0600"}, "name": "Dump"}
    project.write("dump.yml", [{"hosts": "localhost", "gather_facts": False, "tasks": [dump]}])
    done = project.play("ldap.yml", "dump.yml", "-e", json.dumps({"reader_password": PASSWORD}))
    assert done.status == 0 and f"100 hosts, {PEOPLE} users" in done.output, done.output
    users_of = json.loads((project.path / "users.json").read_text())
    # A server's order is its own.
    users = {user["name"]: user for listed in users_of.values() for user in listed}
    assert len(users) == PEOPLE
    assert users["u1"] == {"name": "u1", "email": "u1@example.org", "display_name": "Shown 1", "last_name": "1"}
    assert users["u2"]["display_name"] == "Person 2" and "email" not in users["u5"]
    assert users["u3"]["email"] in ("u3@example.org", "second3@example.org")
    assert {name for name, user in users.items() if user.get("state") == "absent"} == {f"u{number}" for number in range(0, PEOPLE, 10)}
    # Without pages the server gives 500, and the module fails: the example needs them.
    project.write("ldap.yml", playbook.replace("page_size: 500", "page_size: 0"))
    assert project.play("ldap.yml", "-e", json.dumps({"reader_password": PASSWORD})).status


def test_the_machines_own_users(project: Project) -> None:
    done = project.play("getent.yml", "-i", project.inventory({"laptop-17": {}}))
    assert done.status == 0, done.output
    expected = {entry.pw_name for entry in pwd.getpwall() if 1000 <= entry.pw_uid != 65534}
    names = {name for name in expected if f'"name": "{name}"' in done.output}
    assert names == expected and '"name": "root"' not in done.output and '"name": "nobody"' not in done.output
