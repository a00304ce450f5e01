# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file on the controller that has the complete result of a task."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping

from .._model.errors import MailopsError
from .._private_file import replace_file


def write_report(path: str, document: Mapping[str, Any]) -> None:
    """As JSON, mode 0600; the file is the old or the new one at any time."""
    try:
        replace_file(path, json.dumps(document, indent=2, sort_keys=True))
    except OSError as exc:
        raise MailopsError(f"report_path {path}: cannot be written: {os.strerror(exc.errno or 0)}") from None
