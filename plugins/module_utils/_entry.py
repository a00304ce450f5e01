# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules do first on a host. The syntax must be that of Python 2.7, so that an interpreter that is too old can be named."""

import os
import sys


def remove_own_file(module):
    """Removes the file that this process runs, where Ansible has put the module into one: the job in it has passwords, and if the controller is
    killed or the connection breaks, nobody else removes it."""
    try:
        with open("/proc/self/cmdline") as cmdline:
            path = cmdline.read().split("\0")[1]
        if os.path.basename(path) == "AnsiballZ_%s.py" % module._name.split(".")[-1] and not module._keep_remote_files:
            os.unlink(path)
    except (EnvironmentError, IndexError, ValueError):
        pass  # another system, or a pipe in place of a file


def python_name():
    return "%s (Python %d.%d)" % (sys.executable, sys.version_info[0], sys.version_info[1])


def outdated():
    """Why this Python cannot run the module, or None."""
    if sys.version_info >= (3, 8):
        return None
    return "%s is too old: the host needs Python 3.8 or newer; set ansible_python_interpreter" % python_name()
