# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sent mail and drafts land in the folders of the profile, whatever the server has between levels and before names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import test_geary
from deployed import USERS, deploy, profile, redeploy, screen
from gnome import system_ca
from harness import Lab
from terminal import RUN_ALPINE
from test_evolution import evolution
from test_geary import Geary, geary
from thunderbird import Thunderbird
from thunderbird_scripts import SEND, SERVICES, SUBJECTS, wait_for

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.folders import modified_utf7

routable = test_geary.routable  # a fixture
pytestmark = pytest.mark.usefixtures("no_command_ran")

ANNA = USERS["anna"]
SAVE = SEND.replace("compose.SendMessage();\nawait closed;", "compose.SaveAsDraft();")
KEYS = f"{SERVICES} return MailServices.accounts.accounts.map(each => each.key);"
# What the server has between levels and before names, and what the profile says about that.
SERVERS = {
    "slash": ("/", "", {}),
    "dot": (".", "", {"separator": "."}),
    "prefix": (".", "INBOX.", {"namespace": "INBOX."}),
}
FOLDERS = {
    "nested": {"sent": "[Gmail]/Sent Mail", "drafts": "[Gmail]/Drafts & more", "trash": "[Gmail]/Old/2026"},
    "umlauts": {"sent": "Ausg\u00e4nge & Co/M\u00fcller", "drafts": "Entw\u00fcrfe", "trash": "Papierk\u00f6rbe/2026"},
}
BIN = "K\u00f6rbe & Co"
HAS_TRASH = f"""{SERVICES}
const {{ rootFolder }} = MailServices.accounts.getAccount(args[0]).incomingServer;
return rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Trash)?.URI ?? "";"""
CHOOSE_TRASH = f"""{SERVICES}
MailServices.accounts.getAccount(args[0]).incomingServer.QueryInterface(Ci.nsIImapIncomingServer).trashFolderName = args[1];
await new Promise(resolve => Services.tm.idleDispatchToMainThread(resolve));"""
DELETE = f"""{SERVICES}
const {{ rootFolder }} = MailServices.accounts.getAccount(args[0]).incomingServer;
const inbox = rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
inbox.deleteMessages([...inbox.messages], null, false, false, null, false);"""


def mutt(lab: Lab, program: str, keys: bytes) -> None:
    """Writes a message, and presses keys in the menu that comes then."""
    editor = lab.path("/tmp/editor")
    editor.write_text('#!/bin/sh\necho Hello >> "$1"\n')
    editor.chmod(0o755)
    argv = [program, "-s", "written", ANNA.email]
    dialogue = [(b"To:", b"\r"), (b"Subject:", b"\r"), (b"y:Send", keys)]
    status, output = lab.pty(argv, user="anna", input=dialogue, env={"EDITOR": "/tmp/editor"}, timeout=90)
    # A message that is postponed is a failure to Mutt.
    assert status == 0 or b"postponed" in output, screen(output)


def alpine(lab: Lab, *steps: tuple[bytes, bytes]) -> None:
    dialogue = [(b"To  ", b"\r\r\r"), (b"", b"written\r"), *steps]
    password = [(b"ENTER PASSWORD:", f"{ANNA.password}\r".encode())]
    status, output = lab.pty([*RUN_ALPINE, ANNA.email], user="anna", input=dialogue, always=password, timeout=90)
    assert status == 0, screen(output)


def aerc(lab: Lab, *dialogue: tuple[bytes, bytes]) -> None:
    compose = f':compose -H "To: {ANNA.email}" -H "Subject: written"\r'.encode()
    environment = {"EDITOR": "true", "SSL_CERT_FILE": lab.ca_file}
    dialogue = [(b"is there", compose), *dialogue]
    status, output = lab.pty(["aerc"], user="anna", input=dialogue, env=environment, timeout=90)
    assert status == 0, screen(output)


