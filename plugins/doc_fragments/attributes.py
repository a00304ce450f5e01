# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of the modules that work on the controller."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: Use C(group/mailops.profiles.all) in C(module_defaults) to set options of all modules of the collection.
    support: full
    membership:
      - mailops.profiles.all
  check_mode:
    description: Can run in check mode and return what would change, without changing anything.
    support: full
  diff_mode:
    description: Returns what has changed, or in check mode what would change, when in diff mode.
    support: full
  platform:
    description: Runs on the controller. The hosts of the play are not contacted, and nothing is needed on them.
    platforms: posix
    support: full
"""

    INFO = r"""
attributes:
  action_group:
    description: Use C(group/mailops.profiles.all) in C(module_defaults) to set options of all modules of the collection.
    support: full
    membership:
      - mailops.profiles.all
  check_mode:
    description: Can run in check mode. The module only reads.
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode. The module changes nothing.
    support: N/A
  platform:
    description: Runs on the controller. The hosts of the play are not contacted, and nothing is needed on them.
    platforms: posix
    support: full
"""
