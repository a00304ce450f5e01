# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which log-ins a host's accounts come to, what is reported of them, and answers of hosts that lie."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._login_wire import (
    CheckAnswer,
    Finding,
    RoundTrip,
    dump_answer,
    load_job,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.check_exchange import dump_check_job, load_check_answer
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.check_report import CheckReport, make_check_report
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.check_request import (
    OPTIONS,
    CheckRequest,
    read_check_request,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.checks import Plan, plan_checks
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import Deployment, plan_deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from ...profiles import profile

ANNA = {"name": "anna", "email": "anna@example.org", "display_name": "Anna", "password": "correct horse"}
ADAM = {"name": "adam", "email": "adam@example.org", "display_name": "Adam", "password": "battery staple"}


def planned(*users: dict[str, Any], **options: Any) -> tuple[Deployment, CheckRequest, Plan]:
    known: dict[str, Any] = {"profile_definitions": [profile()], **options, "users": list(users)}
    request = read_check_request({name: known.get(name) for name in OPTIONS}, {}, check_mode=False, dry_run=None)
    deployment = plan_deployment(request.request, "desk")
    return deployment, request, plan_checks(deployment, request, request.round_trip)


def report(*users: dict[str, Any], answer: dict[int, list[Finding]] | None = None, trips: Any = (), **options: Any) -> CheckReport:
    """``answer``: findings that are not ok, by the number of the check."""
    deployment, request, plan = planned(*users, **options)
    good = Finding("ok", "the log-in works", reached=True)
    findings = tuple(tuple((answer or {}).get(number, [good] * max(len(check.senders), 1))) for number, check in enumerate(plan.job.checks))
    return make_check_report(deployment, request, plan, CheckAnswer(findings, tuple(trips)), check_mode=False)


def test_one_check_for_each_side() -> None:
    _deployment, _request, plan = planned(ANNA)
    incoming, outgoing = plan.job.checks
    assert incoming[:5] == ("imap", "imap.example.org", 993, "tls", "anna@example.org") and incoming.password == "correct horse" and not incoming.senders
    assert outgoing[:5] == ("smtp", "smtp.example.org", 465, "tls", "anna@example.org") and outgoing.senders == ("anna@example.org",)
    assert load_job(dump_check_job(plan.job)) == plan.job


def test_who_shares_a_log_in_shares_the_attempt() -> None:
    """One relay with one password for everybody: one log-in, and each one's address as the sender."""
    work = profile(outgoing__username="relay", outgoing__password="{Relay}", variables={"Relay": None})
    users = [{**user, "variables": {"Relay": "one for all"}} for user in (ANNA, ADAM)]
    _deployment, _request, plan = planned(*users, profile_definitions=[work, {**work, "name": "again"}])
    assert [(check.protocol, check.username, check.senders) for check in plan.job.checks] == [
        ("imap", "anna@example.org", ()), ("smtp", "relay", ("anna@example.org", "adam@example.org")), ("imap", "adam@example.org", ()),
    ]  # fmt: skip
    assert [(row.user, row.side, row.number, row.sender) for row in plan.rows if row.profile == "again"] == [
        ("anna", "incoming", 0, 0), ("anna", "outgoing", 1, 0), ("adam", "incoming", 2, 0), ("adam", "outgoing", 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("changes", "mechanisms", "reason"), [
    ({"password": None}, ("PLAIN", "LOGIN"), "the profile has no password, so that the user's program asks for it"),
    ({"password": None, "password_command": ["pass", "show"]}, ("PLAIN", "LOGIN"), "the password comes from password_command"),
    ({"authentication": "oauth2", "password": None}, ("XOAUTH2", "OAUTHBEARER"), "authentication oauth2 needs what only the user has"),
    ({"authentication": "gssapi", "password": None}, ("GSSAPI",), "authentication gssapi needs what only the user has"),
    ({"authentication": "ntlm"}, ("NTLM",), "authentication ntlm needs what only the user has"),
    ({"authentication": "client_certificate", "password": None}, (), "authentication client_certificate needs what only the user has"),
])  # fmt: skip
def test_what_is_not_tried(changes: dict[str, Any], mechanisms: tuple[str, ...], reason: str) -> None:
    """Neither name nor password is sent to the host, and nobody is offered as a sender."""
    changed = {f"{side}__{name}": value for side in ("incoming", "outgoing") for name, value in changes.items()}
    work = [profile(**changed)]
    assert [(check.username, check.password, check.mechanisms, check.senders) for check in planned(ANNA, profile_definitions=work)[2].job.checks] == [
        ("", None, mechanisms, ()), ("", None, mechanisms, ()),
    ]  # fmt: skip
    found = report(ANNA, profile_definitions=work).result()
    assert all(entry["outcome"] == "ok" and reason in entry["msg"] for entry in found["checks"]) and not found.get("failed")
    assert not planned(ANNA, profile_definitions=work, round_trip=True)[2].job.round_trips


def test_no_log_in_is_needed() -> None:
    work = profile(outgoing__authentication="none", outgoing__password=None)
    check = planned(ANNA, profile_definitions=[work])[2].job.checks[1]
    assert (check.password, check.mechanisms, check.senders) == (None, (), ("anna@example.org",))


def test_round_trips() -> None:
    _deployment, _request, plan = planned(ANNA, ADAM, round_trip="true")
    assert plan.job.round_trips == (RoundTrip(1, 0, 0), RoundTrip(3, 0, 2)) and [row.side for row in plan.rows].count("round_trip") == 2
    good = Finding("ok", "the message arrived, and was deleted")
    found = report(ANNA, ADAM, round_trip=True, trips=[good, None])
    assert [entry["side"] for entry in found.data["checks"]] == ["incoming", "outgoing", "incoming", "outgoing", "round_trip"]


def test_a_user_without_accounts() -> None:
    assert planned({"name": "anna", "state": "absent"})[2].job.checks == ()
    assert report().summary == "mail_account_check: [desk] 0 users, 0 of 0 checks ok"


def test_all_mistakes_at_once() -> None:
    with pytest.raises(MailopsError) as caught:
        planned({"name": "x y z", "email": "nobody"}, timeout="soon", parallel=0, fail_on="sometimes", round_trip="perhaps", invalid_users="keep")
    begins = {problem.split(":")[0] for problem in caught.value.problems}
    assert begins == {"timeout", "parallel", "fail_on", "round_trip", "invalid_users", "user 'x y z'"}


def test_invalid_users_are_left_out() -> None:
    found = report(ANNA, {"name": "eve", "email": "nobody"}, invalid_users="skip").result()
    assert found["counts"]["total"] == 2 and [user["user"] for user in found["failed_users"]] == ["eve"] and "leaves out 1 users" in found["warnings"][0]


REFUSED = Finding("password_refused", "the server refuses it", "check both", reached=True)
DOWN = Finding("refused", "no server listens", "the server offers tls on 993")


def test_what_fails_comes_first_and_is_grouped() -> None:
    users = [{**ANNA, "name": f"user{number:03}", "email": f"user{number:03}@example.org"} for number in range(200)]
    found = report(*users, answer={number: [REFUSED] for number in (20, 300)} | {number: [DOWN] for number in range(1, 400, 2)})
    result = found.result()
    assert len(result["checks"]) == 100 and len(found.data["checks"]) == 400 and all(entry["outcome"] != "ok" for entry in result["checks"])
    assert result["counts"] == {"total": 400, "ok": 198, "failed": 202, "refused": 200, "password_refused": 2}
    assert found.problems == [
        "imap.example.org:993 (incoming), password_refused: the server refuses it (profile work, users user010, user150): check both",
        "smtp.example.org:465 (outgoing), refused: no server listens (profile work, users user000, user001, user002, user003, user004, user005, "
        "user006, user007, user008, user009 and 190 more): the server offers tls on 993",
    ]
    assert [(server["host"], server["outcome"]) for server in result["servers"]] == [("smtp.example.org", "refused"), ("imap.example.org", "ok")]
    assert result["failed"] and len(result["msg"]) < 1000 and len(json.dumps(result)) < 100_000
    assert "failed" not in report(ANNA, answer={0: [REFUSED]}, fail_on="never").result()


def test_a_certificate_that_expires_soon_is_a_warning() -> None:
    good = Finding("ok", "the log-in works", certificate_days=13, reached=True)
    assert report(ANNA, answer={0: [good]}).result()["warnings"] == ["the certificate of imap.example.org:993 expires in 13 days: renew it"]
    assert "warnings" not in report(ANNA, answer={0: [good._replace(certificate_days=14)]}).result()


def test_the_report_is_sorted_and_has_no_password() -> None:
    one, two = report(ANNA, ADAM), report(ADAM, ANNA)
    assert one.data["checks"] == two.data["checks"] and [entry["user"] for entry in one.data["checks"]] == ["adam", "adam", "anna", "anna"]
    assert "correct horse" not in json.dumps([one.data, one.result()])


# --- hostile answers ---

FINE = Finding("ok", "fine", "", "192.0.2.1", ("192.0.2.1: connected",), "TLSv1.3", 60, ("PLAIN",), "PLAIN", True)
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"


def answers(**changes: Any) -> Any:
    """The JSON of an answer to a job of two checks, with a field of the first finding changed."""
    data = json.loads(dump_answer(CheckAnswer(((FINE,), (FINE,)))))
    for name, value in changes.items():
        data[0][0][0][Finding._fields.index(name)] = value
    return data


@pytest.mark.parametrize("text", [
    None, 7, "", "<html>", "[" * 100_000, "null", "{}", "[]", "[[], []]", "[[[]], []]", json.dumps([answers()[0][:1], []]),
    json.dumps([answers()[0], [None]]), json.dumps([[*answers()[0], answers()[0][0]], []]), json.dumps([[[], []], []]),
    *(json.dumps(answers(**change)) for change in (
        {"outcome": "fine"}, {"outcome": None}, {"outcome": ["ok"]}, {"msg": None}, {"msg": {}}, {"msg": "x" * 3000}, {"address": 7}, {"tried": "x"},
        {"tried": [7]}, {"tried": ["x"] * 100_001}, {"tls_version": None}, {"certificate_days": "60"}, {"certificate_days": 1.5},
        {"certificate_days": True}, {"certificate_days": 10**400}, {"certificate_days": float("nan")}, {"mechanisms": {}}, {"mechanism": []},
    )),
])  # fmt: skip
def test_answers_that_are_none(text: Any) -> None:
    job = planned(ANNA)[2].job
    assert load_check_answer(json.dumps(answers()), job).findings == ((FINE,), (FINE,))
    with pytest.raises(ValueError):
        load_check_answer(text, job)


def test_answers_control_no_terminal() -> None:
    texts = dict.fromkeys(("msg", "hint", "address", "tls_version", "mechanism"), ESCAPES)
    answer = load_check_answer(json.dumps(answers(**texts, tried=[ESCAPES], mechanisms=[ESCAPES])), planned(ANNA)[2].job)
    finding = answer.findings[0][0]
    assert all(text.isprintable() for text in (*finding[1:4], *finding.tried, finding.tls_version, *finding.mechanisms, finding.mechanism))
