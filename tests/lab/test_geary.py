# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Geary, with its windows on a display that nobody sees, logs in with the accounts that were rendered and sends.

The passwords are in the user's keyring, as if Geary had asked for them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import pytest
from deployed import USERS, against, deploy, logins, profile, redeploy
from gnome import dbus_session, system_ca
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")

# One for each session: a display that was killed leaves a file that nobody else can remove.
DISPLAYS = itertools.count(1)
# The attributes of a password are those by which Geary looks for it.
SESSION = """
export XDG_RUNTIME_DIR="$HOME"
printf keyring | gnome-keyring-daemon --unlock --components=secrets
# It says so a little before it can be asked, and D-Bus would start another one, which is locked.
gdbus wait --session --timeout 20 org.freedesktop.secrets
for service in "IMAP $1" "SMTP smtp.${1#*.}"; do
    printf %s "$3" | secret-tool store --label=x xdg:schema org.gnome.Geary proto "${service% *}" host "${service#* }" login "$2"
done
gsettings set org.gnome.Geary undo-send-delay 0
stdbuf --output=L geary --debug ${4:+"$4"} >geary.log 2>&1 &
cat
# A question that nobody answers keeps it from ending.
timeout 2 sh -c "geary --quit; tail --pid=$! --follow /dev/null" || kill $!
"""
FOLDERS = {"sent": "Sent", "drafts": "Drafts", "trash": "Trash", "archive": "Archive", "junk": "Junk"}
OWN = """\
[Metadata]
version=1
status=enabled

[Account]
ordinal=0
label=My own
sender_mailboxes=basil_back-slash@example.org;
service_provider=other

[Incoming]
login=basil_back-slash@example.org
remember_password=true
host=imap.example.org
port=993
transport_security=transport
credentials=custom

[Outgoing]
host=smtp.example.org
port=465
transport_security=transport
credentials=none
"""


REFUSED = "Status changed to: tls-validation-failed"
# A mistake of Geary's: one of its two connections reads while STARTTLS begins, and neither is tried again.
GAVE_UP = "Stream has outstanding operation"


@pytest.fixture(scope="module", autouse=True)
def routable(lab: Lab) -> None:
    """Geary looks up no name on a machine that has none but loopback addresses."""
    lab.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"])


class Geary:
    """Geary, running for a user."""

    def __init__(self, lab: Lab, name: str, display: str) -> None:
        self._lab = lab
        self._name = name
        self._display = display

    def press(self, key: str) -> None:
        command = ["xdotool", "search", "--onlyvisible", "--name", ".", "windowfocus", "key", key]
        self._lab.run(command, user=self._name, env={"DISPLAY": self._display})

    def log(self) -> str:
        log = self._lab.path(f"{USERS[self._name].home}/geary.log")
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def wait_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, self.log()[-5000:]
            time.sleep(0.1)


@contextmanager
def geary(lab: Lab, name: str, url: str = "", host: str = "imap.example.org", login: tuple[str, str] | None = None) -> Iterator[Geary]:
    """``login``: name and password that the keyring has for this host's provider; the user's of the lab when it is left out."""
    email, password = login or (USERS[name].email, USERS[name].password)
    display = next(DISPLAYS)
    desktop = ["xvfb-run", f"--server-num={display}", "--auth-file=.Xauthority"]
    argv = [*desktop, "sh", "-c", SESSION, "sh", host, email, password, url]
    # Its web view's own sandbox does not fit into the lab's.
    with dbus_session(lab, name, argv, {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}):
        yield Geary(lab, name, f":{display}")


@pytest.mark.parametrize(("name", "security"), [("dolores", "tls"), ("lukasz", "starttls")])
def test_geary_reads_and_sends(lab: Lab, name: str, security: str) -> None:
    user = USERS[name]
    work = profile(folders=FOLDERS, incoming__security=security, outgoing__security=security)
    (account,) = deploy(lab, name, [work], ["geary"])
    ini = lab.path(f"{user.home}/.config/geary/mailops-{account.key}/geary.ini")
    before = ini.read_bytes()
    lab.empty(user.email)
    with system_ca(lab), geary(lab, name, f"mailto:{user.email}?subject=by%20Geary&body=Hello") as running:
        # The composer is there, and the signature in it.
        running.wait_until(lambda: "document_modified()" in running.log())

        def sent() -> bool:
            running.press("ctrl+Return")
            return any(message["Subject"] == "by Geary" for message in lab.messages(user.email))

        running.wait_until(sent)
    message = lab.messages(user.email)[-1]
    assert message["From"].addresses[0].display_name.split() == account.sender_name.split()
    assert f"Authenticated sender: {user.email}" in str(message.get_all("Received"))
    assert account.signature in message.get_body(("plain",)).get_content()
    assert ini.read_bytes() == before


def test_accounts_stand_beside_the_users_own(lab: Lab) -> None:
    own = "account_01/geary.ini"
    deploy(lab, "basil", [], ["geary"])
    folder = lab.path(f"{USERS['basil'].home}/.config/geary")
    lab.run(["mkdir", "-p", ".config/geary/account_01"], user="basil")
    (folder / own).write_text(OWN, encoding="utf-8")
    (folder / own).chmod(0o666)
    accounts = redeploy(lab, "basil", [profile(), profile("other", incoming__port=143, incoming__security="starttls")], ["geary"])
    with system_ca(lab), geary(lab, "basil") as running:
        running.wait_until(lambda: all(f"[{place}] [imap] GearyImapClientService: Status changed to: connected" in running.log()
                                       for place in ("account_01", *(f"mailops-{account.key}" for account in accounts))))
    redeploy(lab, "basil", [], ["geary"])
    assert [path.name for path in folder.iterdir()] == ["account_01"]
    assert (folder / own).read_text(encoding="utf-8") == OWN


@pytest.mark.parametrize(("impostor", "security"), [("system's CAs", "starttls"), ("wrong name", "tls")])
def test_geary_refuses_an_impostor(lab: Lab, impostor: str, security: str) -> None:
    before = logins(lab)
    data = against(impostor, security)
    deploy(lab, "anna", [data], ["geary"])
    for _attempt in range(5):
        trust = system_ca(lab) if impostor == "wrong name" else nullcontext()
        with trust, geary(lab, "anna", host=data["incoming"]["host"]) as running:
            running.wait_until(lambda: any(text in running.log() for text in (REFUSED, GAVE_UP)))
            refused = REFUSED in running.log()
        if refused:
            break
    assert refused and logins(lab) == before
