# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is true of every client in the registry, a new one included."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from ansible_collections.mailops.profiles.plugins.module_utils._wire import BLOCK, MASK, File
from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._client import Client, Context
from ansible_collections.mailops.profiles.plugins.plugin_utils._clients._options import read_options
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import AUTHENTICATIONS, dotted_fields
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import read_users

from ...profiles import profile
from ..names import VALID, any_name
from .accounts import JOANNA, files_of, options_of, resolved

every_client = pytest.mark.parametrize("client", clients.all_clients(), ids=lambda client: client.name)

COMMAND = ["pass", "show", "mail"]
POP = {"account_type": "pop"}
# What is read once, and has nothing that would tell two accounts with equal settings apart.
NAMELESS = {"thunderbird_android"}
# A web server looks for this name, and the documentation says so.
SERVED = {"setup_page": {"index.html"}}
# Field -> pairs of profile changes (before, after) which differ in that field only.
CHANGES: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "email": [({}, {"email": "{UserName}@example.com"})],
    "account_name": [({}, {"account_name": "Work"})],
    "sender_name": [({}, {"sender_name": "Kowalska"})],
    "reply_to": [({}, {"reply_to": "team@example.org"})],
    "account_type": [({"incoming__port": 1993}, {**POP, "incoming__port": 1993})],
    "default": [({}, {"default": True})],
    "notifications": [({}, {"notifications": False})],
    "signature": [({}, {"signature": "Joanna"}), ({"signature": "Joanna"}, {"signature": "Asia"})],
    "signature_format": [({"signature": "<b>J</b>"}, {"signature": "<b>J</b>", "signature_format": "html"})],
    "leave_on_server": [(POP, {**POP, "leave_on_server": False})],
    "delete_after_days": [(POP, {**POP, "delete_after_days": 14})],
    "check_interval": [({}, {"check_interval": 5}), ({"check_interval": 5}, {"check_interval": 10})],
    "ca_file": [({}, {"ca_file": "/etc/ca.pem"})],
    **{f"folders.{name}": [({}, {"folders": {name: "Folder"}})] for name in ("sent", "drafts", "trash", "archive", "junk")},
    **{
        f"{side}.{name}": changes
        for side in ("incoming", "outgoing")
        for name, changes in {
            "host": [({}, {f"{side}__host": "mail.example.com"})],
            "port": [({}, {f"{side}__port": 2525})],
            "security": [
                ({f"{side}__port": 2525}, {f"{side}__port": 2525, f"{side}__security": value, f"{side}__allow_cleartext": True})
                for value in ("starttls", "none")
            ],
            "username": [({}, {f"{side}__username": "{UserName}"})],
            "password": [({}, {f"{side}__password": None}), ({}, {f"{side}__password": "{Pin}"})],
            "password_command": [
                (before, {f"{side}__password": None, f"{side}__password_command": COMMAND})
                for before in ({f"{side}__password": None}, {f"{side}__password": None, f"{side}__password_command": ["pass", "other"]})
            ],
            "authentication": [
                ({f"{side}__password": None}, {f"{side}__password": None, f"{side}__authentication": "none"}),
                *(
                    (
                        {f"{side}__password": None, f"{side}__password_command": COMMAND},
                        {f"{side}__password": None, f"{side}__password_command": COMMAND, f"{side}__authentication": value},
                    )
                    for value in AUTHENTICATIONS
                    if value not in ("password", "none")
                ),
            ],
        }.items()
    },
}  # fmt: skip


def usual(client: Client) -> dict[str, Any]:
    return {"account_type": client.account_types[0]}


