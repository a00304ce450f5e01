#!/usr/bin/python
# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

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
  payload:
    description:
      - The rendered files, as base64 of zlib-compressed JSON. One opaque string, because Ansible's filter for secrets takes time
        quadratic in the number of nested secret values.
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

import base64
import json
import zlib

from ansible.module_utils.basic import AnsibleModule

# Everything is imported here, as root: once the worker has a user's ids, the module's archive may not be readable any more.
from ansible_collections.mailops.profiles.plugins.module_utils._files._host import deploy
from ansible_collections.mailops.profiles.plugins.module_utils._files._refused import HostError, internal_error


def main() -> None:
    module = AnsibleModule(argument_spec={"payload": {"type": "str", "required": True, "no_log": True}}, supports_check_mode=True)
    payload = json.loads(zlib.decompress(base64.b64decode(module.params["payload"])))

    def label(path: str) -> str:
        return ":".join(map(str, module.selinux_default_context(path, 0o100600)))

    try:
        selinux = label if module.selinux_enabled() and label("/") else None  # asked once as root: the policy is loaded by then
        result = deploy(payload, check=module.check_mode, diff=module._diff, label=selinux)
    except HostError as exc:
        module.fail_json(msg=str(exc))
    except Exception as exc:
        module.fail_json(msg=internal_error(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
