# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that is the old or the new one at any time, and readable by its owner only."""

from __future__ import annotations

import os
import tempfile


def replace_file(path: str, text: str) -> None:
    """``text`` at ``path``, mode 0600. OSError when that is not possible; the old file is as it was then."""
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".mailops-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
