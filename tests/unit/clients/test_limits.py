# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known limits of programs: where a profile or a user meets one, the task says so."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.report import make_report

from ...profiles import profile
from ..deploy.deployments import deployment
from .accounts import JOANNA, resolved


def result(client: str, user: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    found = deployment([{**JOANNA, **(user or {})}], profile_definitions=[profile(**changes)], clients=[client])
    return make_report(found, None, check_mode=True).result()


@pytest.mark.parametrize("name", ["jan@bugdom.example.org", "BUGDOM\\ewa", "host!jan", "jan%host"])
def test_fetchmail_makes_an_address_of_such_a_name(name: str) -> None:
    (skipped,) = result("fetchmail", {"name": name})["skipped_accounts"]
    assert skipped["user"] == name and "makes an address of one with" in skipped["reason"]
    assert result("msmtp", {"name": name})["skipped_accounts"] == []


@pytest.mark.parametrize(
    ("name", "lost"),
    [('Müller, Łukasz "Luki" (IT)', True), ("Łukasz (IT)", True), ("Łukasz Müller", False), ("Kowalski, Jan", False)],
)
def test_s_nail_encodes_the_quotes(name: str, lost: bool) -> None:
    """Whichever user of the profile it is."""
    users = [{**JOANNA, "display_name": name}, {**JOANNA, "name": "other"}]
    assert deployment(users, clients=["s_nail"]).dropped == ({"s_nail": ["sender_name"]} if lost else {})
    assert deployment(users, clients=["neomutt"]).dropped == {}


@pytest.mark.parametrize("client", ["aerc", "evolution", "geary"])
def test_a_ca_file_that_a_client_cannot_use_is_a_warning(client: str) -> None:
    found = result(client, ca_file="/etc/ca.pem")
    assert "ca_file" in found["dropped"][client]
    assert any("cannot use ca_file, and connects only if the system trusts" in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    ("client", "remedy"),
    [
        ("mobileconfig", "Certificate Trust Settings)"),
        ("k9_settings", "on the phone"),
        ("thunderbird_android", "on the phone"),
        ("delta_chat", "on the phone"),
        ("setup_page", "you have to tell them how"),
    ],
)
def test_what_is_no_program_of_the_host_has_one_warning_with_another_remedy(client: str, remedy: str) -> None:
    options = {client: {"include_passwords": True}}
    found = deployment([JOANNA], profile_definitions=[profile(ca_file="/etc/ca.pem")], clients=[client], client_options=options)
    (warning,) = [each for each in make_report(found, None, check_mode=True).result()["warnings"] if "authority" in each]
    assert warning.startswith(f"{client}, profile 'work': ") and "ca_file" in warning and warning.endswith(remedy)


def test_aercs_dialogue_is_a_warning() -> None:
    assert "smtp-starttls" in result("aerc", outgoing__security="starttls")["warnings"][0]
    assert "warnings" not in result("aerc")


@pytest.mark.parametrize(
    ("changes", "mechanisms"),
    [
        ({}, "PLAIN, LOGIN"),
        ({"username": "jan kowalski"}, "PLAIN"),
        ({"username": 'jan"x'}, "PLAIN"),
        ({"username": "łukasz"}, "PLAIN"),
    ],
)
def test_offlineimap_never_sends_a_log_in_that_is_not_quoted(changes: dict[str, str], mechanisms: str) -> None:
    user = {**JOANNA, "password": changes.get("password", "x"), "variables": {"Login": changes.get("username", "jan")}}
    accounts, context = resolved([profile(variables={"Login": None}, incoming__username="{Login}")], user)
    file = clients.get("offlineimap").files(accounts, context)[0]
    assert f"auth_mechanisms = {mechanisms}\n" in file.content.decode()
