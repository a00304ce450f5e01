# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mail_profile
short_description: Create, edit, copy, rename or remove an IMAP or POP profile
version_added: 0.1.0
description:
  - A profile describes the mail account of many users once, with variables such as V({UserEmail}) in its texts.
    M(mailops.profiles.mail_account) fills it in for each user and configures their mail programs.
  - Only the fields that are given are changed; a blank one is not given. O(incoming), O(outgoing), O(folders) and O(variables) are merged key by key.
  - Every problem of a profile is reported at once, and nothing is changed then.
extends_documentation_fragment:
  - mailops.profiles.profile
  - mailops.profiles.store
  - mailops.profiles.attributes
  - mailops.profiles.attributes.changes
  - mailops.profiles.attributes.controller
options:
  state:
    description:
      - V(present) creates or edits the profile, V(absent) removes it.
      - With V(absent) the fields are ignored, and O(clear), O(copy_from) and O(renamed_from) are refused.
      - Without it the state is V(present).
    type: str
    choices: [present, absent]
  clear:
    description:
      - Fields to set back to their defaults, such as V(reply_to), V(incoming.password), V(folders.sent), V(folders) or
        V(variables.Region).
      - A field that is required or given in the same task is refused, and so is O(key).
      - Also takes text, with commas between the fields.
    type: list
    elements: str
  copy_from:
    description:
      - The name of the profile to start from when this one does not exist yet. The given fields are put on top of the copy.
      - The copy gets an id and a O(key) of its own.
      - Once the profile exists, nothing is copied any more, and the given fields are an ordinary edit.
    type: str
  renamed_from:
    description:
      - The name that the profile had. It keeps its id and its key.
      - Once it has been renamed, the given fields are an ordinary edit. It is an error when both names exist.
      - When neither exists, the profile is created if O(incoming) and O(outgoing) have a host, and otherwise it is an error.
      - Cannot be used together with O(copy_from).
    type: str
seealso:
  - module: mailops.profiles.mail_profiles
    description: Many profiles at once, fully declared.
  - module: mailops.profiles.mail_profile_info
    description: Read profiles, and the list of variables.
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: The mailbox that everybody has
  mailops.profiles.mail_profile:
    name: work
    description: Company mailbox, IMAP
    account_name: "{UserDisplayName} (work)"
    default: true
    signature: |
      {UserDisplayName}
      Example Ltd
    incoming:
      host: imap.example.org
      password: "{UserPassword}"
    outgoing:
      host: smtp.example.org
      password: "{UserPassword}"

- name: Change one thing and leave all others as they are
  mailops.profiles.mail_profile:
    name: work
    outgoing:
      security: starttls

- name: Let clients ask for the password again, and remove the signature
  mailops.profiles.mail_profile:
    name: work
    clear:
      - incoming.password
      - outgoing.password
      - signature

- name: The same for a site with a server of its own and a variable of its own
  mailops.profiles.mail_profile:
    name: work-gdynia
    copy_from: work
    default: false
    incoming:
      host: imap.gdynia.example.org
    variables:
      Department: Sales
    sender_name: "{UserDisplayName} ({Department})"

- name: Rename it
  mailops.profiles.mail_profile:
    name: work-north
    renamed_from: work-gdynia

- name: Remove it
  mailops.profiles.mail_profile:
    name: work-north
    state: absent
"""

RETURN = r"""
profile:
  description:
    - The profile with all its fields as it is now, or would be, in check mode.
    - V(null) when the profile does not exist.
    - A password that is not a variable is returned as V(********).
  returned: success
  type: dict
  contains:
    id:
      description:
        - The UUID of the profile. For a profile that would be created, it is V(null) with C(check_mode=true) for this task alone. With
          C(ansible-playbook --check), it is one that all tasks of the dry run see, and the real run makes another.
      type: str
      sample: 6f1f0c0e-3b0e-4c1e-9a43-0d2b8a4b4f0d
    revision:
      description: How often the profile has changed, its creation included.
      type: int
      sample: 3
    name:
      description: The name. All other fields follow as in the options, fields without a value as V(null).
      type: str
      sample: work
    key:
      description: What the accounts of the profile are called on hosts.
      type: str
      sample: work-fe4292b5
    incoming:
      description: The server that mail is read from. C(port) is V(null) when it follows from the type and the security.
      type: dict
      sample:
        host: imap.example.org
        port: null
        security: tls
        username: "{UserEmail}"
        password: "{UserPassword}"
        password_command: null
        authentication: password
        allow_cleartext: false
diff:
  description: The fields before and after as YAML, passwords masked; an empty text where there is no profile.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: The fields before.
      type: str
    after:
      description: The fields after.
      type: str
    before_header:
      description: The name before.
      type: str
    after_header:
      description: The name after.
      type: str
"""
