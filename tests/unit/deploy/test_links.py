# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``{LinkToken}`` in a dest and in texts of clients: where its value comes from, where it may be, and what is displayed of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Remaining
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import make_report
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.target import Delivery
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.links import LinkSecret

from .. import refusals
from .deployments import JOANNA, deployment, profile

SECRET = "the secret of links in these tests"
DEST = "/srv/setup/{LinkToken}"
LEAVER = {"name": "anowak", "state": "absent"}
TOKEN = LinkSecret(SECRET).token("default", User(JOANNA["name"], email=JOANNA["email"]))


def problems(*users: dict[str, Any], **options: Any) -> list[str]:
    return refusals.problems(lambda: deployment(list(users) or [JOANNA], **options))


def test_the_directory_has_the_token_and_the_display_has_not() -> None:
    (job,) = deployment([JOANNA], dest=f"{DEST}/{{UserName}}", link_secret=SECRET).jobs()
    (place,) = job.places
    assert (place.base, place.display) == (f"/srv/setup/{TOKEN}/jkowalska", "/srv/setup/{LinkToken of jkowalska}/jkowalska")
    assert job.dest_pattern == "/srv/setup/{LinkToken}/{UserName}" and TOKEN not in str(place.files)
    assert deployment([JOANNA], dest=DEST, link_secret=SECRET).has_secrets
    assert not deployment([JOANNA], dest="/srv/{UserName}", link_secret=SECRET).displays


def test_a_raised_version_revokes_a_lost_letter() -> None:
    found = {deployment([{**JOANNA, "link_version": version}], dest=DEST, link_secret=SECRET).bases["jkowalska"] for version in (1, "1", None, 2)}
    assert len(found) == 2
    for wrong in (0, -1, "x", 1.5, True):
        assert problems({**JOANNA, "link_version": wrong}, dest=DEST, link_secret=SECRET)[0].startswith("user 'jkowalska': link_version: ")


def test_without_a_secret_it_is_an_error_that_says_what_to_give() -> None:
    assert problems(dest=DEST) == [
        "dest: {LinkToken} has no value: give link_secret, link_secret_file or MAILOPS_LINK_SECRET, a text of 32 characters at least "
        "(openssl rand -base64 32)"
    ]
    (too_short,) = problems(dest=DEST, link_secret="short")
    assert too_short.startswith("link_secret: must have at least 32 characters")
    no_mail = {"name": "bob", "display_name": "Bob", "password": "x"}
    (problem,) = [each for each in problems(JOANNA, no_mail, dest=DEST, link_secret=SECRET) if each.startswith("dest")]
    assert problem == "dest, user 'bob': {LinkToken} has no value: give the user email"
    (problem,) = problems(clients=["setup_page"], client_options={"setup_page": {"base_url": "https://x.example.org/{LinkToken}/"}})
    assert "client_options.setup_page.base_url: {LinkToken} has no value: give link_secret, " in problem


@pytest.mark.parametrize("field", ["account_name", "signature", "sender_name"])
def test_a_profile_has_no_token(field: str) -> None:
    (problem,) = problems(profile_definitions=[profile(**{field: "x {LinkToken}"})], dest=DEST, link_secret=SECRET)
    assert f"{field}: {{LinkToken}} is for dest and setup pages only" in problem


def test_a_page_has_its_own_address_and_its_summary_has_not() -> None:
    options = {"setup_page": {"base_url": "https://x.example.org/{LinkToken}/", "title": "For {LinkToken}"}}
    found = deployment([JOANNA], clients=["setup_page"], client_options=options, dest=DEST, link_secret=SECRET)
    (page,) = found.files(found.request.users[0])
    assert TOKEN in page.content.decode() and TOKEN not in page.redacted


def test_leavers_need_neither_secret_nor_address() -> None:
    (job,) = deployment([LEAVER], dest=DEST).jobs()
    assert [(place.base, place.display, place.absent) for place in job.places] == [("", None, True)]
    # With both, and without root's list, the directory can be found all the same.
    (job,) = deployment([{**JOANNA, "state": "absent"}], dest=DEST, link_secret=SECRET).jobs()
    assert job.places[0].base.endswith(TOKEN) and TOKEN not in job.places[0].display
    assert deployment([LEAVER], state="absent", dest=DEST, link_secret_file="/nowhere").bases == {"anowak": ""}


def test_texts_of_clients_are_not_filled_in_for_leavers() -> None:
    options = {"setup_page": {"base_url": "https://x.example.org/{LinkToken}/", "title": "For {UserFirstName}"}}
    found = deployment([{**JOANNA, "first_name": "J"}, LEAVER], clients=["setup_page"], client_options=options, dest=DEST, link_secret=SECRET)
    assert [len(found.files(user)) for user in found.request.users] == [1, 0]


def test_two_users_in_one_directory_are_named_without_a_token() -> None:
    (problem,) = problems({**JOANNA, "variables": {}}, {**JOANNA, "name": "anna"}, dest="/srv/{UserEmail}", link_secret=SECRET)
    assert "would share the directory /srv/j.kowalska@example.org" in problem


def test_a_withdrawn_site_needs_a_dest_and_no_users() -> None:
    assert problems({"name": "x"}, state="absent", purge_users=True)[0].startswith("purge_users: only with state: present or with dest")
    (job,) = deployment([], state="absent", purge_users=True, dest=DEST).jobs()
    assert job.purge and not job.places
    assert not next(deployment([], purge_users=True, dest=DEST).jobs()).purge


def test_earlier_places_are_a_warning_of_their_own() -> None:
    found = deployment([JOANNA], dest=DEST, link_secret=SECRET)
    remaining = (Remaining("jkowalska", "/srv/setup/{LinkToken of jkowalska}", "laptop-17", True), Remaining("zoe", "/srv/zoe", "laptop-17"))
    warnings = make_report(found, Delivery((Answer((), remaining=remaining),)), check_mode=False).result()["warnings"]
    assert warnings[0].startswith("mail_account: instance default also has files of users who have no accounts in this task: zoe in /srv/zoe;")
    assert warnings[1] == (
        "mail_account: these users are served in another directory now, and what is in the earlier one is still there: "
        "jkowalska in /srv/setup/{LinkToken of jkowalska}; purge_users: true removes it"
    )
