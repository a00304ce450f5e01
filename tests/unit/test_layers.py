# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each folder imports only what docs/architecture.md allows it to import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ..checkout import ROOT

PREFIX = "ansible_collections.mailops.profiles.plugins."
PLUGINS = ROOT / "plugins"
# Folder (or file) -> the folders that it may import, besides itself.
ALLOWED = {
    "module_utils/_text.py": set(),
    "module_utils/_wire.py": set(),
    "module_utils/_entry.py": set(),
    "module_utils/_login_wire.py": set(),
    "module_utils/_login_check": {"module_utils._login_wire", "module_utils._text"},
    "module_utils/_writer": {"module_utils._wire", "module_utils._text"},
    "modules": {"module_utils._entry", "module_utils._login_check", "module_utils._wire", "module_utils._writer", "module_utils._text"},
    "plugin_utils/_private_file.py": set(),
    "plugin_utils/_model": {"module_utils._wire"},
    "plugin_utils/_secrets": {"plugin_utils._model"},
    "plugin_utils/_store": {"plugin_utils._model"},
    "plugin_utils/_edits": {"plugin_utils._model", "plugin_utils._secrets", "module_utils._text"},
    "plugin_utils/_clients": {"plugin_utils._model", "module_utils._wire"},
    "plugin_utils/_deploy": {
        "plugin_utils._model", "plugin_utils._secrets", "plugin_utils._store", "plugin_utils._clients", "module_utils._wire",
        "module_utils._login_wire", "module_utils._text", "plugin_utils._private_file",
    },
    "plugin_utils/_rollout": {"plugin_utils._model", "plugin_utils._private_file", "module_utils._text"},
    "plugin_utils/_action.py": {"plugin_utils._model", "module_utils._text"},
    "action": {"plugin_utils._action", "plugin_utils._model", "plugin_utils._secrets", "plugin_utils._store", "plugin_utils._edits", "plugin_utils._deploy",
               "plugin_utils._rollout", "module_utils._login_wire", "module_utils._text"},
    "callback": {"plugin_utils._model", "plugin_utils._rollout"},
    "filter": {"plugin_utils._action", "plugin_utils._model", "plugin_utils._secrets", "plugin_utils._deploy", "module_utils._text"},
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    """``plugin_utils._model`` and the like, of every import of ours, wherever it is in the file."""
    package = path.relative_to(PLUGINS).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            assert not (isinstance(node, ast.Import) and any(name.name.startswith(PREFIX) for name in node.names)), path
            continue
        if node.level:
            module = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
        elif f"{node.module}.".startswith(PREFIX):
            module = str(node.module).removeprefix(PREFIX).split(".")
        else:
            continue
        module = [part for part in module if part]
        paths = [module] if len(module) > 1 else [[*module, name.name] for name in node.names]
        found.update(".".join(each[:2]) for each in paths)
    return found


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_follow_the_layers(folder: str) -> None:
    place = PLUGINS / folder
    files = [place] if place.suffix else sorted(place.rglob("*.py"))
    own = ".".join(Path(folder).with_suffix("").parts[:2])
    assert files
    wrong = {str(file.relative_to(PLUGINS)): sorted(found) for file in files if (found := _imports(file) - ALLOWED[folder] - {own})}
    assert not wrong


def test_every_file_is_in_a_layer() -> None:
    """A new folder needs a place in the house."""
    known = {str(PLUGINS / folder) for folder in ALLOWED} | {str(PLUGINS / "doc_fragments")}
    files = [file for file in PLUGINS.rglob("*.py") if file.name != "__init__.py" or file.read_text()]
    assert not [file for file in files if not str(file).startswith(tuple(known))]
