# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mail_profiles
short_description: Declare many IMAP and POP profiles at once
version_added: 0.1.0
description:
  - Makes the listed profiles exactly what is listed, in one transaction. A field that is not given has its default.
  - With O(store_key_new) instead of O(profiles) it encrypts all passwords of the store with another key, in one transaction.
  - Every problem of every profile is reported at once, and nothing is changed then.
extends_documentation_fragment:
  - mailops.profiles.profile_list
  - mailops.profiles.store
  - mailops.profiles.attributes
  - mailops.profiles.attributes.changes
  - mailops.profiles.attributes.controller
options:
  purge:
    description: Remove all profiles that are not listed.
    type: bool
    default: false
  allow_empty:
    description: Allow an empty O(profiles) with O(purge=true), which removes every profile.
    type: bool
    default: false
  store_key_new:
    description:
      - The new key for all passwords of the store. O(store_key) is the key that they are encrypted with now.
      - Passwords that are under the new key already stay as they are.
    type: str
seealso:
  - module: mailops.profiles.mail_profile
    description: One profile, field by field.
  - module: mailops.profiles.mail_profile_info
    description: Read profiles, and the list of variables.
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: Declare all profiles
  mailops.profiles.mail_profiles:
    purge: true
    profiles:
      - name: work
        default: true
        incoming:
          host: imap.example.org
          password: "{UserPassword}"
        outgoing:
          host: smtp.example.org
          password: "{UserPassword}"
      - name: archive
        account_type: pop
        leave_on_server: true
        delete_after_days: 30
        incoming:
          host: pop.example.org
          password_command: [pass, show, "{UserEmail}"]
        outgoing:
          host: smtp.example.org
          security: starttls

- name: Declare a mailbox that a team shares, with its password encrypted in the store
  mailops.profiles.mail_profiles:
    store_key: "{{ vault_store_key }}"
    profiles:
      - name: support
        email: support@example.org
        account_name: Support
        incoming:
          host: imap.example.org
          username: support@example.org
          password: "{{ vault_support_password }}"
        outgoing:
          host: smtp.example.org
          username: support@example.org
          password: "{{ vault_support_password }}"

- name: Encrypt all passwords with another key
  mailops.profiles.mail_profiles:
    store_key: "{{ vault_store_key }}"
    store_key_new: "{{ vault_store_key_new }}"

- name: Read the profiles of one store
  mailops.profiles.mail_profile_info:
  register: here

- name: Write the same profiles, with their ids and keys, to another store
  mailops.profiles.mail_profiles:
    profiles: "{{ here.profiles }}"
    store: "{{ playbook_dir }}/build/profiles.db"
"""

RETURN = r"""
created:
  description: How many profiles were created.
  returned: success
  type: int
  sample: 1
updated:
  description: How many profiles were changed, renamed ones included.
  returned: success
  type: int
  sample: 1
removed:
  description: How many profiles were removed.
  returned: success
  type: int
  sample: 0
unchanged:
  description: How many of the listed profiles needed no change.
  returned: success
  type: int
  sample: 12
changes:
  description: What was changed, by name, at most 100 entries.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the profile.
      type: str
    action:
      description: V(created), V(updated), V(renamed) or V(removed).
      type: str
  sample:
    - name: archive
      action: created
diff:
  description:
    - A diff for each changed profile, as M(mailops.profiles.mail_profile) returns it, at most 200 kB in all.
    - If there are more, the last entry has only C(prepared), a line that says how many were left out.
  returned: in diff mode
  type: list
  elements: dict
"""
