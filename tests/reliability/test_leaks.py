# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The leak hunt: every secret is a unique marker, everything that a run leaves or shows is decoded and searched for them.

Needs root and namespaces; each ansible-core of the matrix runs it.
"""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey, salt_of

from .leaks import controls, links, lives, rollouts, stores, stories
from .leaks.detector import Secrets
from .leaks.hunt import DATABASE, SEALED_BEGINS, Hunt
from .leaks.room import Room, why_impossible
from .leaks.stories import CONTROLLER, PLAY


@pytest.fixture
def hunt(tmp_path: Path):
    if reason := why_impossible():
        pytest.skip(reason)
    room = Room(tmp_path / "room")
    room.start(die_with_caller=True)
    try:
        yield Hunt(room, Secrets())
    finally:
        room.stop()


def test_no_secret_leaks(hunt: Hunt, count) -> None:
    room, secrets = hunt.room, hunt.secrets
    for directory in (CONTROLLER, PLAY):
        room.path(directory).mkdir(mode=0o700)
    cases = stories.mistakes(secrets)
    playbook, variables = stories.refusals(cases)
    inputs = {**lives.life(secrets), **rollouts.rollout(secrets), **controls.control(secrets), **rollouts.exposed(secrets), **links.site(secrets)}
    files, script = lives.users_own(secrets)
    marked = stores.Marked(secrets)
    port = hunt.start_database(marked.database())
    room.pass_over()
    inputs.update({"refusals.yml": playbook, "cases.yml": variables, "users.sh": script})
    inputs.update({**stores.files(secrets, marked, port), **stores.stores(marked, port), **stores.environment(port)})
    damaged, inputs["broken.yml"] = stores.broken(secrets)
    for name, content in {**inputs, "vault-key": stories.VAULT_KEY}.items():
        room.write(f"{PLAY}/{name}", content)
    for path, content in damaged.items():
        room.path(path).parent.mkdir(mode=0o700, parents=True)
        room.write(path, content)
    for (user, path), content in files.items():
        room.write_home(user, path, content)

    hunt.play("life", "-vvvvv")
    hunt.play("links", "-vvvvv")
    hunt.play("refusals", "-vvvvv", "--extra-vars", f"@{PLAY}/cases.yml")
    for name, argument in (("dry", "--check"), ("rollout", "-vvvvv")):
        hunt.play(name, "--become", "--diff", argument, playbook="mailops.profiles.rollout", inventory="hosts.yml")
    hunt.play("role", "-vvvvv", "--become", inventory="hosts.yml")
    hunt.play("debugged", "-vvvvv", ANSIBLE_DEBUG="1", ANSIBLE_DISPLAY_ARGS_TO_STDOUT="1")
    hunt.play("kept", "-vvvvv", ANSIBLE_KEEP_REMOTE_FILES="1")
    hunt.play("stores", "-vvvvv", "--extra-vars", f"@{PLAY}/stores-known.yml")
    hunt.play("broken", "-vvvvv")
    hunt.play("environment", "-vvvvv", "--extra-vars", f"@{PLAY}/stores-known.yml", inventory="hosts.yml",
              PGSERVICEFILE=f"{PLAY}/services", **marked.environment)  # fmt: skip
    hunt.play("control", "-vvvvv", ANSIBLE_KEEP_REMOTE_FILES="1")
    for kind, path, leftover in stores.KILLED:
        assert hunt.program("killed_writer.py", kind, path).returncode == -signal.SIGKILL
        assert room.path(leftover).stat().st_size > 0
    hunt.stop_database()

    # Everything happened that was meant to happen: what does not fail shows no error messages.
    straight = ("life", "links", "debugged", "kept", "stores", "broken")
    outcomes = [event for name in straight for event in hunt.events(name)]
    assert len(outcomes) == sum(len(yaml.safe_load(inputs[f"{name}.yml"])[0]["tasks"]) for name in straight), outcomes[-1]
    roles = hunt.events("environment")
    of_role = [event for event in roles if event["task"].startswith("mailops.profiles.mail_accounts : ")]
    refused_roles = [event for event in of_role if event["event"] == "failed"]
    assert len(refused_roles) == len([event for event in roles if event["task"] == "rescued"]) == 4
    outcomes += [event for event in roles if event not in refused_roles and event["event"] != "skipped"]
    assert not [event for event in outcomes if (event["event"] == "ok") == event["task"].startswith("fails: ")]
    refused = hunt.events("refusals")
    assert len(refused) == len(cases) and not [event for event in refused if event["event"] != "failed"]
    assert not [event for event in outcomes + refused if "internal error" in event["msg"]]
    assert len([event for event in hunt.events("role") if event["task"] == "rescued"]) == inputs["role.yml"].count("name: rescued")
    assert {event["event"] for event in hunt.events("rollout")} - {"skipped"} == {"ok", "unreachable"}

    late = "mode set after writing"
    assert room.wait_for(lambda: any(seen["what"] == late and b"control-late" in seen["content"] for seen in room.readable_files()))
    assert not [seen for seen in room.readable_files() if "not read" in seen["what"] or "lost" in seen["what"]]
    learn_derived_keys(hunt, marked)
    leaks = hunt.leaks()
    planted = {name: str(leaks.pop(name, [])) for name in list(leaks) if name.startswith("control-")}
    assert not leaks, json.dumps(leaks, indent=1)
    for name, places in {**controls.CONTROLS, **stores.CONTROLS}.items():
        for place in places:
            assert place in planted[f"control-{name}"], (name, place, planted[f"control-{name}"])
    kept = {name for name, paths in hunt.at_home.items() if any(not path.startswith(PLAY) for path in paths)}
    assert kept == lives.deployed() | stores.deployed() | links.kept()
    check_sealed(hunt)
    check_statements(hunt)
    count("passwords hunted", len(secrets.known))
    count("leak channels searched", hunt.channels())
    count("plays with passwords, tasks", len(outcomes) + len(refused))
    count("files searched for passwords", hunt.files)


def learn_derived_keys(hunt: Hunt, marked: stores.Marked) -> None:
    """What was derived from the keys of the stores is as secret as they are."""
    for kind in stores.KINDS:
        for when, name in (("before", "right"), ("after", "next")):
            sample = min(hunt.sealed(f"{kind}: {when} the new key"))
            key = StoreKey(marked.keys[name])
            assert key.fits(sample)
            hunt.secrets.learn(f"derived from key-{name} for {kind}", key._derive(salt_of(sample))[0])


def check_sealed(hunt: Hunt) -> None:
    """Sealed passwords are shown by mail_profile_info and by nothing else; those under an old key are in no file of a store."""
    assert hunt.show_sealed() == {f"{kind}: {when}" for kind in stores.KINDS for when in stores.SHOWING[:2]} | {stores.SHOWING[2]}
    for kind, path, _leftover in stores.KILLED:
        at_rest = b"".join(file.content for file in hunt.room.files() if file.path.startswith(path)).decode(errors="replace")
        old, new = (hunt.sealed(f"{kind}: {when} the new key") for when in ("before", "after"))
        assert not old & new and all(text in at_rest for text in new)
        assert not [text for text in old if text in at_rest]


def check_statements(hunt: Hunt) -> None:
    """PostgreSQL's log has documents as parameters, never in the text of a statement; sessions show statements only."""
    log = next(hunt.room.path(DATABASE).glob("*/log")).read_text(errors="replace")
    entries = [entry for entry in re.split(r"\n(?=[0-9-]+ [0-9:.]+ )", log) if stores.DOCUMENT in entry or SEALED_BEGINS in entry]
    assert entries and not [entry for entry in entries if " DETAIL:  " not in entry]
    statements = hunt.room.path(stores.STATEMENTS).read_text()
    assert stores.DOCUMENT not in statements and SEALED_BEGINS not in statements
