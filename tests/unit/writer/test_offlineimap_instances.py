# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OfflineIMAP beside another instance, whose ``[general]`` says where both keep what was synced."""

from __future__ import annotations

import configparser
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients as clients

from ...profiles import profile
from ..clients.accounts import files_of, resolved
from .home import Host

CLIENT = clients.get("offlineimap")
EARLIER = "[general]\naccounts = first\n\n[Account first]\nlocalrepository = x\n"
OWN = {"usual": (".offlineimaprc", None), "apart": (".config/mailops/offlineimap/config", "[general]\naccounts = mine\n")}
every_place = pytest.mark.parametrize(("place", "own"), OWN.values(), ids=OWN)


def run(host: Host, name: str, instance: str, text: str | None = None) -> Any:
    files = files_of(CLIENT, *resolved([profile(name, key=name)]))
    if text:  # what an earlier version wrote
        files = [file._replace(content=file.content and text.encode(), redacted="", variants=tuple(
            each._replace(content=each.content and text.encode(), redacted="") for each in file.variants
        )) for file in files if file.strategy == "block"]  # fmt: skip
    return host.one(*files, instance=instance, patterns={CLIENT.name: CLIENT.paths})


def options(host: Host, place: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read(host.home("alice").path / place)
    return parser


@every_place
def test_two_instances_have_one_state(place: str, own: str | None, host: Host) -> None:
    if own:
        host.home("alice").write(".offlineimaprc", own)
    for instance in ("first", "second"):
        assert run(host, instance, instance).problem is None
    found = options(host, place)
    assert found["general"]["metadata"].startswith("~/.local/share/mailops/")
    assert {"Account first", "Account second"} <= set(found.sections())


@every_place
def test_an_instance_of_an_earlier_version_comes_first(place: str, own: str | None, host: Host) -> None:
    """With its state our mail, which has another place now, would be missing, and be marked as deleted on the server."""
    if own:
        host.home("alice").write(".offlineimaprc", own)
    run(host, "first", "first", EARLIER)
    assert {note for _path, note in run(host, "second", "second").notes} == {"offlineimap/other-state"}
    assert "Account second" not in options(host, place).sections()
    for instance in ("first", "second"):
        assert "offlineimap/other-state" not in [note for _path, note in run(host, instance, instance).notes]
    assert {"Account first", "Account second"} <= set(options(host, place).sections())
