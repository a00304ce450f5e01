# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task asks for: every option in every spelling, and everything that is wrong at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import BATCH, plan_deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS, Request, read_request

from ...profiles import bare_profile
from .. import refusals

WORK = bare_profile()
JOANNA = {"name": "jkowalska", "email": "j.kowalska@example.org", "display_name": "Joanna Kowalska"}
GIVEN: dict[str, Any] = {"users": [JOANNA], "profile_definitions": [WORK], "clients": ["msmtp"]}
BLANKS = ["", " ", "\n", "\t "]


def load(src: str) -> tuple[str, bool]:
    raise FileNotFoundError(2, "it is not there")


def read(**options: Any) -> Request:
    """The request that the action makes of these options, where a blank is None."""
    known = {name: None if isinstance(value, str) and not value.strip() else value for name, value in {**GIVEN, **options}.items()}
    return read_request({name: known.get(name) for name in OPTIONS}, {}, load)


def problems(**options: Any) -> list[str]:
    return refusals.problems(lambda: plan_deployment(read(**options), "laptop-17"))


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in GIVEN])
@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_option_is_not_given(name: str, blank: str) -> None:
    assert read(**{name: blank}) == read()


@pytest.mark.parametrize("field", ["email", "display_name", "first_name", "last_name", "variables", "profiles", "default_profile", "state"])
@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_field_of_a_user_is_not_given(field: str, blank: str) -> None:
    assert read(users=[{**JOANNA, field: blank}]).users == read(users=[{**JOANNA, field: None}]).users


def test_a_password_of_spaces_is_refused_and_an_empty_one_is_none() -> None:
    assert read(users=[{**JOANNA, "password": ""}]).users[0].password is None
    assert problems(users=[{**JOANNA, "password": "  "}]) == [
        "user 'jkowalska': password: consists of white space: give the password, or leave the field out"
    ]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_variable_may_be_blank(blank: str) -> None:
    if "\n" not in blank and "\t" not in blank:
        assert read(users=[{**JOANNA, "variables": {"Title": blank}}]).users[0].variables == {"Title": blank}


@pytest.mark.parametrize("users", [None, *BLANKS])
def test_users_are_required(users: Any) -> None:
    assert problems(users=users)[0].startswith("users: is required, ")


def test_a_user_without_a_profile_is_a_mistake() -> None:
    without = "jkowalska would get no profile"
    assert without in problems(profile_definitions=None, store="/nowhere/profiles.db", profiles="")[0]
    assert without in problems(users=[{**JOANNA, "profiles": []}])[0]
    assert without in problems(profiles=[])[0]
    assert plan_deployment(read(users=[{**JOANNA, "profiles": [], "state": "absent"}]), None).accounts == {"jkowalska": []}


def test_a_user_without_client_and_template_is_a_mistake() -> None:
    for clients in (None, "", []):
        assert problems(clients=clients)[0].startswith("clients: jkowalska would get no files: ")
    assert not read(clients=None, users=[{"name": "jkowalska", "state": "absent"}]).clients
    assert not read(clients=None, users=[]).users


@pytest.mark.parametrize("clients", ["msmtp, neomutt", "msmtp\nneomutt\n", '["msmtp", "neomutt"]', "- msmtp\n- neomutt", ["msmtp", "neomutt"]])
def test_lists_in_every_spelling(clients: Any) -> None:
    assert [client.name for client in read(clients=clients).clients] == ["msmtp", "neomutt"]


def test_mappings_as_text() -> None:
    users = read(users='[{"name": "jkowalska", "email": "j.kowalska@example.org", "variables": "Title=Dr. Room=12", "profiles": "work, pop"}]').users
    assert users[0].variables == {"Title": "Dr.", "Room": "12"} and users[0].profiles == ("work", "pop")


