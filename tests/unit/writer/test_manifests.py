# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests that are broken, forged, huge or of another instance: they lie in homes, where users edit them."""

from __future__ import annotations

import json
import os
import resource

import pytest

from .home import MANIFEST, OWN, Home, Host, block, diffs, owned, paths


def test_a_record_does_not_control_the_terminal(host: Host, alice: Home) -> None:
    host.one(owned())
    record = json.loads(alice.read(MANIFEST))
    for path in (".config/mailops/own/\x1b[2J", ".config/mailops/own/\udc80"):
        forged = [{**record["entries"][0], "path": path}]
        alice.write(MANIFEST, json.dumps({**record, "entries": forged}), 0o600)
        alice.write(OWN, "own\n", 0o600)
        outcome = host.one(owned())
        assert outcome.problem is None and "\x1b" not in str(outcome) and paths(outcome.drifted) == [str(alice.path / MANIFEST)]


@pytest.mark.parametrize(
    "record",
    [b"", b"{", b"[]", b'{"version": 1}', b"\0" * 100, b"[" * 100_000, b'{"version":2,"entries":[],"directories":[]}', b"x" * 2_000_000],
    ids=["empty", "cut off", "no mapping", "no entries", "NULs", "nested", "newer", "too large"],
)
def test_a_broken_record_counts_as_absent_and_is_mended(host: Host, alice: Home, record: bytes) -> None:
    host.one(block(), owned())
    right = json.loads(alice.read(MANIFEST))
    alice.write(MANIFEST, record, 0o600)
    outcome = host.one(block(), owned())
    assert paths(outcome.drifted) == [str(alice.path / MANIFEST)]
    # It is not known any more who made the directories.
    assert json.loads(alice.read(MANIFEST)) == {**right, "directories": []}


def test_a_record_stays_readable_however_long_the_texts_for_diffs_are(host: Host, alice: Home) -> None:
    files = [owned("own\n", path=f".config/mailops/own/{number}", redacted="\u2713" * 90_000) for number in range(12)]
    assert len(host.one(*files).changes) == 12
    assert len(alice.read(MANIFEST)) < 1 << 20
    changed = [files[0]._replace(content=b"new\n"), *files[1:]]
    assert diffs(host.one(*changed))[0].before == "(content not shown, 4 bytes)\n"


def test_the_records_of_others_cost_little(host: Host, alice: Home) -> None:
    """They are the user's to fill, and 200 users are in memory at once."""
    host.one(owned())
    record = json.loads(alice.read(MANIFEST))
    record["entries"][0]["redacted"] = "\U0001f600" + "x" * 900_000
    for number in range(50):
        alice.write(f".local/state/mailops/other{number}.json", json.dumps(record), 0o600)
    child = os.fork()
    if child == 0:
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        outcome = host.run(owned("new\n", path=".ownrc"))["alice"]
        more = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - max(used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        os._exit(0 if outcome.problem is None and more < 30_000 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_forged_record_removes_nothing_that_no_client_writes(host: Host, alice: Home) -> None:
    alice.write("precious", "mine\n", 0o600)
    host.one(block())
    record = json.loads(alice.read(MANIFEST))
    for path in ("precious", ".config/mailops/own/../../../precious"):
        forged = dict(record, entries=[*record["entries"], dict(record["entries"][0], path=path, strategy="owned", producer="own")])
        alice.write(MANIFEST, json.dumps(forged), 0o600)
        assert paths(host.one(block()).drifted) == [str(alice.path / MANIFEST)]
        assert alice.read("precious") == b"mine\n"


def test_a_template_may_have_been_anywhere_but_among_our_own_files(host: Host, alice: Home) -> None:
    anywhere = {"patterns": {"own": None}}
    host.one(owned(path="some/where/rc"), **anywhere)
    record = alice.read(MANIFEST).decode()
    second = alice.write(".local/state/mailops/second.json", "{}", 0o600)
    alice.write(MANIFEST, record.replace("some/where/rc", ".local/state/mailops/second.json"), 0o600)
    host.run(**anywhere)
    assert second.exists() and (alice.path / "some/where/rc").exists()
    alice.write(MANIFEST, record, 0o600)
    host.run(**anywhere)
    assert not (alice.path / "some").exists()
