# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: mail_account
short_description: Fill in a profile for one user
version_added: 0.1.0
description:
  - Gives the account of one user, in which no variable is left, for your own templates of formats that
    M(mailops.profiles.mail_account) does not know.
  - The result holds the user's password in clear. Give C(no_log) to a task that shows it.
positional: user, host
options:
  _input:
    description: A profile, as M(mailops.profiles.mail_profile_info) returns it or written inline.
    type: dict
    required: true
  user:
    description:
      - The user, with C(name) and what the profile's variables need of C(email), C(display_name), C(first_name), C(last_name),
        C(password) and C(variables).
    type: dict
    required: true
  host:
    description: The value of the variable V({HostName}), usually C(inventory_hostname).
    type: str
seealso:
  - module: mailops.profiles.mail_profile_info
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: Show where a user's mail is
  vars:
    profile:
      name: work
      incoming:
        host: "imap.{UserEmailDomain}"
      outgoing:
        host: "smtp.{UserEmailDomain}"
    user:
      name: jkowalska
      email: j.kowalska@example.org
      display_name: Joanna Kowalska
    account: "{{ profile | mailops.profiles.mail_account(user, inventory_hostname) }}"
  ansible.builtin.debug:
    msg: "imaps://{{ account.incoming.username | urlencode }}@{{ account.incoming.host }}:{{ account.incoming.port }}"
"""

RETURN = r"""
_value:
  description:
    - The account. C(incoming) and C(outgoing) have C(host), C(port), C(security), C(username), C(password), C(password_command)
      and C(authentication); ports are numbers. C(profile) is the profile's name, C(key) is a name that is safe in files.
  type: dict
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._text import internal_error
from ..plugin_utils._action import plain
from ..plugin_utils._model.account import resolve
from ..plugin_utils._model.errors import MailopsError
from ..plugin_utils._model.profile_reader import read_profile
from ..plugin_utils._model.user import read_users


def mail_account(profile: Any, user: Any, host: Any = None) -> dict[str, Any]:
    # "from None", here and below: Ansible prints causes, and what they quote may be a password.
    try:
        users = read_users([plain(user)])
        return resolve(read_profile(plain(profile)), users[0], plain(host)).as_data()
    except MailopsError as exc:
        raise AnsibleFilterError(f"mail_account: {exc}") from None
    except Exception as exc:
        raise AnsibleFilterError(f"mail_account: {internal_error(exc)}") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"mail_account": mail_account}
