# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task returns about profiles and their edits: records, diffs and counts, made of redacted data."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from .._model import strict_yaml
from .._model.limits import MAX_LISTED, limited_diffs
from .._model.passwords import MASK, SERVERS, is_literal, is_sealed
from .._model.stored import Stored
from .edit import Edit


def record(stored: Stored) -> dict[str, Any]:
    """A profile with all that another store, or mail_account, needs: encrypted passwords too."""
    data = {"id": stored.id, "revision": stored.revision, **stored.data}
    for side in SERVERS:
        if is_literal(data[side]["password"]):  # none that we wrote
            data[side] = {**data[side], "password": MASK}
    return data


def planned(edit: Edit, forgets: bool) -> dict[str, Any] | None:
    """The profile after an edit. Where the edit is forgotten at once, so is the id of a new profile, and no later task will find it."""
    if edit.after is None:
        return None
    new = forgets and edit.before is None
    return {"id": None if new else edit.after.id, "revision": edit.after.revision, **_redacted(edit.after.data)}


def _redacted(data: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fields in their documented order, with a mask for each password, which says whether it differs from ``other``'s."""
    redacted = dict(data)
    for side in SERVERS:
        redacted[side] = server = dict(data[side])
        secret = server["password"]
        if is_sealed(secret) or is_literal(secret):
            before = other and other[side].get("password")
            server["password"] = MASK if before in (None, secret) else f"{MASK} (changed)"
    return redacted


def _without_nulls(data: Mapping[str, Any]) -> dict[str, Any]:
    # A variable without a default is declared with null, which has a meaning.
    return {
        key: _without_nulls(value) if isinstance(value, dict) and key != "variables" else value
        for key, value in data.items()
        if value is not None and value != {}
    }


def diff(edit: Edit) -> dict[str, str]:
    """A diff of the fields; id and revision are the store's own."""
    before, after = edit.before and edit.before.data, edit.after and edit.after.data
    return {
        "before_header": edit.before.name if edit.before else "",
        "after_header": edit.after.name if edit.after else "",
        "before": strict_yaml.dump(_without_nulls(_redacted(before))) if before else "",
        "after": strict_yaml.dump(_without_nulls(_redacted(after, before))) if after else "",
    }


def diffs(edits: Iterable[Edit]) -> list[dict[str, str]]:
    """The diffs of what changes, as many as fit into a result."""
    return limited_diffs((diff(edit) for edit in edits if edit.changed), "profiles")


def report(edits: Iterable[Edit], warnings: Iterable[str] = ()) -> dict[str, Any]:
    """Counts of all edits; the first changes, and the first warnings, if there are any."""
    edits = list(edits)
    actions = [edit.action for edit in edits]
    changed = [{"name": edit.name, "action": action} for edit, action in zip(edits, actions) if action != "unchanged"]
    warnings = [*warnings, *(warning for edit in edits for warning in edit.warnings)]
    return {
        "changed": bool(changed),
        "created": actions.count("created"),
        "updated": actions.count("updated") + actions.count("renamed"),
        "removed": actions.count("removed"),
        "unchanged": actions.count("unchanged"),
        "changes": changed[:MAX_LISTED],
        **({"warnings": warnings[:MAX_LISTED]} if warnings else {}),
    }
