# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The leak hunt: every secret is a unique marker, everything that a run leaves or shows is decoded and searched for them.

Needs root and namespaces; each ansible-core of the matrix runs it.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import quopri
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins import plugin_utils
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey, salt_of

from .leaks import lives, stores, stories
from .leaks.detector import Secret, Secrets
from .leaks.room import Found, Room, why_impossible
from .leaks.stories import CONTROLLER, PLAY

DATABASE = "/srv/postgres"
SEALED_BEGINS = "$mailops$"
HERE = Path(__file__).resolve().parent
COLLECTIONS = str(Path(next(iter(plugin_utils.__path__))).parents[4])


def _zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.json", data)
    return file.getvalue()


def _payload(data: bytes) -> bytes:
    """As the module's file holds it."""
    return b"params = %r" % json.dumps({"payload": base64.b64encode(zlib.compress(json.dumps({"text": data.decode()}).encode())).decode()})


ENCODINGS = {
    "as it is": lambda data: data,
    "upper case": lambda data: data.upper(),
    "first half": lambda data: data[: -len(data) // 3],
    "second half": lambda data: data[-len(data) // 2 :],
    "reversed": lambda data: data[::-1],
    "base64": base64.b64encode,
    "base64, moved by one": lambda data: base64.b64encode(b"x" + data),
    "base64, moved by two": lambda data: base64.b64encode(b"xy" + data),
    "base64 behind a path": lambda data: b"/tmp/abc/" + base64.b64encode(data),
    "base64 without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64, URL-safe": lambda data: base64.urlsafe_b64encode(b"\xff\xfe" + data),
    "base64 in lines": lambda data: base64.encodebytes(b"some words, so that there are several lines, and more of them " + data),
    "base64 in lines, escaped": lambda data: json.dumps(base64.encodebytes(b"words " * 12 + data).decode()).encode(),
    "base64 twice": lambda data: base64.b64encode(base64.b64encode(data)),
    "hex": lambda data: data.hex().encode(),
    "hex with colons": lambda data: data.hex(":").encode().upper(),
    "zlib": zlib.compress,
    "zlib in base64": lambda data: base64.b64encode(zlib.compress(data)),
    "zlib, cut off": lambda data: b"junk" + zlib.compress(data + bytes(range(256)) * 8)[:-9],
    "gzip": gzip.compress,
    "zip": _zipped,
    "a module's payload": _payload,
    "a module's file": lambda data: b"data = '" + base64.b64encode(_zipped(_payload(data))) + b"'",
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-32": lambda data: data.decode().encode("utf-32-be"),
    "percent": lambda data: "".join(f"%{byte:02x}" for byte in data).encode(),
    "form": lambda data: urllib.parse.urlencode({"password": base64.b64encode(data)}).encode(),
    "quoted-printable": lambda data: quopri.encodestring(b"x" * 60 + data),
    "quoted-printable, everything": lambda data: "".join(f"={byte:02X}" for byte in data).encode(),
    "JSON escapes": lambda data: "".join(f"\\u{byte:04x}" for byte in data).encode(),
    "escapes in escapes": lambda data: json.dumps("".join(f"\\x{byte:02x}" for byte in data)).encode(),
    "octal": lambda data: "".join(f"\\{byte:03o}" for byte in data).encode(),
    "repr of zlib": lambda data: repr(zlib.compress(data)).encode(),
    "entities": lambda data: "".join(f"&#{byte};" for byte in data).encode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("around", [b"", b" lines of text\n", bytes(range(256)) + b"\n"], ids=["alone", "in text", "in binary data"])
@pytest.mark.parametrize("form", ["Mk7-{name}-{first}-{second}", "it's \"{first}\" \\ $HOME `{second}` ż"], ids=["plain", "quotes"])
def test_the_search_finds(encoding: str, around: bytes, form: str, count) -> None:
    secrets = Secrets()
    planted, other = secrets.make("planted", form), secrets.make("other")
    assert secrets.find(around + ENCODINGS[encoding](planted.encode()) + around).keys() == {"planted"}
    assert not secrets.find(around + ENCODINGS[encoding](other.replace("q9", "q8").replace("w4", "w5").encode()) + around)
    count("encodings in which a planted password was found", 1)


# --- the hunt ---

_ANSIBLE = {
    "HOME": CONTROLLER, "LANG": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
    "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "leaks/callback"), "ANSIBLE_CALLBACKS_ENABLED": "everything,ansible.builtin.junit,ansible.builtin.tree",
    "ANSIBLE_VAULT_PASSWORD_FILE": f"{PLAY}/vault-key", "ANSIBLE_STDOUT_CALLBACK": "default",
    # No play uses it: with it, psycopg is imported once a run instead of once a task, which would be half of the time.
    "MAILOPS_STORE": "postgresql:///unused",
    "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_DIFF_ALWAYS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
}  # fmt: skip


class Hunt:
    """Plays in the room, and everything that may hold what it should not."""

    def __init__(self, room: Room, secrets: Secrets) -> None:
        self.room = room
        self.secrets = secrets
        self.outputs: dict[str, bytes] = {}
        self.files = 0
        self.at_home: dict[str, set[str]] = {}  # secret -> the files that may hold it and do

    def play(self, name: str, *arguments: str, playbook: str = "", inventory: str = "local.yml", **env: str) -> None:
        out = f"{CONTROLLER}/out/{name}"
        self.room.path(out).mkdir(parents=True)
        where = {
            "ANSIBLE_LOG_PATH": f"{out}/log", "LEAKS_DUMP": f"{out}/dump", "JUNIT_OUTPUT_DIR": f"{out}/junit",
            "ANSIBLE_CALLBACK_TREE_DIR": f"{out}/tree",
        }  # fmt: skip
        argv = ["ansible-playbook", "-i", f"{PLAY}/{inventory}", playbook or f"{PLAY}/{name}.yml", *arguments]
        self.outputs[name] = self.room.run(argv, {**_ANSIBLE, **where, **env}).stdout

    def program(self, name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        """One of the hunt's own, in the room."""
        argv = [sys.executable, str(HERE / "leaks" / name), *arguments]
        return self.room.run(argv, {"PATH": _ANSIBLE["PATH"], "PYTHONPATH": COLLECTIONS, **env}, timeout=60)

    def start_database(self, settings: dict) -> str:
        """The port of a PostgreSQL server, whose directory only the server's own account can reach."""
        self.room.path(DATABASE).mkdir(mode=0o700)
        shutil.chown(self.room.path(DATABASE), "nobody")
        self.room.write(f"{PLAY}/database", json.dumps(settings))
        started = self.program("database.py", f"{PLAY}/database", TMPDIR=DATABASE)
        port = started.stdout.decode().strip()
        assert port.isdigit(), port
        return port

    def stop_database(self) -> None:
        """So that all it has is in its files."""
        running = next(self.room.path(DATABASE).glob("*/data/postmaster.pid"))
        self.room.run(["kill", "-INT", running.read_text().split()[0]], _ANSIBLE)
        assert self.room.wait_for(lambda: not running.exists())

    def events(self, name: str) -> list[dict]:
        """What the callback saw."""
        lines = self.room.path(f"{CONTROLLER}/out/{name}/dump").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] not in ("start", "diff")]

    def sealed(self, task: str) -> set[str]:
        """The sealed passwords that a task of the stores' play shows."""
        return {text for event in self.events("stores") if event["task"] == task for text in stores.SEALED.findall(event["all"])}

    def show_sealed(self) -> set[str]:
        """The tasks of all plays that show sealed passwords, on the screen or to callbacks."""
        shown = set()
        for name, output in self.outputs.items():
            task = ""
            for line in self.room.path(f"{CONTROLLER}/out/{name}/dump").read_text().splitlines():
                task = json.loads(line).get("task", task)
                shown |= {task} if SEALED_BEGINS in line else set()
            parts = output.decode(errors="replace").split("\nTASK [")
            shown |= {part.partition("]")[0] for part in parts if SEALED_BEGINS in part}
        return shown

    def channels(self) -> int:
        """What is searched, apart from files: output, log file, the dump, junit's and tree's of each play; log, processes,
        statements, modes."""
        return 5 * len(self.outputs) + 4

    def leaks(self) -> dict[str, list[str]]:
        """The secrets that were found where they must not be -> the places and the ways there."""
        found: dict[str, list[str]] = {}
        outputs = [(f"the output of {name}", output) for name, output in self.outputs.items()]
        statements = self.room.path(stores.STATEMENTS).read_bytes()
        recorded = [("the system log", self.room.log()), ("statements of PostgreSQL's sessions", statements), *self.room.processes()]
        for place, data in outputs + recorded:
            for name, way in self.secrets.find(data).items():
                if place not in self.secrets.known[name].allowed:
                    found.setdefault(name, []).append(f"{place} ({way})")
        for seen in self.room.readable_files():
            for name, way in self.secrets.find(seen["content"]).items():
                if not self._is_shared(seen["path"], seen["mode"]):
                    found.setdefault(name, []).append(f"{seen['path']}, {seen['mode']:04o}, {seen['what']} ({way})")
        for file in self.room.files():
            self.files += 1
            for name, way in self.secrets.find(file.path.encode() + b"\n" + file.content).items():
                if self._may_hold(self.secrets.known[name], file):
                    self.at_home.setdefault(name, set()).add(file.path)
                else:
                    found.setdefault(name, []).append(f"{file.path}, {file.mode:04o}, afterwards ({way})")
        return found

    def _may_hold(self, secret: Secret, file: Found) -> bool:
        if file.path.startswith(f"{PLAY}/"):  # from where they come
            return not file.mode & 0o077
        allowed = any(PurePosixPath(file.path).match(pattern) for pattern in secret.allowed)
        return allowed and (not file.mode & 0o077 or self._is_shared(file.path, file.mode))

    @staticmethod
    def _is_shared(path: str, mode: int) -> bool:
        return path.startswith(f"{lives.SHARED}/") and mode == 0o640


@pytest.fixture
def hunt(tmp_path: Path):
    if reason := why_impossible():
        pytest.skip(reason)
    room = Room(tmp_path)
    try:
        yield Hunt(room, Secrets())
    finally:
        room.close()


def test_no_secret_leaks(hunt: Hunt, count) -> None:
    room, secrets = hunt.room, hunt.secrets
    for directory in (CONTROLLER, PLAY):
        room.path(directory).mkdir(mode=0o700)
    cases = stories.mistakes(secrets)
    playbook, variables = stories.refusals(cases)
    inputs = {**lives.life(secrets), **lives.rollout(secrets), **lives.control(secrets), **lives.exposed(secrets)}
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
    straight = ("life", "debugged", "kept", "stores", "broken")
    outcomes = [event for name in straight for event in hunt.events(name)]
    assert len(outcomes) == sum(len(yaml.safe_load(inputs[f"{name}.yml"])[0]["tasks"]) for name in straight), outcomes[-1]
    roles = hunt.events("environment")
    of_role = [event for event in roles if event["task"].startswith("mailops.profiles.mail_accounts : ")]
    refused_roles = [event for event in of_role if event["event"] == "failed"]
    assert len(refused_roles) == len([event for event in roles if event["task"] == "rescued"]) == 4
    outcomes += [event for event in roles if event not in refused_roles]
    assert not [event for event in outcomes if (event["event"] == "ok") == event["task"].startswith("fails: ")]
    refused = hunt.events("refusals")
    assert len(refused) == len(cases) and not [event for event in refused if event["event"] != "failed"]
    assert not [event for event in outcomes + refused if "internal error" in event["msg"]]
    assert len([event for event in hunt.events("role") if event["task"] == "rescued"]) == inputs["role.yml"].count("name: rescued")
    assert {event["event"] for event in hunt.events("rollout")} == {"ok", "unreachable"}

    late = "mode set after writing"
    assert room.wait_for(lambda: any(seen["what"] == late and b"control-late" in seen["content"] for seen in room.readable_files()))
    assert not [seen for seen in room.readable_files() if "not read" in seen["what"] or "lost" in seen["what"]]
    learn_derived_keys(hunt, marked)
    leaks = hunt.leaks()
    controls = {name: str(leaks.pop(name, [])) for name in list(leaks) if name.startswith("control-")}
    assert not leaks, json.dumps(leaks, indent=1)
    for name, places in {**lives.CONTROLS, **stores.CONTROLS}.items():
        for place in places:
            assert place in controls[f"control-{name}"], (name, place, controls[f"control-{name}"])
    kept = {name for name, paths in hunt.at_home.items() if any(not path.startswith(PLAY) for path in paths)}
    assert kept == lives.deployed() | stores.deployed()
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
