# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role: misspelled ones, and their names in messages."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.check_request import OWN_OPTIONS
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.request import OPTIONS
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.role import MAIL_ACCOUNTS, MAIL_SETUP_SITE
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.variables import BUILT_IN

from ...checkout import ROOT

ROLE = ROOT / "roles/mail_accounts"
OF_CHECKS = ["check", *(f"check_{name}" for name in (*OWN_OPTIONS, "report_path"))]
VARIABLES = [f"mail_accounts_{name}" for name in (*OPTIONS, *OF_CHECKS) if name != "validate_only"]


def test_the_role_takes_every_option_and_documents_all_variables() -> None:
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    documented = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    page = (ROOT / "docs/variables.md").read_text()
    assert sorted(defaults) == sorted(VARIABLES)
    assert sorted(documented) == sorted([*VARIABLES, "mail_accounts_hosts", "mail_accounts_serial"])
    assert [name for name in documented if f"| `{name}` |" not in page] == []


def test_the_variables_of_the_site_are_documented() -> None:
    role = ROOT / "roles/mail_setup_site"
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    documented = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    page = (ROOT / "docs/variables.md").read_text()
    assert {*defaults, "mail_setup_site_hosts"} == set(documented) == MAIL_SETUP_SITE.variables
    assert [name for name in documented if f"| `{name}` |" not in page] == []
    assert {name: option["default"] for name, option in documented.items() if "default" in option}.items() <= defaults.items()


def test_a_misspelled_variable_of_the_site() -> None:
    for wrong, meant in {"mail_setup_site_user": "users", "mail_setupsite_domain": "domain", "mail_setup_page_clients": "clients"}.items():
        assert MAIL_SETUP_SITE.misspelled([wrong]) == [f"the role mail_setup_site has no variable '{wrong}' (did you mean 'mail_setup_site_{meant}'?)"]
    assert MAIL_SETUP_SITE.misspelled([*MAIL_SETUP_SITE.variables, "mail_setup", "mail_accounts_users", "mail_setup_site_colour_of_walls"]) == []
    message = "mail_account: link_secret: must have at least 32 characters\n- users: is required"
    assert MAIL_SETUP_SITE.with_variables(message).count("mail_setup_site_") == 2


def test_the_variables_of_profiles_are_documented() -> None:
    rows = [f"| `{{{name}}}` | {text} |" for name, text in BUILT_IN.items()]
    assert "\n".join(rows) in (ROOT / "docs/variables.md").read_text()


@pytest.mark.parametrize(("name", "meant"), [
    ("mail_account_store", "store"),
    ("mail_accounts_profile", "profiles"),
    ("mail_accounts_user", "users"),
    ("mail_account_users", "users"),
    ("mail_accounts_Clients", "clients"),
    ("MAIL_ACCOUNTS_STORE", "store"),
    ("mail_acounts_dest", "dest"),
    ("mailaccounts_clients", "clients"),
    ("mail_accounts_purge", "purge_users"),
    ("mail_accounts_definitions", "profile_definitions"),
    ("mail_accounts_host", "hosts"),
    ("mail_accounts_missing_user", "missing_users"),
    ("mail_accounts_checks", "check"),
    ("mail_accounts_check_time_out", "check_timeout"),
])  # fmt: skip
def test_a_misspelled_variable(name: str, meant: str) -> None:
    assert MAIL_ACCOUNTS.misspelled([name]) == [f"the role mail_accounts has no variable '{name}' (did you mean 'mail_accounts_{meant}'?)"]


@pytest.mark.parametrize("name", [
    *VARIABLES, "mail_accounts_hosts", "mail_accounts_serial", "mail_domain", "mail_accounts", "mail_accounts_directory_of_people", "mail_accounts_company",
    "mail_account", "ansible_facts", "users", "mailbox_store", "mail_accounts_\x1b",
])  # fmt: skip
def test_a_variable_that_is_right_or_somebody_elses(name: str) -> None:
    assert MAIL_ACCOUNTS.misspelled([name]) == []


@pytest.mark.parametrize(("message", "expected"), [
    ("mail_account: users: is required", "mail_account: mail_accounts_users: is required"),
    ("mail_account: users, entry 1: must be", "mail_account: mail_accounts_users, entry 1: must be"),
    ("mail_account: owner, group: only for files in a dest", "mail_account: mail_accounts_owner, mail_accounts_group: only for files in a dest"),
    ("mail_account: 2 problems:\n- state: must be\n- client_options.msmtp: no",
     "mail_account: 2 problems:\n- mail_accounts_state: must be\n- mail_accounts_client_options.msmtp: no"),
    ("mail_account: the host has no user x: set missing_users: skip", "mail_account: the host has no user x: set mail_accounts_missing_users: skip"),
    ("mail_account: profile 'work': users: 'store_key' (state: absent)", "mail_account: profile 'work': users: 'store_key' (state: absent)"),
    ("mail_account: store /srv/store_key/x has no profile", "mail_account: store /srv/store_key/x has no profile"),
    ("mail_account_check: 2 problems:\n- timeout: must be\n- users: is required",
     "mail_account_check: 2 problems:\n- mail_accounts_check_timeout: must be\n- mail_accounts_users: is required"),
    ("mail_account_check: report_path: there is no directory", "mail_account_check: mail_accounts_check_report_path: there is no directory"),
    ("mail_account: needs store_key or store_key_file", "mail_account: needs mail_accounts_store_key or mail_accounts_store_key_file"),
])  # fmt: skip
def test_messages_name_the_variables(message: str, expected: str) -> None:
    assert MAIL_ACCOUNTS.with_variables(message) == expected
