# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the administrator's templates are on the controller, and what Ansible has to say in them."""

from __future__ import annotations

import os
from typing import Any, Iterator, Mapping

from ansible import context
from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase

from .._model.errors import some

MANAGED = "Ansible managed"
_MAX_MANAGED = 200  # characters
_FOLDER = "templates"
_IMPORT_PLAYBOOK = ("import_playbook", "ansible.builtin.import_playbook")
_MAX_DEPTH = 5
_COLLECTION = os.path.realpath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
_OURS = tuple(os.path.join(_COLLECTION, folder) for folder in ("roles", "playbooks"))


def load_template(action: ActionBase, src: str) -> tuple[str, bool]:
    """The text of a template, and whether it is vaulted. OSError, with the places that were searched, when there is none."""
    path = _path(action, src)
    if os.path.isdir(path):
        raise IsADirectoryError(0, "it is a directory")
    real = action._loader.get_real_file(path)  # of a vaulted one a copy in clear
    try:
        with open(real, encoding="utf-8") as file:
            return file.read(), real != path
    finally:
        action._loader.cleanup_tmp_file(real)


def _path(action: ActionBase, src: str) -> str:
    try:
        return action._find_needle(_FOLDER, src)
    except AnsibleFileNotFound as exc:
        searched = [path.removesuffix(src).rstrip("/") for path in exc.paths or ()]
    # The rollout playbook is part of this collection: its user's files are beside the playbook that was started, or beside the inventory.
    folders = [] if os.path.isabs(src) else [os.path.join(directory, _FOLDER) for directory in _started_from(action._loader)]
    for folder in folders:
        if os.path.isfile(os.path.join(folder, src)):
            return os.path.join(folder, src)
    # The folders of our role and playbook are no place for the files of their users.
    places = [place for place in dict.fromkeys([*searched, *folders]) if not os.path.realpath(place).startswith(_OURS)]
    raise FileNotFoundError(0, f"it is not in {some(places)}" if places else "there is no such file")


def _started_from(loader: DataLoader) -> list[str]:
    """The directories of the playbooks on the command line, of those that they import, and of the inventories. An inventory that is a directory is not
    searched itself, because Ansible reads all files in it as inventories."""
    given = context.CLIARGS.get("args") or ()
    playbooks = [] if isinstance(given, str) else [os.path.abspath(each) for each in given]
    inventories = [each for each in context.CLIARGS.get("inventory") or () if "," not in each]
    started = [path for path in playbooks if os.path.isfile(path)]
    imported = [path for playbook in started for path in _imported(loader, playbook)]
    files = [*started, *imported, *[path for path in inventories if os.path.exists(path)]]
    return list(dict.fromkeys(map(os.path.dirname, files)))


def _imported(loader: DataLoader, playbook: str, depth: int = 0) -> Iterator[str]:
    """The playbooks that this one imports, in whatever depth. Ansible does not keep which of them imported the one that runs."""
    try:
        entries = loader.load_from_file(playbook)
    except AnsibleError:
        return
    for entry in entries if isinstance(entries, list) and depth < _MAX_DEPTH else ():
        named = (entry.get(name) for name in _IMPORT_PLAYBOOK) if isinstance(entry, Mapping) else ()
        for name in filter(lambda value: isinstance(value, str), named):
            path = os.path.join(os.path.dirname(playbook), name)
            if os.path.isfile(path):
                yield path
                yield from _imported(loader, path, depth + 1)


def managed_line(action: ActionBase, task_vars: Mapping[str, Any]) -> str:
    """The text of ``ansible_managed``: that of the play if it is one clean line. A fact of the host with that name does not count."""
    value = task_vars.get("ansible_managed")
    if value is None or value == task_vars.get("ansible_facts", {}).get("managed"):
        return MANAGED
    value = action._templar.template(value)
    clean = isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= _MAX_MANAGED
    return str.__str__(value) if clean else MANAGED
