# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: setup_links
short_description: The addresses of the users' setup pages, for the administrator who hands them out
version_added: 0.1.0
description:
  - Gives the addresses at which a web server has what M(mailops.profiles.mail_account) writes to a C(dest) that ends in V({LinkToken}), as the role
    P(mailops.profiles.mail_setup_site#role) sets it up.
  - Whoever has an address sees that user's page, so the result is a secret. Give C(no_log) to a task that uses it, and mode V(0600) to the file.
positional: base_url
options:
  _input:
    description: The users, as M(mailops.profiles.mail_account) takes them. Absent users are left out.
    type: list
    elements: dict
    required: true
  base_url:
    description: The address of the site, such as V(https://setup.example.org/).
    type: str
    required: true
  instance:
    description: The instance of the task that wrote the pages.
    type: str
    default: default
  link_secret:
    description: The secret of that task. By default O(link_secret_file), and then E(MAILOPS_LINK_SECRET) of the controller.
    type: str
  link_secret_file:
    description: The absolute path of a file on the controller that holds it.
    type: str
  format:
    description:
      - V(csv) has a line for each user. V(json) has a list of dictionaries with C(name), C(display_name), C(email) and C(url).
      - V(html) has a letter for each user to print, with the address as text and as a code.
    type: str
    choices: [csv, json, html]
    default: json
  language:
    description: The language of the letters, V(en) or V(pl). For any other they are in English.
    type: str
    default: en
  skip_invalid:
    description: Whether users with mistakes are left out, as with C(invalid_users=skip). By default they are an error.
    type: bool
    default: false
seealso:
  - module: mailops.profiles.mail_account
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: Write the addresses of the pages into a file on the controller
  vars:
    users:
      - name: jkowalska
        email: j.kowalska@example.org
        display_name: Joanna Kowalska
    secret: the secret of the links, out of a vault
  ansible.builtin.copy:
    content: "{{ users | mailops.profiles.setup_links('https://setup.example.org/', link_secret=secret, format='csv') }}"
    dest: "{{ playbook_dir }}/links.csv"
    mode: "0600"
  delegate_to: localhost
  no_log: true
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

import os
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._text import internal_error
from ..plugin_utils._action import plain
from ..plugin_utils._deploy import letters
from ..plugin_utils._model import given, values
from ..plugin_utils._model.errors import MailopsError, named
from ..plugin_utils._model.user import read_users, valid_users
from ..plugin_utils._secrets import links as secrets


def setup_links(
    users: Any,
    base_url: Any,
    instance: Any = "default",
    link_secret: Any = None,
    link_secret_file: Any = None,
    format: Any = "json",
    language: Any = "en",
    skip_invalid: Any = False,
) -> str:
    # "from None", here and below: Ansible prints causes, and what they quote may be a secret.
    try:
        return _text(*map(plain, (users, base_url, instance, link_secret, link_secret_file, format, language, skip_invalid)))
    except MailopsError as exc:
        raise AnsibleFilterError(f"setup_links: {exc}") from None
    except Exception as exc:
        raise AnsibleFilterError(f"setup_links: {internal_error(exc)}") from None


def _text(users: Any, base_url: Any, instance: str, secret: Any, secret_file: Any, kind: Any, language: str, skip_invalid: Any) -> str:
    found = _secret(secret, secret_file)
    with named("base_url", MailopsError):
        url = letters.checked_url(base_url)
    with named("format", MailopsError):
        kind = given.choice(kind, letters.FORMATS)
    with named("users", MailopsError):
        listed = given.mapping_list(users)
    read = valid_users(listed)[0] if values.boolean(skip_invalid) else read_users(listed)
    links = letters.links_of(read, url, instance, found)
    if kind == "html":
        return letters.as_html(links, language)
    return letters.as_csv(links) if kind == "csv" else letters.as_json(links)


def _secret(text: Any, path: Any) -> secrets.LinkSecret:
    found = secrets.link_secret({"link_secret": text, "link_secret_file": path}, os.environ)
    if found is None:
        raise MailopsError(f"link_secret: is required: {secrets.HINT}")
    return found


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"setup_links": setup_links}
