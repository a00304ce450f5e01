# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The C(store) option, which every module of the collection has."""

    DOCUMENTATION = r"""
options:
  store:
    description:
      - Where the profiles live. An absolute path, or C(sqlite:///PATH) with an absolute PATH, is an SQLite file.
      - Without this option it is the environment variable E(MAILOPS_STORE) of the controller. Without that one it is
        C(mailops/profiles.db) in the XDG data home of the user who runs Ansible, usually C(~/.local/share/mailops/profiles.db).
      - C(~) is not expanded here.
      - Writing creates a file that does not exist, with mode 0600, and the directories above it that do not exist, with mode 0700.
    type: str
notes:
  - The store is always on the controller, also with C(become) and in a play over many hosts.
    In such a play use C(run_once), because every host would do the same work once more.
  - Each task is one transaction. A task waits up to 30 seconds while another process writes to the store;
    edits at the same time are done one after the other and none is lost.
  - C(module_defaults) for C(group/mailops.profiles.all) gives every module of the collection the same O(store).
"""
