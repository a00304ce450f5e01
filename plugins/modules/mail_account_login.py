#!/usr/bin/python
# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: mail_account_login
short_description: Try log-ins from a host (internal)
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Internal. This is the part of M(mailops.profiles.mail_account_check) that runs on the target host.
  - A task that uses it fails. Its options change without notice.
attributes:
  check_mode:
    description: Can run in check mode. The module changes nothing.
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode. The module changes nothing.
    support: N/A
  platform:
    description: Runs on the host, with Python 3.8 or newer.
    platforms: posix
    support: full
options:
  job:
    description:
      - What is to be tried, as the controller encodes it.
    type: str
    required: true
seealso:
  - module: mailops.profiles.mail_account_check
"""

EXAMPLES = r"""
# Internal: not for use in playbooks.
"""

RETURN = r"""
answer:
  description: What was found, as the controller decodes it.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.profiles.plugins.module_utils._entry import outdated, python_name, remove_own_file


def main():
    # The syntax must be that of Python 2.7, up to where the interpreter is known to be new enough.
    module = AnsibleModule(argument_spec={"job": {"type": "str", "required": True, "no_log": True}}, supports_check_mode=True)
    remove_own_file(module)
    if outdated():
        module.fail_json(msg=outdated(), answer="")
    problem = None
    try:
        from ansible_collections.mailops.profiles.plugins.module_utils._login_check.run import run
        from ansible_collections.mailops.profiles.plugins.module_utils._text import internal_error
    except ImportError as exc:
        problem = "%s has no module %s: install all of Python's standard library, or set ansible_python_interpreter" % (python_name(), exc.name)
    if problem is None:
        try:
            answer = run(module.params["job"])
        except Exception as exc:
            problem = internal_error(exc)
    # Not where the exception is handled: its text, which Ansible would add, may quote a password.
    if problem is not None:
        module.fail_json(msg=problem, answer="")
    module.exit_json(changed=False, answer=answer)


if __name__ == "__main__":
    main()
