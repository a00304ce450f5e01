# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Given these accounts, these files: ``expected/CLIENT/CASE/PATH`` holds what a client's file looks like, byte for byte.

After a change of a format, ``MAILOPS_WRITE_EXPECTED=1 pytest tests/unit/clients/test_expected.py`` writes the files again. Read every
line of the difference before you commit it: programs of real people read these files. A block is in a file that did not exist before.

Where a program prints what it has read, a parser test compares that with the accounts, for hundreds of generated ones. The expected files
of such a client are cases that people want to read, and that no generated account has.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._wire import File
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client

from ...profiles import profile
from .accounts import JOANNA, files_of, resolved
from .home import materialise

EXPECTED = Path(__file__).parent / "expected"
HOSTILE = {
    "name": "o'brien$x",
    "email": "o'b`x`{$HOME}|#!@example.org",
    "display_name": "Zo\u00eb \"Q\" O'Brien \\ `touch /tmp/x` $(touch /tmp/x) $HOME # %s | ; {x}",
    "password": " \"p\\a's`touch /tmp/x`$(touch /tmp/x)$HOME#%s|;{x} \u0142\U0001f511\" ",
}
COMMAND = ["pass", "show", "Mail/it's $HOME `x` \"q\" \\"]

CASES = {
    "plain": ([profile()], JOANNA),
    "everything": (
        [
            profile(
                "Company.mail",
                account_name="Work",
                reply_to="team@example.org",
                signature="{UserDisplayName}\nExample Ltd\n",
                folders={"sent": "Sent Items", "drafts": "Entw\u00fcrfe", "trash": "Trash", "archive": "Archive", "junk": "Junk"},
                check_interval=5,
                ca_file="/etc/ssl/example ca.pem",
                default=True,
                incoming__port=1993,
                incoming__username="{UserName}",
            )
        ],
        JOANNA,
    ),
    "hostile": (
        [profile(signature="{UserDisplayName}", reply_to="o'b`x`$HOME#@example.org", incoming__username="u'\"\\`$HOME:@/#%41")],
        HOSTILE,
    ),
    "two_accounts": (
        [
            profile("work", reply_to="team@example.org", signature="Joanna", folders={"sent": "Sent"}),
            profile("Work", default=True, email="{UserName}@example.com", incoming__host="mail.example.com"),
        ],
        JOANNA,
    ),
    "starttls": ([profile(incoming__security="starttls", outgoing__security="starttls")], JOANNA),
    "in_clear": (
        [
            profile(incoming__security="none", incoming__allow_cleartext=True,
                    outgoing__security="none", outgoing__authentication="none", outgoing__password=None)
        ],
        JOANNA,
    ),
    "pop": ([profile(account_type="pop", incoming__host="2001:db8::1", leave_on_server=False, check_interval=10)], JOANNA),
    "password_command": (
        [
            profile(incoming__password=None, incoming__password_command=COMMAND,
                    outgoing__password=None, outgoing__password_command=COMMAND)
        ],
        JOANNA,
    ),
    "no_password": ([profile(incoming__password=None, outgoing__password=None)], JOANNA),
    "oauth2": (
        [
            profile(incoming__password=None, incoming__password_command=["oama", "access"], incoming__authentication="oauth2",
                    outgoing__password=None, outgoing__password_command=["oama", "access"], outgoing__authentication="oauth2")
        ],
        JOANNA,
    ),
}  # fmt: skip


# The clients of which test_parsers*.py (test_setup_page.py) compare every value, and the cases that the generated accounts have.
PARSED = {"alpine", "fetchmail", "getmail", "git_send_email", "mpop", "msmtp", "neomutt", "offlineimap", "s_nail", "setup_page"}
GENERATED = {"hostile", "in_clear", "password_command", "pop", "starttls"}
EXPECTED_CASES = [
    (client, case) for client in clients.all_clients() for case in CASES if client.name not in PARSED or case not in GENERATED
]


@pytest.mark.parametrize(("client", "case"), EXPECTED_CASES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_expected(client: Client, case: str, tmp_path: Path) -> None:
    profiles, reader = CASES[case]
    if "imap" not in client.account_types:
        profiles = [{**each, "account_type": "pop", "folders": None} for each in profiles]
    accounts, context = resolved(profiles, reader)
    files = files_of(client, accounts, context)
    materialise([each._replace(content=_readable(each)) for each in files], tmp_path)
    shutil.rmtree(tmp_path / ".local/state/mailops", ignore_errors=True)  # the manifest, where there are files
    place = EXPECTED / client.name / case
    if os.environ.get("MAILOPS_WRITE_EXPECTED"):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(tmp_path, place)
        for path in place.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if not any(place.rglob("*")):
            place.rmdir()
    assert _tree(tmp_path) == _tree(place)


def _readable(file: File) -> bytes | None:
    """An image is there as what it says, and nowhere in a page: how it is compressed is the library's."""
    if file.content and b"\0" in file.content:
        return file.redacted.encode()
    return file.content and re.sub(b"data:image/png;base64,[^\"]+|(?s:(?<=<style>).*(?=</style>)|(?<=<script>).*(?=</script>))", b"...", file.content)


def test_no_expected_file_is_without_a_case() -> None:
    known = {f"{client.name}/{case}" for client, case in EXPECTED_CASES}
    assert {str(path.relative_to(EXPECTED)) for path in EXPECTED.glob("*/*")} <= known


def _tree(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}
