#!/usr/bin/python
# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mail_account_apply
short_description: Write rendered mail accounts on a host (internal)
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Internal. This is the part of M(mailops.profiles.mail_account) that runs on the target host. It is not meant to be used in
    playbooks, and its options change without notice.
  - It compares the files that the controller rendered with those in the users' homes and writes the difference.
extends_documentation_fragment:
  - mailops.profiles.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  start:
    description:
      - The text of the script that loads O(program).
    type: str
    required: true
  program:
    description:
      - The sources of what runs on the host, as base64 of zlib-compressed JSON.
    type: str
    required: true
  payload:
    description:
      - The rendered files, as base64 of zlib-compressed JSON.
    type: str
    required: true
seealso:
  - module: mailops.profiles.mail_account
"""

EXAMPLES = r"""
# Not for use in playbooks.
"""

RETURN = r"""
files:
  description: How many files were created, updated, removed, or as they should be.
  type: dict
  returned: success
"""

# A module in Ansible's JSONARGS form: Ansible writes the arguments into this text, and the host's Python runs it. The usual form brings
# AnsibleModule along, and to compile that takes a host longer than all that is to be done there. mail_account sees to it that the
# arguments hold nothing that anybody else has a say in: three quotes would end the text.
# There are only assignments, because ansible-test does not know this form: it takes such a file for mere documentation.
SYS = __import__("sys")
# Nothing is imported from where the login user stands, or from beside this file, whatever leads there.
_ = setattr(SYS, "path", [entry for entry in SYS.path if entry not in ("", ".", SYS.argv[0].rpartition("/")[0])])
OS = __import__("os")
PLACES = [place for place in (".", OS.path.dirname(SYS.argv[0])) if OS.path.exists(place)]
KEPT = [entry for entry in SYS.path if not (OS.path.exists(entry) and any(OS.path.samefile(entry, place) for place in PLACES))]
_ = setattr(SYS, "path", KEPT)
ARGUMENTS = r'''<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'''
_ = ARGUMENTS.startswith("{") and eval(compile(__import__("json").loads(ARGUMENTS)["start"], "/dev/null/_start.py", "exec"))
