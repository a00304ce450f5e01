# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file on the controller that has the complete result of a task."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Mapping

from .._model.errors import MailopsError


def write_report(path: str, document: Mapping[str, Any]) -> None:
    """As JSON, mode 0600; the file is the old or the new one at any time."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".mailops-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2, sort_keys=True)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as exc:
        raise MailopsError(f"report_path {path}: cannot be written: {os.strerror(exc.errno or 0)}") from None
