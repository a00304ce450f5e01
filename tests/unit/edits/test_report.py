# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task returns about edits: diffs, redacted, and counts; small enough for a result."""

from __future__ import annotations

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import MASK, diff, diffs, report
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.stored import Stored

from .records import RICH, SERVERS, edit, entry, replace, snapshot, stored


def test_diff():
    done = edit(snapshot(stored(**RICH)), "job", renamed_from="work", signature="a\nb\n", clear=["folders"])
    found = diff(done)
    assert (found["before_header"], found["after_header"]) == ("work", "job")
    gone = set(found["before"].splitlines()) - set(found["after"].splitlines())
    come = set(found["after"].splitlines()) - set(found["before"].splitlines())
    assert gone == {"name: work", "folders:", "  sent: Sent", "  junk: Spam"}
    assert come == {"name: job", "signature: |", "  a", "  b"}
    assert diff(edit({}, **SERVERS))["before"] == ""
    assert diff(edit(snapshot(stored()), state="absent"))["after"] == ""


def test_literal_secrets_are_masked_on_both_sides():
    def literal(password):  # no edit makes one yet; a store may come with one
        record = stored()
        return Stored(record.id, record.name, 1, {**record.data, "incoming": {**record.data["incoming"], "password": password}})

    for old, new, expected in [("s3cret", "s3cret2", f"{MASK} (changed)"), ("s3cret", "s3cret", MASK), (None, "s3cret", MASK)]:
        found = diff(type(edit({}, **SERVERS))(literal(old), literal(new)))
        assert "s3cret" not in str(found)
        assert (MASK in found["before"]) == (old is not None)
        assert expected in found["after"] and ("(changed)" in found["after"]) == ("(changed)" in expected)


def test_results_stay_small():
    edits = replace([entry(f"p{number}", signature="x" * 5000) for number in range(300)])
    found = diffs(edits)
    assert sum(len(text) for one in found for text in one.values()) < 201_000
    assert found[-1] == {"prepared": f"({300 - len(found) + 1} more profiles differ; their diffs are left out)\n"}
    found = report(edits, [f"warning {number}" for number in range(300)])
    assert len(found["changes"]) == len(found["warnings"]) == 100 and found["created"] == 300
