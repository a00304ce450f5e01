# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypted passwords: what the key is taken from, what is bound in, what a forger gets."""

from __future__ import annotations

import multiprocessing
import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import passwords
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets import keys as secrets

from ...profiles import bare_profile
from ..refusals import refusal

KEY = secrets.StoreKey("a key of these tests")
OTHER = secrets.StoreKey("another key of these tests")
SALT = bytes(16)
ID = "6f1f0c0e-3b0e-4c1e-9a43-0d2b8a4b4f0d"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=600))
def test_what_is_sealed_is_opened(text):
    sealed = KEY.seal(text, b"here", SALT)
    assert passwords.is_sealed(sealed) and not passwords.is_literal(sealed)
    assert KEY.open(passwords.sealed(sealed), b"here") == text
    assert KEY.seal(text, b"here", SALT) != sealed, "the same password looks the same"


def test_a_forger_gets_nothing():
    """Every byte changed, another place, another key."""
    sealed = KEY.seal("tr0ub4dor&3", b"here", SALT)
    head, body = sealed[: sealed.rindex("$") + 1], sealed[sealed.rindex("$") + 1 :]
    for place in range(len(body) - 1):  # of the last character some bits are not used
        forged = head + body[:place] + ("A" if body[place] != "A" else "B") + body[place + 1 :]
        with pytest.raises(Invalid, match="is not what was stored for this profile and server"):
            KEY.open(forged, b"here")
    with pytest.raises(Invalid, match="is not what was stored"):
        KEY.open(sealed, b"there")
    with pytest.raises(secrets.WrongKey, match="is encrypted with another key than store_key"):
        OTHER.open(sealed, b"here")


@pytest.mark.parametrize(
    "text", ["$mailops$", "$mailops$2$AAAA", "$mailops$1$" + "A" * 22 + "$" + "A" * 11 + "$" + "A" * 10, "$mailops$1$a b$c$d"]
)
def test_not_whole(text):
    for use in (passwords.sealed, secrets.salt_of, KEY.fits, lambda broken: KEY.open(broken, b"here")):
        with pytest.raises(Invalid, match="is not a whole encrypted password, or one of a newer release"):
            use(text)


def data(**changes):
    return read_profile({**bare_profile(), **changes}).as_data()


BOUND = [
    {"incoming": {"host": "evil.example.org"}},
    {"incoming": {"host": "imap.example.org", "port": 10993}},
    {"incoming": {"host": "imap.example.org", "security": "starttls"}},
    {"account_type": "pop"},
    {"incoming": {"host": "{Server}"}, "variables": {"Server": "imap.example.org"}},
    {"incoming": {"host": "{Server}"}, "variables": {"Server": "evil.example.org"}},
]


def test_what_is_bound():
    """A password belongs to one profile, one field and one server, defaults of variables in the host's name included."""
    bindings = [secrets.binding(ID, "incoming", data(**changes)) for changes in BOUND]
    bindings += [secrets.binding(ID, side, data()) for side in passwords.SERVERS]
    bindings.append(secrets.binding(ID.replace("6", "7"), "incoming", data()))
    assert len(set(bindings)) == len(bindings)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "renamed", "description": "other", "email": "x@example.org", "sender_name": "x"},
        {"outgoing": {"host": "elsewhere.example.org"}, "variables": {"Region": "north"}},
        {"incoming": {"host": "imap.example.org", "port": 993, "username": "x", "password": "{UserPassword}"}},
    ],
)
def test_what_is_free(changes):
    assert secrets.binding(ID, "incoming", data(**changes)) == secrets.binding(ID, "incoming", data())


# --- where the key comes from ---


def test_sources(tmp_path):
    path = tmp_path / "key"
    path.write_text("a key that is in a file\n")
    path.chmod(0o600)
    environ = {secrets.ENVIRONMENT: "a key of the environment"}
    assert secrets.store_key({}, {}) is None and secrets.store_key({}, {secrets.ENVIRONMENT: ""}) is None
    assert secrets.store_key({"store_key": "", "store_key_file": " "}, environ).source == "MAILOPS_STORE_KEY"
    assert secrets.new_store_key({"store_key_new": " "}) is None
    assert secrets.store_key({}, environ).source == "MAILOPS_STORE_KEY"
    assert secrets.store_key({"store_key": "a key of the options", "store_key_file": str(path)}, environ).source == "store_key"
    found = secrets.store_key({"store_key_file": str(path)}, environ)
    assert found.fits(secrets.StoreKey("a key that is in a file").seal("x", b"", SALT))


BAD_KEYS = [
    ({"store_key": "short"}, "store_key: must have at least 16 characters; make one with"),
    ({"store_key": 1234567890123456}, "store_key: must be text, not a number"),
    ({"store_key": "two lines of\nhush-hush"}, "store_key: holds a newline"),
    ({"store_key_new": "hush"}, "store_key_new: must have at least 16 characters"),
    ({"store_key": " " * 20 + "x"}, "store_key: must not begin or end with a space"),
    ({"store_key_file": "x"}, "store_key_file: must be an absolute path"),
    ({"store_key_file": "/nowhere/hush-hush"}, "store_key_file: No such file or directory"),
    ({"store_key_file": "/dev/zero"}, "store_key_file: is not a regular file"),
]


@pytest.mark.parametrize("options, message", BAD_KEYS)
def test_bad_keys(options, message):
    refused = refusal(lambda: secrets.new_store_key(options) or secrets.store_key(options, {}))
    assert message in refused
    assert "hush-hush" not in refused and "1234567890123456" not in refused


@pytest.mark.parametrize(
    "content, mode, message",
    [
        (b"a key that is in a file", 0o644, "others on this machine may read the file"),
        (b"\xff" * 32, 0o600, "the file is not text"),
        (b"", 0o600, "must not be empty"),
        (b"x" * 5000, 0o600, "has 4099 characters, at most 4096 are allowed"),
    ],
)
def test_bad_key_files(tmp_path, content, mode, message):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(MailopsError, match=message):
        secrets.store_key({"store_key_file": str(path)}, {})


def test_a_key_shows_nowhere():
    assert "these tests" not in repr(KEY) + str(KEY) + repr([KEY])


def test_one_derivation_for_all_processes():
    """Ansible forks a process a host. scrypt for each of them would take longer than all the rest."""
    start = time.process_time()
    sealed = secrets.StoreKey("a key that many processes use").seal("x", b"here", SALT)
    derivation = time.process_time() - start
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def child():
        start = time.process_time()
        opened = secrets.StoreKey("a key that many processes use").open(sealed, b"here")
        sender.send((opened, time.process_time() - start))
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert receiver.poll()
    opened, taken = receiver.recv()
    assert opened == "x" and taken < derivation / 2