WRONG = {
    "instance": ("a/b", "instance: must be 1 to 64"),
    "missing_users": ("ignore", "missing_users: must be one of fail, skip"),
    "state": ("gone", "state: must be one of present, absent"),
    "purge_users": ("maybe", "purge_users: must be true or false"),
    "forget": ("anna, jan:kowalski", "forget: 'jan:kowalski': holds a ':'"),
    "validate_only": ("maybe", "validate_only: must be true or false"),
    "dest": ("homes", "dest: must be an absolute path"),
    "report_path": ("/nowhere/at/all.json", "report_path: there is no directory /nowhere/at"),
    "clients": ("outlook", "clients: there is no client 'outlook'"),
    "client_options": ("mutt", "client_options: must be a dictionary"),
    "templates": ([{"src": "x.j2", "dest": "x"}], "templates, entry 1: src: x.j2 cannot be read"),
    "profile_definitions": ("x", "profile_definitions: must be a list of dictionaries"),
    "profiles": ("a, a", "profiles: names a profile twice"),
    "users": ([{"name": "-x"}], "user '-x': name: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_is_named(name: str) -> None:
    value, message = WRONG[name]
    assert problems(**{name: value})[0].startswith(message)


def test_everything_that_is_wrong_is_listed_at_once() -> None:
    found = problems(**{name: value for name, (value, _message) in WRONG.items()})
    for _value, message in WRONG.values():
        assert any(problem.startswith(message) for problem in found), message


def test_options_are_for_the_clients_of_the_task() -> None:
    options = {"setup_pages": {}}
    wrong = "client_options.setup_pages: is not one of the task's clients (did you mean 'setup_page'?); they are msmtp, setup_page"
    assert problems(clients="msmtp, setup_page", client_options=options) == [wrong]
    # A misspelled client is one mistake, and not another one for its options.
    (only,) = problems(clients="setup_pages", client_options=options)
    assert only.startswith("clients: there is no client 'setup_pages' (did you mean 'setup_page'?)")


def test_a_wrong_option_of_a_client_hides_nothing() -> None:
    options = {
        "mobileconfig": {"include_passwords": "perhaps"}, "thunderbird_android": 7, "setup_pages": {}, "k9_settings": {"x": 1, "include_passwords": "no"},
        "setup_page": {"base_url": "gopher://example.org"},
    }  # fmt: skip
    found = problems(clients="mobileconfig, thunderbird_android, setup_page, k9_settings", client_options=options)
    starts = ("setup_pages: ", "mobileconfig.include_passwords: ", "thunderbird_android: must be a dictionary", "k9_settings.x: ", "setup_page.base_url: ")
    assert all(len([problem for problem in found if problem.startswith(f"client_options.{start}")]) == 1 for start in starts), found
    assert len(found) == len(starts), found


def test_check_mode_waits_for_a_directory_that_an_earlier_task_may_create(tmp_path: Path) -> None:
    path = tmp_path / "reports/laptop.json"
    options = {name: {**GIVEN, "report_path": str(path)}.get(name) for name in OPTIONS}
    checked = read_request(options, {}, load, check_mode=True)
    assert checked.report_path is None
    assert plan_deployment(checked, None).warnings == [
        f"report_path: there is no directory {path.parent} on the controller; a real run fails unless it exists by then"
    ]
    path.parent.mkdir()
    checked = read_request(options, {}, load, check_mode=True)
    assert checked.report_path == str(path) and not plan_deployment(checked, None).warnings


def test_owner_group_and_mode_are_for_a_dest() -> None:
    assert problems(owner="root", mode="0640")[0].startswith("owner, mode: only for files in a dest")
    assert problems(dest="/srv/{UserName}", owner=1000) != []
    assert problems(dest="/srv/{UserName}", owner="1000") == ["owner: 1000 is a number: give the name of the user or group"]
    assert problems(dest="/srv/{UserName}", mode="0660")[0].startswith("mode: ")
    found = read(dest="/srv/{UserName}", group="mail", mode="0640").destination
    assert (found.mode, found.directory_mode, found.group, found.owner) == (0o640, 0o750, "mail", None)


def test_no_two_users_share_a_dest() -> None:
    users = [JOANNA, {**JOANNA, "name": "anowak"}]
    assert "would share the directory /srv/mail" in problems(users=users, dest="/srv/mail")[0]
    assert plan_deployment(read(users=users, dest="/srv/{UserName}"), None).bases == {"jkowalska": "/srv/jkowalska", "anowak": "/srv/anowak"}
    assert "{UserPassword} cannot be used in a path" in problems(dest="/srv/{UserPassword}")[0]
    assert "{UserFirstName} has no value" in problems(dest="/srv/{UserFirstName}")[0]


def test_purging_needs_a_state_of_present() -> None:
    assert problems(purge_users=True, state="absent", users=[{"name": "x"}])[0].startswith("purge_users: only with state: present")
    assert read(purge_users=True, users=[]).purge_users


def test_leavers_need_nothing_but_names(tmp_path: Path) -> None:
    """Neither an address that has become invalid nor a store that is gone keeps an account alive."""
    request = read(state="absent", users=[{"name": "x", "email": "not an address"}], profile_definitions=None, clients=None, store=None)
    assert request.users[0].state == "absent" and request.store is None and request.key is None


def test_a_report_path_must_be_writable(tmp_path: Path) -> None:
    assert read(report_path=str(tmp_path / "r.json")).report_path == str(tmp_path / "r.json")
    assert "is a directory" in problems(report_path=str(tmp_path))[0]


@pytest.mark.parametrize("name", ["x" * 256, "a\nb", "a\0b", "ż" * 128])
def test_a_report_needs_a_name_that_a_file_can_have(name: str, tmp_path: Path) -> None:
    assert problems(report_path=f"{tmp_path}/{name}")[0].startswith("report_path: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user for a moment")
def test_a_report_of_another_user_in_a_sticky_directory() -> None:
    with tempfile.TemporaryDirectory(prefix="mailops-report-") as directory:
        os.chmod(directory, 0o1777)
        report = Path(directory, "r.json")
        report.touch()
        assert read(report_path=str(report)).report_path == str(report)
        os.seteuid(65534)
        try:
            assert f"{report} belongs to another user" in problems(report_path=str(report))[0]
            assert read(report_path=f"{report}.new").report_path == f"{report}.new"
        finally:
            os.seteuid(0)
        os.chown(report, 65534, -1)
        os.seteuid(65534)
        try:
            assert read(report_path=str(report)).report_path == str(report)
        finally:
            os.seteuid(0)


def test_a_pattern_has_one_spelling() -> None:
    assert {read(dest=dest).destination.pattern for dest in ("/srv//setup/./{UserName}/", "/srv/setup/<UserName>")} == {"/srv/setup/{UserName}"}
    assert read().destination.pattern is None


def test_an_absent_user_needs_nothing_for_the_pattern() -> None:
    leaver = {"name": "anowak", "state": "absent"}
    options = {"dest": "/srv/{UserEmail}"}
    assert plan_deployment(read(users=[JOANNA, leaver], **options), None).bases == {"jkowalska": f"/srv/{JOANNA['email']}", "anowak": ""}
    known = {**leaver, "email": "a.nowak@example.org"}
    assert plan_deployment(read(users=[known], **options), None).bases == {"anowak": "/srv/a.nowak@example.org"}
    wrong = {"name": "bwilk", "email": "not even an address"}
    found = plan_deployment(read(users=[{**known, "state": None}, wrong], state="absent", **options), None)
    assert found.bases == {"anowak": "/srv/a.nowak@example.org", "bwilk": ""}


def test_an_address_that_has_a_new_user_is_the_new_users() -> None:
    leaver = {"name": "anowak", "state": "absent", "email": JOANNA["email"]}
    assert plan_deployment(read(users=[leaver, JOANNA], dest="/srv/{UserEmail}"), None).bases["anowak"] == ""


def test_batches_of_one_run() -> None:
    names = [f"u{number}" for number in range(2 * BATCH + 1)]
    users = [{"name": names[0], "state": "absent"}, *({**JOANNA, "name": name} for name in names[1:])]
    jobs = list(plan_deployment(read(users=users, dest="/srv/{UserName}", purge_users=True, forget=["x", names[-1], names[1], "x"]), "desk").jobs())
    later = tuple((name, f"/srv/{name}") for name in names[BATCH:])
    # Who leaves is not among the earlier ones, whose places stay.
    assert [(job.earlier, job.later, job.purge, job.is_last) for job in jobs] == [
        ((), later, True, False),
        (tuple(names[1:BATCH]), (), False, False),
        (tuple(names[1 : 2 * BATCH]), (), False, True),
    ]
    assert {(job.inventory_host, job.dest_pattern) for job in jobs} == {("desk", "/srv/{UserName}")}
    assert [job.forget for job in jobs] == [("x", names[1]), (), (names[-1],)]
    assert [place.absent for job in jobs for place in job.places] == [True] + 2 * BATCH * [False]
