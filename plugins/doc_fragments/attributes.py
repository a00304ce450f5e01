# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of the collection's modules."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: Use C(group/mailops.profiles.all) in C(module_defaults) to set options of all modules of the collection.
    support: full
    membership:
      - mailops.profiles.all
  async:
    description: Can be used with C(async). The controller does the work, so a task with C(async) is refused before anything happens.
    support: none
"""

    CHANGES = r"""
attributes:
  check_mode:
    description:
      - Can run in check mode and return what would change, without changing anything. With C(ansible-playbook --check), each task sees
        the profiles as the tasks before it would have left them.
    support: full
  diff_mode:
    description: Returns what has changed, or in check mode what would change, when in diff mode.
    support: full
"""

    INFO = r"""
attributes:
  check_mode:
    description: Can run in check mode. The module only reads. With C(ansible-playbook --check), it returns what the tasks before it would have stored.
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode. The module changes nothing.
    support: N/A
"""

    CONTROLLER = r"""
attributes:
  platform:
    description: Runs on the controller. The hosts of the play are not contacted, and need nothing.
    platforms: posix
    support: full
notes:
  - The store is always on the controller, also with C(become) and in a play over many hosts. Use C(run_once) in such a play, because
    every host would repeat the same work. Ansible skips a task with C(run_once) for all hosts if its C(when) is false for the first one. Where that
    may be, put the task into a play for C(localhost).
  - Each task is one transaction. A task waits up to 30 seconds while another process writes to the store. Edits at the same time are
    done one after the other, and none is lost.
"""

    HOST = r"""
attributes:
  platform:
    description: Fills in and renders on the controller, and writes on the host. The host needs Python 3.8 or newer, and nothing else.
    platforms: posix
    support: full
"""