def s_nail(lab: Lab, _folder: str) -> None:
    done = lab.run(["s-nail", "-s", "written", ANNA.email], user="anna", input="Hello\n")
    assert (done.returncode, done.stderr) == (0, "")


def evolves(lab: Lab, kind: str) -> None:
    (source,) = lab.path(f"{ANNA.home}/.config/evolution/sources").glob("mailops-*-identity.source")
    with system_ca(lab), evolution(lab, "anna") as running:
        running.ask("keep", uid=source.name.removesuffix("-identity.source"), password=ANNA.password, kind=kind)


def thunderbird(lab: Lab, script: str, folder: str) -> None:
    with Thunderbird(lab, "anna") as running:
        (key,) = [key for key in running.run(KEYS) if key.startswith("mailops-")]
        running.run(script, key, ANNA.email, "written")
        wait_for(True, lambda: bool(lab.messages(ANNA.email, folder)))


def deleted_in_thunderbird(lab: Lab, folder: str, last_level: str = "2026") -> None:
    with trash_in_thunderbird(lab, last_level) as (running, key):
        running.run(DELETE, key)
        wait_for(True, lambda: bool(lab.messages(ANNA.email, folder)))


@contextmanager
def trash_in_thunderbird(lab: Lab, last_level: str) -> Iterator[tuple[Thunderbird, str]]:
    """Thunderbird, once it has the message, and the trash is where it belongs."""
    with Thunderbird(lab, "anna") as running:
        (key,) = [key for key in running.run(KEYS) if key.startswith("mailops-")]
        wait_for(["is there"], lambda: running.run(SUBJECTS, key, True))
        wait_for(last_level, lambda: running.run(HAS_TRASH, key).split("/")[-1])
        yield running, key


def deleted_in_mutt(lab: Lab, program: str) -> None:
    lab.pty([program], user="anna", input=[(b"is there", b"d"), (b"", b"$"), (b"", b"y"), (b"", b"x")])


def sent_by_geary(lab: Lab, folder: str) -> None:
    with composer(lab) as running:

        def sent() -> bool:
            running.press("ctrl+Return")
            return bool(lab.messages(ANNA.email, folder))

        running.wait_until(sent)


def kept_by_geary(lab: Lab, folder: str) -> None:
    with composer(lab) as running:
        running.wait_until(lambda: "Draft manager opened" in running.log())
        pressed = 0.0

        def kept() -> bool:
            """It saves ten seconds after the last key, which may have come before the text had the focus."""
            nonlocal pressed
            if time.monotonic() - pressed > 15:
                pressed = time.monotonic()
                running.press("x")
            return bool(lab.messages(ANNA.email, folder))

        running.wait_until(kept)


@contextmanager
def composer(lab: Lab) -> Iterator[Geary]:
    with system_ca(lab), geary(lab, "anna", f"mailto:{ANNA.email}?subject=written&body=Hello") as running:
        running.wait_until(lambda: "document_modified()" in running.log())
        yield running


DRIVERS: dict[tuple[str, str], Callable[[Lab, str], None]] = {
    ("aerc", "sent"): lambda lab, folder: aerc(lab, (b"Send this email?", b"y"), (b"sent.", b":quit\r")),
    ("aerc", "drafts"): lambda lab, folder: aerc(lab, (b"Send this email?", b"p"), (b"ostponed", b":quit\r")),
    ("alpine", "sent"): lambda lab, folder: alpine(lab, (b"", b"\x18"), (b"Send message?", b"y")),
    ("alpine", "drafts"): lambda lab, folder: alpine(lab, (b"", b"\x0f")),
    ("mutt", "sent"): lambda lab, folder: mutt(lab, "mutt", b"y"),
    ("mutt", "drafts"): lambda lab, folder: mutt(lab, "mutt", b"P"),
    ("neomutt", "sent"): lambda lab, folder: mutt(lab, "neomutt", b"y"),
    ("neomutt", "drafts"): lambda lab, folder: mutt(lab, "neomutt", b"P"),
    ("mutt", "trash"): lambda lab, folder: deleted_in_mutt(lab, "mutt"),
    ("neomutt", "trash"): lambda lab, folder: deleted_in_mutt(lab, "neomutt"),
    ("thunderbird", "trash"): deleted_in_thunderbird,
    ("s_nail", "sent"): s_nail,
    ("evolution", "sent"): lambda lab, folder: evolves(lab, "sent"),
    ("evolution", "drafts"): lambda lab, folder: evolves(lab, "drafts"),
    ("thunderbird", "sent"): lambda lab, folder: thunderbird(lab, SEND, folder),
    ("thunderbird", "drafts"): lambda lab, folder: thunderbird(lab, SAVE, folder),
    ("geary", "sent"): sent_by_geary,
    ("geary", "drafts"): kept_by_geary,
}


