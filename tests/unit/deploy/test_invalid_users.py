# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One bad user neither hides the others' problems nor, with invalid_users: skip, stops the others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import Answer, Result
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import make_report
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.target import Delivery
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from .deployments import JOANNA, deployment, profile

SITE = profile(variables={"Site": None}, incoming__host="{Site}")
GOOD = {**JOANNA, "name": "good", "variables": {"Site": "imap.example.org"}}
# A mistake in the list, one in what a profile makes of it, and one in the path.
BAD = {
    "in the list": ({**GOOD, "name": "one", "email": "one@"}, "user 'one': email: "),
    "in the profile": ({**GOOD, "name": "two", "variables": {"Site": "imaps://x"}}, "user 'two', profile 'work': incoming.host: "),
    "no value": ({**GOOD, "name": "three", "variables": {}}, "user 'three', profile 'work': {Site} has no value"),
    "unknown profile": ({**GOOD, "name": "four", "profiles": ["wrok"]}, "user 'four': there is no profile 'wrok'"),
    "in the path": ({**GOOD, "name": "five", "first_name": None}, "dest, user 'five': {UserFirstName} has no value"),
}
OPTIONS: dict[str, Any] = {"profile_definitions": [SITE], "dest": "/srv/{UserName}/{UserFirstName}"}


def planned(*users: dict[str, Any], **options: Any):
    return deployment([{"first_name": user["name"], **user} for user in users], **{**OPTIONS, **options})


def test_all_problems_of_all_users_at_once() -> None:
    with pytest.raises(MailopsError) as refused:
        planned(GOOD, *(user for user, _problem in BAD.values()))
    for _user, problem in BAD.values():
        assert any(found.startswith(problem) for found in refused.value.problems), problem
    assert len(refused.value.problems) == len(BAD)


def test_mistakes_in_options_do_not_hide_those_of_users() -> None:
    with pytest.raises(MailopsError) as refused:
        planned(GOOD, BAD["in the list"][0], instance="?")
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["instance", "user 'one'"]


@pytest.mark.parametrize("kind", BAD)
def test_the_others_are_served(kind: str) -> None:
    user, problem = BAD[kind]
    found = planned(GOOD, user, invalid_users="skip", purge_users=True)
    (job,) = found.jobs()
    assert [place.name for place in job.places] == ["good"]
    assert (job.kept, job.purge) == ((user["name"],), True)
    result = make_report(found, Delivery((Answer((Result("good", "/srv/good"),)),)), check_mode=False).result()
    (failed,) = result["failed_users"]
    assert failed["user"] == user["name"] and failed["msg"].startswith(problem)
    (warning,) = result["warnings"]
    assert warning.startswith(f"mail_account leaves out a user with mistakes; nothing of theirs is changed: {problem}")
    assert "failed" not in result
    assert {"user": user["name"], "clients": {"msmtp": "failed"}} in result["users"]


def test_nobody_is_purged_while_it_is_not_known_who_an_entry_is() -> None:
    for entry in ({**GOOD, "name": "jan:kowalski"}, {"email": "x@example.org"}, "text"):
        found = deployment([GOOD, entry], profile_definitions=[SITE], invalid_users="skip", purge_users=True)
        (job,) = found.jobs()
        assert not job.purge
        result = make_report(found, Delivery((Answer(()),)), check_mode=False).result()
        assert "and nobody was purged, because one of them has no valid name" in result["warnings"][0]


def test_a_user_who_is_listed_twice_is_served_by_neither_entry() -> None:
    found = planned(GOOD, {**GOOD, "name": "anna"}, {**GOOD, "name": "anna"}, invalid_users="skip")
    (job,) = found.jobs()
    assert [place.name for place in job.places] == ["good"] and job.kept == ("anna",)


def test_when_all_are_left_out_the_list_was_not_empty() -> None:
    found = planned(BAD["in the list"][0], invalid_users="skip", purge_users=True)
    (job,) = found.jobs()
    assert (job.places, job.purge, job.kept) == ((), False, ("one",))
    result = make_report(found, Delivery((Answer(()),)), check_mode=False).result()
    assert not any("users is empty" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    "options", [{"profile_definitions": [{**SITE, "email": "x"}]}, {"clients": ["mutt"]}, {"profiles": ["wrok"]}, {"dest": "/srv/x"}]
)
def test_mistakes_of_the_task_are_always_errors(options: dict[str, Any]) -> None:
    with pytest.raises(MailopsError):
        planned(GOOD, {**GOOD, "name": "other"}, BAD["in the list"][0], invalid_users="skip", **options)
