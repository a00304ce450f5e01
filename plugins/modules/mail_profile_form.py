# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mail_profile_form
short_description: List, display, create, edit, copy, rename or remove a profile as a form does it
version_added: 0.1.0
description:
  - What the playbook C(mailops.profiles.profile) does with the variables that a survey or a person gives. In playbooks of your own,
    M(mailops.profiles.mail_profile) is what you want. It describes a state, and this module does one thing to one profile.
  - Every answer may be text, as a survey sends it. A field that is blank is left as it is. Nothing is removed because something was blank.
  - Messages name the variables of the playbook.
extends_documentation_fragment:
  - mailops.profiles.store
  - mailops.profiles.attributes
  - mailops.profiles.attributes.changes
  - mailops.profiles.attributes.controller
options:
  operation:
    description:
      - What to do.
      - V(list) displays a table of all profiles, V(show) all fields of one.
      - V(create) makes a new profile. A profile that exists is never changed by it, and it is an error if one has other values.
      - V(edit) changes the fields that are given. It never creates a profile.
      - V(copy) makes O(new_name) from O(name), V(rename) gives O(name) the name O(new_name), both with the given fields on top.
      - V(remove) removes the profile. If there is none, nothing is done.
      - Without it, and without any other answer, it is V(list).
    type: str
    choices: [list, show, create, edit, copy, rename, remove]
  name:
    description: The name of the profile. Not needed with V(list).
    type: str
  new_name:
    description: The name of the copy, or the new name. Only for V(copy) and V(rename).
    type: str
  description:
    description: What the profile is for, as O(mailops.profiles.mail_profile#module:description).
    type: str
  email:
    description: The e-mail address, as O(mailops.profiles.mail_profile#module:email).
    type: str
  account_name:
    description: The label of the account, as O(mailops.profiles.mail_profile#module:account_name).
    type: str
  sender_name:
    description: The name in the From header, as O(mailops.profiles.mail_profile#module:sender_name).
    type: str
  reply_to:
    description: The address for replies, as O(mailops.profiles.mail_profile#module:reply_to).
    type: str
  account_type:
    description: The protocol, V(imap) or V(pop). V(-) leaves it as it is.
    type: str
  default:
    description: Whether the account is the default one of its user's clients, V(true) or V(false). V(-) leaves it as it is.
    type: str
  notifications:
    description: Whether clients notify the user of new mail, V(true) or V(false). V(-) leaves it as it is.
    type: str
  signature:
    description: The text below each mail, as O(mailops.profiles.mail_profile#module:signature).
    type: str
  incoming:
    description: The IMAP or POP server.
    type: dict
    suboptions: &server
      host:
        description: Host name or IP address.
        type: str
      port:
        description: TCP port. Without it, it follows from the type and the security.
        type: str
      security:
        description: V(tls), V(starttls) or V(none). V(-) leaves it as it is.
        type: str
      username:
        description: The name to log in with.
        type: str
      password:
        description: The password, one variable such as V({UserPassword}), or one password for all users, as M(mailops.profiles.mail_profile) takes it.
        type: str
  outgoing:
    description: The submission server.
    type: dict
    suboptions: *server
  clear:
    description:
      - Fields to set back to their defaults, as lines, with commas between them, or as a list. V(incoming.password) and
        V(profile_incoming_password) are the same.
    type: raw
seealso:
  - module: mailops.profiles.mail_profile
    description: The same as a state, with every field.
  - module: mailops.profiles.mail_profile_info
    description: Profiles as data.
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: A new profile
  mailops.profiles.mail_profile_form:
    operation: create
    name: Poczta firmowa
    incoming: {host: imap.example.org, port: "993", password: "{UserPassword}"}
    outgoing: {host: smtp.example.org, password: "{UserPassword}"}

- name: A copy for another site
  mailops.profiles.mail_profile_form:
    operation: copy
    name: Poczta firmowa
    new_name: Poczta firmowa (Gdynia)
    incoming: {host: imap.gdynia.example.org}

- name: The table of all profiles
  mailops.profiles.mail_profile_form:
    operation: list

- name: Without a signature
  mailops.profiles.mail_profile_form:
    operation: edit
    name: Poczta firmowa
    clear: signature
"""

RETURN = r"""
msg:
  description: What was done, or would be in check mode. The table or the sheet is only displayed, and is not in the result.
  returned: always
  type: str
  sample: profile 'work' created
profile:
  description: The profile as it is now, as M(mailops.profiles.mail_profile) returns it.
  returned: when the operation may change something
  type: dict
diff:
  description: The fields before and after, as M(mailops.profiles.mail_profile) returns them.
  returned: in diff mode
  type: dict
"""
