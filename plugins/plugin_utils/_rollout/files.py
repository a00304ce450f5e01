# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page and the document of a rollout on the disk, beside each other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Mapping

from .._model.errors import MailopsError
from .._private_file import replace_file
from .document import as_json
from .page import as_page

_SUFFIX = ".html"


def json_path(path: str) -> str:
    return path.removesuffix(_SUFFIX) + ".json"


def check_path(path: str) -> str:
    """An absolute path. MailopsError if no page can be written there, as far as that can be seen before."""
    path = os.path.abspath(path)
    if not path.endswith(_SUFFIX):
        raise MailopsError(f"{path}: must end with {_SUFFIX}; the same report as JSON is written beside it")
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        raise MailopsError(f"{path}: there is no directory {directory} on the controller: create it")
    if any(Path(each).is_dir() for each in (path, json_path(path))):
        raise MailopsError(f"{path}: it, or the JSON beside it, is a directory: give another name")
    return path


def write_document(path: str, document: Mapping[str, Any]) -> None:
    """MailopsError when that is not possible; each of both files is the old or the new one then."""
    for name, text in ((json_path(path), as_json(document)), (path, as_page(document))):
        try:
            replace_file(name, text)
        except OSError as exc:
            raise MailopsError(f"{name}: cannot be written: {os.strerror(exc.errno or 0)}") from None
