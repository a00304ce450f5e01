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
import sys
import urllib.parse
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins import plugin_utils

from .leaks import lives, stories
from .leaks.detector import Secret, Secrets
from .leaks.room import Found, Room, why_impossible
from .leaks.stories import CONTROLLER, PLAY

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

    def events(self, name: str) -> list[dict]:
        """What the callback saw."""
        lines = self.room.path(f"{CONTROLLER}/out/{name}/dump").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] not in ("start", "diff")]

    def channels(self) -> int:
        """What is searched, apart from files: output, log file, the dump, junit's and tree's of each play; log, processes, modes."""
        return 5 * len(self.outputs) + 3

    def leaks(self) -> dict[str, list[str]]:
        """The secrets that were found where they must not be -> the places and the ways there."""
        found: dict[str, list[str]] = {}
        recorded = {"the system log": self.room.log(), "arguments and environments of processes": self.room.processes()}
        for place, data in {**{f"the output of {name}": data for name, data in self.outputs.items()}, **recorded}.items():
            for name, way in self.secrets.find(data).items():
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
    inputs.update({"refusals.yml": playbook, "cases.yml": variables, "users.sh": script})
    for name, content in {**inputs, "vault-key": stories.VAULT_KEY}.items():
        room.write(f"{PLAY}/{name}", content)
    for (user, path), content in files.items():
        room.write_home(user, path, content)

    hunt.play("life", "-vvvvv")
    hunt.play("refusals", "-vvvvv")
    for name, argument in (("dry", "--check"), ("rollout", "-vvvvv")):
        hunt.play(name, "--become", "--diff", argument, playbook="mailops.profiles.rollout", inventory="hosts.yml")
    hunt.play("role", "-vvvvv", "--become", inventory="hosts.yml")
    hunt.play("debugged", "-vvvvv", ANSIBLE_DEBUG="1", ANSIBLE_DISPLAY_ARGS_TO_STDOUT="1")
    hunt.play("kept", "-vvvvv", ANSIBLE_KEEP_REMOTE_FILES="1")
    hunt.play("control", "-vvvvv", ANSIBLE_KEEP_REMOTE_FILES="1")

    # Everything happened that was meant to happen: what does not fail shows no error messages.
    outcomes = [event for name in ("life", "debugged", "kept") for event in hunt.events(name)]
    assert len(outcomes) == sum(len(yaml.safe_load(inputs[f"{name}.yml"])[0]["tasks"]) for name in ("life", "debugged", "kept")), hunt.events("life")[-1]
    assert not [event for event in outcomes if (event["event"] == "ok") == event["task"].startswith("fails: ")]
    refused = hunt.events("refusals")
    assert len(refused) == len(cases) and not [event for event in refused if event["event"] != "failed"]
    assert not [event for event in refused if "internal error" in event["msg"]]
    assert len([event for event in hunt.events("role") if event["task"] == "rescued"]) == inputs["role.yml"].count("name: rescued")
    assert {event["event"] for event in hunt.events("rollout")} == {"ok", "unreachable"}

    late = "mode set after writing"
    assert room.wait_for(lambda: any(seen["what"] == late and b"control-late" in seen["content"] for seen in room.readable_files()))
    assert not [seen for seen in room.readable_files() if "not read" in seen["what"] or "lost" in seen["what"]]
    leaks = hunt.leaks()
    controls = {name: str(leaks.pop(name, [])) for name in list(leaks) if name.startswith("control-")}
    assert not leaks, json.dumps(leaks, indent=1)
    for name, places in lives.CONTROLS.items():
        for place in places:
            assert place in controls[f"control-{name}"], (name, place, controls[f"control-{name}"])
    assert {name for name, paths in hunt.at_home.items() if any(not path.startswith(PLAY) for path in paths)} == lives.deployed()
    count("passwords hunted", len(secrets.known))
    count("leak channels searched", hunt.channels())
    count("plays with passwords, tasks", len(outcomes) + len(refused))
    count("files searched for passwords", hunt.files)
