# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task shows of profiles and their edits: records, diffs and counts, made of masked data by construction."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import Edit
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.passwords import MASK, SERVERS, is_literal, is_sealed
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored

_MOST_DIFF = 200_000  # bytes; AWX drops results above 700,000 characters
_MOST_LISTED = 100


def record(stored: Stored) -> dict[str, Any]:
    """A profile with all that another store, or mail_account, needs: sealed passwords too."""
    shown = {"id": stored.id, "revision": stored.revision, **stored.data}
    for side in SERVERS:
        if is_literal(shown[side]["password"]):  # no store of ours holds one
            shown[side] = {**shown[side], "password": MASK}
    return shown


def planned(edit: Edit, check_mode: bool) -> dict[str, Any] | None:
    """What an edit results in, for reading; check mode cannot know an id that is made when it is written."""
    if edit.after is None:
        return None
    new = check_mode and edit.before is None
    return {"id": None if new else edit.after.id, "revision": edit.after.revision, **_shown(edit.after.data)}


def _shown(data: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fields in their documented order, secrets masked; those that differ from ``other``'s say so."""
    shown = dict(data)
    for side in SERVERS:
        shown[side] = server = dict(data[side])
        secret = server["password"]
        if is_sealed(secret) or is_literal(secret):
            before = other and other[side].get("password")
            server["password"] = MASK if before in (None, secret) else f"{MASK} (changed)"
    return shown


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
        "before": strict_yaml.dump(_without_nulls(_shown(before))) if before else "",
        "after": strict_yaml.dump(_without_nulls(_shown(after, before))) if after else "",
    }


def diffs(edits: Iterable[Edit]) -> list[dict[str, str]]:
    """The diffs of what changes, as many as a result can carry; a last line says how many there are beyond."""
    shown: list[dict[str, str]] = []
    left_out = size = 0
    for edit in edits:
        if left_out:
            left_out += 1
            continue
        one = diff(edit)
        size += sum(len(text.encode()) for text in one.values())
        if size > _MOST_DIFF:
            left_out = 1
        else:
            shown.append(one)
    if left_out:
        shown.append({"prepared": f"... and {left_out} more changed profiles, whose diffs are left out\n"})
    return shown


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
        "changes": changed[:_MOST_LISTED],
        **({"warnings": warnings[:_MOST_LISTED]} if warnings else {}),
    }