def rendered(client: Client, changes: dict[str, Any]) -> list[File] | None:
    """The files for two accounts, of which the second has the changes; None when the client skips it."""
    profiles = [profile("first", **usual(client)), profile("work", variables={"Pin": None}, **{**usual(client), **changes})]
    if "folders" in changes and profiles[1]["account_type"] == "pop":
        return None
    accounts, context = resolved(profiles, {**JOANNA, "variables": {"Pin": "4711"}})
    # In one order, whichever account is the default: only what the account says may differ.
    accounts.sort(key=lambda account: account.profile)
    if any(client.skip_reason(account, options_of(client)) for account in accounts):
        return None
    return files_of(client, accounts, context)


def test_every_field_has_a_change() -> None:
    assert set(CHANGES) == set(dotted_fields())


@every_client
@pytest.mark.parametrize("field", dotted_fields())
def test_a_field_changes_the_files_if_and_only_if_the_client_says_so(client: Client, field: str) -> None:
    pairs = [(rendered(client, before), rendered(client, after)) for before, after in CHANGES[field]]
    looked_at = [(before, after) for before, after in pairs if before is not None and after is not None]
    if field in client.expresses:
        assert looked_at, "the client supports none of the changes of this field"
        assert all(before != after for before, after in looked_at)
    else:
        assert all(before == after for before, after in looked_at)


@every_client
def test_the_same_accounts_give_the_same_files(client: Client) -> None:
    assert rendered(client, {"signature": "x"}) == rendered(client, {"signature": "x"})


@every_client
def test_files_have_paths_that_the_client_declares(client: Client) -> None:
    other = profile("home", incoming__password=None, incoming__password_command=COMMAND, **usual(client))
    accounts, context = resolved([profile("work", signature="x", **usual(client)), other])
    files = files_of(client, accounts, context)
    assert files
    for file in files:
        for path in (file.path, *file.alternatives):
            assert {strategy for pattern, strategy in client.paths.items() if _matches(path, pattern)} == {file.strategy}, path
            assert not path.startswith("/") and ".." not in path.split("/")


def _matches(path: str, pattern: str) -> bool:
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


@every_client
def test_profiles_with_similar_names_do_not_collide(client: Client) -> None:
    alone = []
    for name in ("Work", "work", "wo-rk", "wo.rk", "wo_rk", "wo rk", "wörk", "ｗｏｒｋ", "work (1)", "工作", "邮箱", "Почта"):
        accounts, context = resolved([profile(name, **usual(client))])
        files = files_of(client, accounts, context)
        alone.append({(file.path, file.content) for file in files})
    accounts, context = resolved([profile("Work", **usual(client)), profile("work", **usual(client))])
    files = files_of(client, accounts, context)
    owned = [file.path for file in files if file.strategy != BLOCK]
    assert len(set(owned)) == len(owned)
    assert client.name in NAMELESS or all(one != other for number, one in enumerate(alone) for other in alone[:number])


@every_client
def test_a_renamed_profile_changes_no_file(client: Client) -> None:
    """It keeps its key, and its name is nowhere else."""
    before = files_of(client, *resolved([profile(key="work-1", **usual(client))]))
    for name in VALID:
        assert files_of(client, *resolved([profile(name, key="work-1", **usual(client))])) == before


@every_client
@settings(max_examples=20, deadline=None)
@given(any_name)
def test_files_of_a_profile_of_any_name(client: Client, name: str) -> None:
    """What a file is called is ASCII, and the same whoever renders it."""
    accounts, context = resolved([profile(name, account_name=name, **usual(client))])
    files = files_of(client, accounts, context)
    assert files and files == files_of(client, accounts, context)
    for file in files:
        assert file.path.isascii() and " " not in file.path.rsplit("/", 1)[-1]
        assert any(_matches(file.path, pattern) for pattern in client.paths)


