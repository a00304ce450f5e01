# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mail_profile_info
short_description: Read IMAP and POP profiles and the list of variables
version_added: 0.1.0
description:
  - Returns the profiles of the store, and the variables that their texts may hold.
  - A store that does not exist yet has no profiles, and a warning says so.
extends_documentation_fragment:
  - mailops.profiles.store
  - mailops.profiles.attributes
  - mailops.profiles.attributes.info
  - mailops.profiles.attributes.controller
options:
  name:
    description: The name of the only profile to return. Without it all profiles are returned.
    type: str
seealso:
  - module: mailops.profiles.mail_profile
    description: Create and edit one profile.
  - module: mailops.profiles.mail_profiles
    description: Many profiles at once, fully declared.
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: Read all profiles
  mailops.profiles.mail_profile_info:
  register: all

- name: Show where their mail is read
  ansible.builtin.debug:
    msg: "{{ dict(all.profiles | map(attribute='name') | zip(all.profiles | map(attribute='incoming.host'))) }}"

- name: Show the variables and what they mean
  ansible.builtin.debug:
    msg: "{{ all.variables | items2dict(key_name='name', value_name='description') }}"

- name: Read one profile
  mailops.profiles.mail_profile_info:
    name: work
  register: one

- name: Report that it is missing
  ansible.builtin.debug:
    msg: There is no profile of this name
  when: not one.profiles
"""

RETURN = r"""
profiles:
  description:
    - The profiles, sorted by name, each with all its fields, its C(key), its C(id) and its C(revision), as
      M(mailops.profiles.mail_profile) returns it. If no profile has the name, the list is empty.
    - A password that is not a variable is returned encrypted. M(mailops.profiles.mail_profiles) can store it in another store, and
      M(mailops.profiles.mail_account) can use it with the key.
  returned: success
  type: list
  elements: dict
variables:
  description: The built-in variables.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name, without braces.
      type: str
    description:
      description: What it is filled with.
      type: str
  sample:
    - name: UserEmail
      description: The e-mail address of the user (email).
"""
