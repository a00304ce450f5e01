# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs from a Flatpak. Their home is ``~/.var/app/ID``, so they do not read what is written for the distribution's package."""

from __future__ import annotations

import re
from typing import Sequence

from ...module_utils._wire import Remark
from ._client import HostProbe, VariantNote
from ._file import File

NOTE = "flatpak"  # the one of a client's ``variant_notes``
_REMEDY = "gets no accounts: install the distribution's package"


def on_the_host(title: str, application: str) -> HostProbe:
    """Installed for all users."""
    return HostProbe(f"/var/lib/flatpak/app/{application}", f"{title} from a Flatpak, which reads other files than those that are written, {_REMEDY}")


def in_the_home(title: str) -> dict[str, VariantNote]:
    return {NOTE: VariantNote(f"{title} from a Flatpak that the user has installed reads other files than those that are written, and {_REMEDY}")}


def noted(files: Sequence[File], *applications: str) -> list[File]:
    """With a note where the user has installed one of the applications. What is in ``~/.var/app`` is no sign, because it outlasts them."""
    reads = tuple(f".local/share/flatpak/app/{name}/current/active/metadata" for name in applications)
    names = "|".join(map(re.escape, applications))
    return [file._replace(reads=reads, remarks=(Remark(rf"^name=(?:{names})$", NOTE),)) for file in files]