@every_client
def test_redacted_texts_have_no_password(client: Client) -> None:
    profiles = [profile("first"), profile("second", account_type="pop")]
    accounts, context = resolved(profiles, {**JOANNA, "password": 'S3cret"\\é'})
    accounts = [account for account in accounts if client.skip_reason(account, options_of(client)) is None]
    changed = [
        replace(each, incoming=replace(each.incoming, password="0ther"), outgoing=replace(each.outgoing, password="0ther"))
        for each in accounts
    ]
    files, others = files_of(client, accounts, context), files_of(client, changed, context)
    assert [redacted_texts(file) for file in files] == [redacted_texts(file) for file in others]
    assert [file.secret for file in files] == [file != other for file, other in zip(files, others, strict=True)]
    for file in files:
        # The writer marks a changed password at the mask.
        assert any(MASK in text for text in redacted_texts(file)) == file.secret and MASK.encode() not in (file.content or b"")
        assert not any("S3cret" in text or "0ther" in text for text in redacted_texts(file))
    assert any(file.secret for file in files) == any("password" in field.split(".") for field in client.expresses)


def redacted_texts(file: File) -> list[str]:
    return [file.path, file.redacted, *(variant.redacted for variant in file.variants)]


@every_client
def test_files_have_their_producer(client: Client) -> None:
    accounts, context = resolved([profile(**usual(client))])
    assert {file.producer for file in files_of(client, accounts, context)} == {client.name}


@every_client
def test_it_is_described(client: Client) -> None:
    assert client.title and client.title == client.title.strip()
    assert clients.get(client.name) is client
    module = __import__(f"{clients.__name__}.{client.name}", fromlist=["CLIENT"])
    assert len((module.__doc__ or "").strip()) > 40
    assert client.notes.endswith(".")
    for option in client.options:
        assert option.description.endswith(".")
        assert read_options(client, {option.name: option.default})[option.name] == option.default


@every_client
def test_every_reason_to_skip_is_a_sentence_without_a_password(client: Client) -> None:
    for value in AUTHENTICATIONS:
        secret = {} if value != "none" else {"outgoing__password": None, "incoming__password": None}
        accounts, context = resolved([profile(incoming__authentication=value, outgoing__authentication=value, **secret)])
        reason = client.skip_reason(accounts[0], options_of(client))
        if reason is None:
            assert files_of(client, accounts, context)
        else:
            assert client.title.split()[0] in reason and JOANNA["password"] not in reason
            assert files_of(client, accounts, context) == []


@every_client
def test_losses_are_the_fields_that_are_set_and_not_expressed(client: Client) -> None:
    plain = read_profile(profile(incoming__password=None, outgoing__password=None))
    assert client.losses(plain) == []
    for field in ("notifications", "reply_to", "account_name", "check_interval"):
        changed = read_profile(profile(**CHANGES[field][0][1], incoming__password=None, outgoing__password=None))
        assert client.losses(changed) == ([] if field in client.expresses else [field])


def test_an_html_signature_is_a_loss_for_a_text_only_program() -> None:
    html = read_profile(profile(signature="<b>J</b>", signature_format="html"))
    assert {"signature", "signature_format"} <= set(clients.get("neomutt").losses(html))
    text = read_profile(profile(signature="J"))
    assert "signature" not in clients.get("neomutt").losses(text)


@every_client
def test_two_instances_share_no_whole_file(client: Client) -> None:
    """Each run would undo the other."""
    known = {"work": read_profile(profile(**usual(client)))}
    (reader,) = read_users([JOANNA])
    paths = []
    for instance in ("default", "other"):
        accounts = resolve_users([reader], known, None, "laptop-17", instance)[reader.name]
        paths.append({file.path for file in files_of(client, accounts, Context(reader, {}, instance)) if file.strategy != BLOCK})
    assert paths[0] & paths[1] == SERVED.get(client.name, set())


OTHER_NAMES = {"mailx": "s_nail", "git": "git_send_email", "Mutt": "neomutt", "isync": "mbsync", "thunderbrid": "thunderbird"}


@pytest.mark.parametrize("said", OTHER_NAMES)
def test_a_client_by_another_name(said: str) -> None:
    with pytest.raises(MailopsError, match=f"there is no client '{said}' .did you mean '{OTHER_NAMES[said]}'"):
        clients.select([said])
