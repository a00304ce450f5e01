# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One spelling of a folder in the profile, and in each client's files the one that its program needs. The lab proves the spellings."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client

from ...profiles import profile
from .accounts import resolved

FOLDERS = [name.partition(".")[2] for name in clients.get("thunderbird").expresses if name.startswith("folders.")]
# A page for people displays folders as the profile has them.
EXPRESSED = [
    (client, name) for client in clients.all_clients() if client.name != "setup_page" for name in FOLDERS if f"folders.{name}" in client.expresses
]
every_folder = pytest.mark.parametrize(("client", "name"), EXPRESSED, ids=lambda value: value if isinstance(value, str) else value.name)
SERVERS = {"slash": {}, "dot": {"separator": "."}, "prefix": {"namespace": "INBOX."}, "prefix and slash": {"namespace": "INBOX/"}}
# "A b/ł & c" with each kind of server: in its own spelling, and with slashes.
SPELLINGS = {
    "slash": ("A b/ł & c", "A b/ł & c"),
    "dot": ("A b.ł & c", "A b/ł & c"),
    "prefix": ("INBOX.A b.ł & c", "INBOX/A b/ł & c"),
    "prefix and slash": ("INBOX/A b/ł & c", "INBOX/A b/ł & c"),
}
FORMS = {
    "aerc": lambda server, slashes: f"`{server}`",
    "alpine": lambda server, slashes: "}" + server.replace("&", "&-").replace("ł", "&AUI-") + "\n",
    "evolution": lambda server, slashes: slashes,
    "geary": lambda server, slashes: "=" + slashes.replace("/", ";") + ";\n",
    "neomutt": lambda server, slashes: '"=' + server.replace("ł", r"\305\202").replace("&", r"\046") + '"',
    "s_nail": lambda server, slashes: "$'+" + server.replace("ł", r"\xC5\x82") + "'",
    "thunderbird": lambda server, slashes: "@imap.example.org/" + slashes.replace("&", "&-").replace("ł", "&AUI-") + '"',
}


def files(client: Client, name: str, path: str, server: dict[str, str]) -> str:
    accounts, context = resolved([profile(folders={name: path}, **{f"incoming__{field}": value for field, value in server.items()})])
    assert client.skip_reason(accounts[0]) is None
    return "\n".join(file.content.decode() for file in client.files(accounts, context))


@pytest.mark.parametrize("kind", SERVERS)
@every_folder
def test_the_spelling_of_each_program(client: Client, name: str, kind: str) -> None:
    server, slashes = SPELLINGS[kind]
    written = files(client, name, "A b/ł & c", SERVERS[kind])
    if client.name == "evolution" and name not in ("trash", "junk"):
        slashes = slashes.replace("ł", "%C5%82").replace(" ", "%20")
    wanted = f'"{slashes}"' if (client.name, name) == ("thunderbird", "trash") else FORMS[client.name](server, slashes)
    assert wanted in written


@every_folder
def test_a_path_that_begins_with_the_namespace_is_the_same(client: Client, name: str) -> None:
    server = {"separator": ".", "namespace": "INBOX."}
    assert files(client, name, "Gesendet", server) == files(client, name, "INBOX/Gesendet", server)


@every_folder
def test_the_inbox_has_no_namespace(client: Client, name: str) -> None:
    assert files(client, name, "INBOX", {"namespace": "INBOX."}) == files(client, name, "inbox", {"separator": "."})