# Geary takes the folder that the server marks or that of the profile, whichever it finds first (docs/clients.md), so there are no marks. It
# does not see folders in one that Dovecot calls [Gmail] without quotes.
FOR_GEARY = {**FOLDERS, "nested": {name: path.replace("[Gmail]", "Google Mail") for name, path in FOLDERS["nested"].items()}}


# The server and the names that most programs were wrong about; `make test-all` has all combinations.
SHORT = ("prefix", "umlauts")
COMBINATIONS = [
    pytest.param(program, kind, server, names, marks=() if (server, names) == SHORT else pytest.mark.long)
    for program, kind in DRIVERS
    for server in SERVERS
    for names in FOLDERS
]


@pytest.mark.parametrize(("program", "kind", "server", "names"), COMBINATIONS)
def test_mail_lands_in_the_folder(lab: Lab, program: str, kind: str, server: str, names: str) -> None:
    separator, prefix, fields = SERVERS[server]
    folders = (FOR_GEARY if program == "geary" else FOLDERS)[names]
    client = "neomutt" if program == "mutt" else program
    with lab.hierarchy(separator, prefix, marks=program != "geary"):
        lab.new_mailbox(ANNA.email)
        on_server = {name: prefix + modified_utf7(path.replace("/", separator)) for name, path in folders.items()}
        lab.create_folders(ANNA.email, *on_server.values())
        known = {name: path for name, path in folders.items() if f"folders.{name}" in clients.get(client).expresses}
        deploy(lab, "anna", [profile(folders=known, **{f"incoming__{name}": value for name, value in fields.items()})], [client])
        lab.deliver(ANNA.email, "is there", "Hello\n")
        DRIVERS[program, kind](lab, on_server[kind])
        subject = "is there" if kind == "trash" else "written"
        assert subject in [message["Subject"] for message in lab.messages(ANNA.email, on_server[kind])]


def test_thunderbird_deletes_where_the_server_marks_another_trash(lab: Lab) -> None:
    lab.new_mailbox(ANNA.email)
    on_server = ["Trash", *(modified_utf7(f"{BIN}/{year}") for year in ("2026", "2027"))]
    lab.create_folders(ANNA.email, *on_server)
    assert lab.folders(ANNA.email)[:3] == on_server
    lab.deliver(ANNA.email, "is there", "Hello\n")
    deploy(lab, "anna", [], ["thunderbird"])
    for trash in ("2026", "2026", "2027"):
        redeploy(lab, "anna", [profile(folders={"trash": f"{BIN}/{trash}"})], ["thunderbird"])
        with trash_in_thunderbird(lab, trash) as (running, key):
            # In the account's settings; until the next start, as with everything that a profile says.
            running.run(CHOOSE_TRASH, key, "Trash")
            wait_for("Trash", lambda: running.run(HAS_TRASH, key).split("/")[-1])
    deleted_in_thunderbird(lab, on_server[-1], "2027")
    lab.deliver(ANNA.email, "is there", "Hello\n")
    deploy(lab, "anna", [profile(folders={"trash": f"{BIN}/Missing"})], ["thunderbird"])
    deleted_in_thunderbird(lab, "Trash", "Trash")
