# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""usage: digest.py DIRECTORY. One line for each thing below: name, mode, size and, for a file, the hash of its content."""

import hashlib
import pathlib
import sys

for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    status = path.lstat()
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    print(path, oct(status.st_mode), status.st_size, content)
