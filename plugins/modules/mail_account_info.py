# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_account_info
short_description: Show which accounts were deployed on a host, and which files were changed since
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Returns, by user, the accounts that M(mailops.profiles.mail_account) deployed on the host, for which clients, the files, and in which state each
    file is.
  - Reads the records that runs leave on the host, and the files themselves, in one round trip. Needs no store, no profiles and no passwords, and changes
    nothing.
  - What it calls edited or missing is what the next run of the same accounts reports as drifted, and restores. What that run would change because a
    profile or the list of users has changed is not found here, but with M(mailops.profiles.mail_account) in check mode.
  - In a home all reading is done with the user's own effective ids, by the code that writes there. The record in a home is the user's own file, and
    can be edited. Names that root's list does not confirm are V(foreign).
  - No content of any file is returned, and so no password.
extends_documentation_fragment:
  - mailops.profiles.attributes
  - mailops.profiles.attributes.info
attributes:
  check_mode:
    description: Can run in check mode. The module only reads.
  platform:
    description: Reads on the host. The host needs Python 3.8 or newer, and nothing else.
    platforms: posix
    support: full
options:
  users:
    description:
      - Log-in names. Without it everybody whom the list of O(instance) on the host has for this inventory host.
      - The list is kept for runs as root. Without root, only the connecting user's own home is looked at.
      - With V([]) nobody is looked for, and the host is not contacted.
    type: list
    elements: str
  instance:
    description:
      - The name of what was deployed, as in M(mailops.profiles.mail_account).
    type: str
    default: default
  report_path:
    description:
      - A file on the controller for the complete result as JSON, since the result of the task lists at most 100 users.
        Written with mode 0600, in check mode too.
      - C(schema_version) is the version of its form.
    type: path
seealso:
  - module: mailops.profiles.mail_account
  - module: mailops.profiles.mail_profile_info
"""

EXAMPLES = r"""
- name: Look at all accounts of the host
  mailops.profiles.mail_account_info:
  register: deployed

- name: Show what was changed since
  ansible.builtin.debug:
    msg: "{{ deployed.drifted }}"

- name: Look at two users
  mailops.profiles.mail_account_info:
    users: [jkowalska, anowak]
  register: two

- name: Show who has which profile
  ansible.builtin.debug:
    msg: "{{ item.user }}: {{ item.accounts | map(attribute='profile') | join(', ') }}"
  loop: "{{ two.users }}"
  loop_control:
    label: "{{ item.user }}"
"""

RETURN = r"""
msg:
  description: One line with the counts.
  type: str
  returned: success
  sample: "mail_account_info: [desk-1] 1 user, 1 account, 11 files: 9 deployed, 1 edited, 1 missing"
instance:
  description: The instance that was looked for.
  type: str
  returned: success
  sample: default
users:
  description:
    - What each user has, at most 100 users and 300,000 characters; a warning says how many are left out. O(report_path) has all.
    - A user who was asked for and has nothing is listed with empty lists.
  type: list
  elements: dict
  returned: success
  contains:
    user:
      description: The log-in name.
      type: str
    places:
      description: The home, or the directories, that the files are in.
      type: list
      elements: str
    confirmed:
      description:
        - When a run as root last left everything of the user's as it should be, also if it had nothing to change, in UTC.
        - Empty if that is not known, as for runs without root, or if no run has ended yet. Of several places the earliest.
      type: str
    accounts:
      description:
        - The accounts as they were deployed last, each with the name of its C(profile) at that time, its C(key) and the C(clients) that have files
          for it. C(templates) stands for the task's own templates.
      type: list
      elements: dict
    files:
      description:
        - The files, each with C(path), C(client) and C(state). C(real_path) is where a symbolic link of the user's leads to. An empty client is the
          record itself, which is listed when it was edited or removed.
        - V(deployed) is as it was written.
        - V(edited) and V(missing) are restored by the next run. For a block in a user's own file that is the block, and not the lines around it.
        - V(foreign) is named by the user's record, and either unknown to root's list, or written by another instance as well. No run touches it.
        - V(unreadable) is something else than a file of the user's, such as a FIFO, or has damaged markers. The next run fails for this user until
          it is gone; RV(failed_users) has the reason.
      type: list
      elements: dict
  sample:
    - user: jkowalska
      places: [/home/jkowalska]
      confirmed: "2026-03-01T22:15:04Z"
      accounts: [{profile: Work, key: work, clients: [msmtp, neomutt]}]
      files: [{path: /home/jkowalska/.msmtprc, client: msmtp, state: edited}]
host_files:
  description: The files that all users of the host share, at most 100, in the same form as the files of a user. Empty when users are named, and without root.
  type: list
  elements: dict
  returned: success
  sample: [{path: /etc/thunderbird/policies/policies.json, client: thunderbird, state: deployed}]
accounts:
  description: How many accounts there are in all.
  type: dict
  returned: success
  sample: {total: 1}
files:
  description: How many files are in each state, the shared ones included.
  type: dict
  returned: success
  sample: {deployed: 10, edited: 1, missing: 0, foreign: 0, unreadable: 0}
drifted:
  description: The files that are edited or missing, at most 100. An empty user stands for the shared files.
  type: list
  elements: dict
  returned: success
  sample: [{user: jkowalska, path: /home/jkowalska/.msmtprc, state: edited}]
failed_users:
  description:
    - Homes that could not be looked at, and files that are foreign or cannot be read, at most 100, with the reason. The task does not fail because of
      them.
  type: list
  elements: dict
  returned: success
  sample: [{user: mallory, path: /home/mallory/.msmtprc, msg: "/home/mallory/.msmtprc is a FIFO, not a file: move it away"}]
"""
