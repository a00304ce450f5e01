# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What errors show of their input: nothing that may be a password. The leak hunt (tests/reliability) looks at whole plays."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.mailops.profiles.plugins.action import mail_account
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError


@pytest.mark.parametrize("check, value", [
    (values.text, {"Sesame1": None}),  # an unquoted password in braces
    (values.host, "imaps://jane:Sesame1@imap.example.org"),
    (values.host, "jane:Sesame1@imap.example.org"),
])  # fmt: skip
def test_what_may_be_a_password_is_not_repeated(check, value):
    with pytest.raises(Invalid) as refused:
        check(value)
    assert "Sesame1" not in str(refused.value)


def test_an_unquoted_variable_is_named():
    with pytest.raises(Invalid, match='put it in quotes: "{UserEmail}"'):
        values.text({"UserEmail": None})


def test_a_program_that_repeats_the_module_repeats_no_payload():
    payload = base64.b64encode(bytes(range(256))).decode()
    failure = {"rc": 127, "msg": "MODULE FAILURE", "module_stderr": "sh: 1: import: not found", "module_stdout": f"params = '{payload}'\n",
               "invocation": {"module_args": {"payload": payload}}}  # fmt: skip
    assert mail_account._without_payload(failure) == {
        "rc": 127, "msg": "MODULE FAILURE", "module_stderr": "sh: 1: import: not found", "module_stdout": "params = '...'\n",
    }  # fmt: skip


@pytest.mark.parametrize("setting", ["DEFAULT_DEBUG", "DEFAULT_KEEP_REMOTE_FILES"])
def test_passwords_are_not_sent_where_ansible_would_show_or_keep_them(monkeypatch, setting):
    monkeypatch.setattr(mail_account.C, setting, True, raising=False)
    action = object.__new__(mail_account.ActionModule)

    class Deployment:
        has_secrets = True

    with pytest.raises(MailopsError, match="refuses to send passwords"):
        action._refuse_exposed_payload(Deployment())
    Deployment.has_secrets = False
    action._refuse_exposed_payload(Deployment())
