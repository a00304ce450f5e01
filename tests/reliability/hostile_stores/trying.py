# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does with a store what the modules do, in a process of its own, and keeps what they would say and what it costs."""

from __future__ import annotations

import json
import os
import re
import resource
import traceback
from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.profiles import opened, stored_profiles
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.report import record
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import StoreKey
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import Store, open_store

from ...unit.stores.edits import add, put, put_all
from .rows import CLEAR

KEY = "the key of the store, 0123456789"
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff\ufffe\uffff]")
MAX_SENTENCE = 4000  # characters, the paths of a test included
MAX_SECONDS = 40.0  # of the processor, for all that is done with one store
MAX_GROWTH = 700  # MiB; a thread ends a connection that made the process grow by 256, as soon as it gets a turn


@dataclass(frozen=True)
class Said:
    """``problem``: the text of a MailopsError; ``other``: what was raised besides. ``value``: what was returned."""

    problem: str | None = None
    other: str | None = None
    value: Any = None


@dataclass(frozen=True)
class Tried:
    said: dict[str, Said]
    seconds: float
    growth: float


def _names(store: Store, names: list[str] | None = None) -> list[Any]:
    return [record(found) for found in store.read(names).values()]


def _deployed(store: Store, name: str) -> str:
    known = stored_profiles(store, [name])
    return repr(opened(known, [name], StoreKey(KEY))[name])


USES: dict[str, Callable[[Store], Any]] = {
    "read all": _names,
    "read good": lambda store: _names(store, ["good"]),
    "deploy good": lambda store: _deployed(store, "good"),
    "deploy victim": lambda store: _deployed(store, "victim"),
    "dry": lambda store: store.preview(add),
    "edit good": lambda store: put(store, "good", description="edited").changed,
    "edit victim": lambda store: put(store, "victim", description="edited").changed,
    "put more": lambda store: len(put_all(store, [{"name": "more"}])),
}


def tried(url: str, environ: dict[str, str] | None = None, uses: Mapping[str, Callable[[Store], Any]] | None = None) -> Tried:
    """``uses``: None for all."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            found = {name: _said(use, url, environ or {}) for name, use in (USES if uses is None else uses).items()}
            growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(writer, json.dumps([found, growth / 1024]).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        text = pipe.read()
    usage = os.wait4(pid, 0)[2]
    found, growth = json.loads(text)
    return Tried({name: Said(*said) for name, said in found.items()}, usage.ru_utime + usage.ru_stime, growth)


def _said(use: Callable[[Store], Any], url: str, environ: dict[str, str]) -> tuple[str | None, str | None, Any]:
    try:
        return None, None, use(open_store(url, environ))
    except MailopsError as exc:
        return str(exc), None, None
    except Exception:
        return None, traceback.format_exc(), None


def refuse_harm(tried: Tried, must_read: bool = False) -> None:
    """Each use did its work or gave sentences for people, and cost little. ``must_read``: the profile that nobody touched is still read."""
    for use, said in tried.said.items():
        assert said.other is None, (use, said.other)
        text = said.problem or ""
        assert not RAW.search(text) and len(text) < MAX_SENTENCE, (use, ascii(text[:3000]))
        # What is returned is displayed, too, with its line feeds written out.
        assert not RAW.search(str(said.value)), (use, ascii(str(said.value)[:3000]))
        assert CLEAR not in f"{text}{said.value}", use
    assert tried.seconds < MAX_SECONDS and tried.growth < MAX_GROWTH, (tried.seconds, tried.growth)
    if must_read:
        assert [found["name"] for found in tried.said["read good"].value or ()] == ["good"], tried.said["read good"]
        assert tried.said["deploy good"].value, tried.said["deploy good"]
