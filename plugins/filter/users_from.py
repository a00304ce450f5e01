# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: users_from
short_description: Users out of a CSV file, a directory service, passwd or a web API
version_added: 0.1.0
description:
  - Makes the list that O(mailops.profiles.mail_account#module:users) takes out of a list of people in which everything has another name. Attributes
    are renamed, lists of one value become the value, what is blank is left out, and who is disabled gets C(state=absent).
  - Names of attributes are found in any case, and in spite of a byte order mark or quotes, as Excel leaves them in the first column.
  - All entries with mistakes are named at once, by their number in the source. Passwords are never displayed.
  - An attribute of the map that no entry has is an error where all entries have the same attributes, as in a CSV file, and a warning where they may
    differ, as in LDAP.
  - A leaver keeps the name, the e-mail address and the names, as far as they are valid. The rest is left out.
positional: map, host
options:
  _input:
    description:
      - A list of dictionaries, such as from P(community.general.from_csv#filter).
      - The result of M(community.general.read_csv), M(community.general.ldap_search) or M(ansible.builtin.uri) (with C(list), C(results), C(existing),
        C(value) or C(Resources) in its JSON).
      - The dictionary that M(ansible.builtin.getent) makes of C(passwd). System accounts (with a C(uid) below 1000, and C(nobody)) are left out, and the
        attributes are C(name), C(uid), C(gid), C(gecos), C(home), C(shell), and C(display_name), which is the full name in GECOS.
    type: raw
    required: true
  map:
    description:
      - What the attributes are called in the source. The keys are those of a user (C(name), C(email), C(display_name), C(first_name), C(last_name),
        C(password), C(profiles), C(default_profile), C(state)), of which only C(name) is required.
      - A value is the name of an attribute (C(mail)), a way into a structure (C(attributes.mail.0)), a text with names in braces
        (C({uid}@example.org)), or a list of such values, of which the first counts that gives a text. A text with braces gives none when one of its
        attributes is blank.
      - C(variables) is a dictionary, with a value of the same kind for each variable.
      - C(host) is where the names of a user's inventory hosts are, a list or a text with commas, semicolons or white space in between.
      - "C(disabled) or C(enabled) is the attribute that says who left, with words such as C(true), C(no) or C(1), or C(userAccountControl) of Active
        Directory. For other words it is a dictionary of one attribute and the values that mean it, such as C({status: [left, retired]}). An attribute
        that is missing or blank says nothing."
      - Without it the attributes are those of a user already, and others are left out.
    type: dict
  host:
    description:
      - Return the users of this host only, usually C(inventory_hostname). Needs C(host) in O(map).
      - With C(host) in O(map) and without this option, the filter returns a dictionary with the users of every host, in one pass. Do this once for many
        hosts.
    type: str
  invalid:
    description:
      - V(fail) names all entries with mistakes. V(keep) returns them as they are, for O(mailops.profiles.mail_account#module:invalid_users=skip), which
        serves all others.
    type: str
    choices: [fail, keep]
    default: fail
notes:
  - C(docs/users.md) in the collection has examples for each source.
seealso:
  - module: mailops.profiles.mail_account
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: Show the users of a CSV file
  vars:
    csv: |
      Login;E-Mail;Name;Computer;Active
      jkowalska;j.kowalska@example.org;Joanna Kowalska;laptop-17;yes
      anowak;a.nowak@example.org;Adam Nowak;laptop-18;no
    people: "{{ csv | community.general.from_csv(delimiter=';') }}"
    map:
      name: login
      email: e-mail
      display_name: name
      host: computer
      enabled: active
  ansible.builtin.debug:
    msg: "{{ people | mailops.profiles.users_from(map) }}"
"""

RETURN = r"""
_value:
  description:
    - The users, in the order of the source. With C(host) in the map and without the option O(host), a dictionary with a list for each host that is named.
      Users without a host are in none.
  type: raw
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._text import internal_error
from ..plugin_utils._action import plain
from ..plugin_utils._model import given
from ..plugin_utils._model.errors import Invalid, MailopsError, named
from ..plugin_utils._model.user_map import users_from


def _users_from(source: Any, map: Any = None, host: Any = None, invalid: Any = "fail") -> Any:
    # "from None", here and below: Ansible prints causes, and what they quote may be a password.
    try:
        with named("invalid"):
            keep = given.choice(plain(invalid), ("fail", "keep")) == "keep"
        host = plain(host)
        if host is not None and (not isinstance(host, str) or given.is_blank(host)):
            raise Invalid("host: must be the name of a host")
        with named("map"):
            user_map = given.mapping(plain(map) or {})
        return users_from(source, user_map, host, keep, plain, lambda text: Display().warning(f"users_from: {text}"))
    except MailopsError as exc:
        raise AnsibleFilterError(f"users_from: {exc}") from None
    except Exception as exc:
        raise AnsibleFilterError(f"users_from: {internal_error(exc)}") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"users_from": _users_from}
