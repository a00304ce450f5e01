# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of a store, as mail_profile and mail_profiles make them."""

from __future__ import annotations

import multiprocessing
import os

from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit import changes, edit_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._edits.edit_list import replace_all
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

from ...profiles import SERVERS


def put(store, name="work", key=None, **options):
    """Create or edit one profile; the edit."""

    def change(snapshot):
        edit = edit_profile({"name": name, **({} if name in snapshot else SERVERS), **options}, snapshot, key)
        return changes([edit]), edit

    return store.update(change)


def replacing(entries, **options):
    """The change that mail_profiles makes: these entries, complete but for their servers."""

    def change(snapshot):
        edits = replace_all([{**SERVERS, **entry} for entry in entries], snapshot, **options)
        return changes(edits), edits

    return change


def put_all(store, entries, **options):
    return store.update(replacing(entries, **options))


def add(snapshot):
    """A change that creates a profile."""
    return changes([edit_profile({"name": "new", **SERVERS}, snapshot)]), None


def in_a_child(function):
    """Call ``function`` in a child process; its result, or the problems that it found."""
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def child():
        try:
            sender.send(function())
        except MailopsError as exc:
            sender.send(exc.problems)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    return receiver.recv() if receiver.poll() else None


def as_ordinary_user(function):
    """Call ``function`` in a child process that is not root."""

    def dropped():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        return function()

    return in_a_child(dropped)


def files(directory):
    """All files of a directory: mode, time of the last change, content."""
    found = {path: path.lstat() for path in sorted(directory.rglob("*"))}
    return {
        path: (status.st_mode, status.st_mtime_ns, path.read_bytes() if path.is_file() else None) for path, status in found.items()
    }
