# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mistakes are planted in the code, one at a time: which of them do the unit tests not find? ``mutation.py NUMBER SEED [PATH...]``.

A random sample of ``NUMBER`` mistakes: another comparison, ``and`` for ``or``, a number one higher, an exchanged pair of a table, a negated
condition. The tests of the file's own folder run on a copy of the checkout, which alone is writable there: a mistake in code that works
as root must not reach the machine. As root.
"""

from __future__ import annotations

import ast
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = {"_model": ["model", "edits", "deploy", "clients"], "_clients": ["clients"], "_store": ["stores", "secrets"], "_deploy": ["deploy"],
         "_writer": ["writer"]}  # fmt: skip
OTHER = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In,
         ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add}  # fmt: skip
SANDBOX = "mount --make-rprivate / && mount --bind {0} {0} && mount -o remount,bind,ro / && mount -t tmpfs none /run && mount -t tmpfs none /tmp && cd {0} && "
LONGEST = 240  # seconds; who takes longer is found: the code hangs


def mutants(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and what is changed there, in the order of ``plant``."""
    found: list[tuple[int, str]] = []
    plant(tree, -1, found)
    return found


def plant(tree: ast.AST, chosen: int, found: list[tuple[int, str]]) -> None:
    """Changes ``tree`` at the place with the number ``chosen``; ``found`` gets all places before it."""

    def here(node: ast.AST, what: str) -> bool:
        found.append((node.lineno, what))
        return len(found) - 1 == chosen

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER and here(node, f"comparison {type(node.ops[0]).__name__}"):
            node.ops[0] = OTHER[type(node.ops[0])]()
        elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in OTHER and here(node, f"operator {type(node.op).__name__}"):
            node.op = OTHER[type(node.op)]()
        elif isinstance(node, ast.Constant) and type(node.value) is bool and here(node, str(node.value)):
            node.value = not node.value
        elif isinstance(node, ast.Constant) and type(node.value) is int and here(node, f"number {node.value}"):
            node.value += 1
        elif isinstance(node, (ast.If, ast.IfExp)) and not isinstance(node.test, (ast.Compare, ast.BoolOp)) and here(node, "condition"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        elif isinstance(node, ast.Dict) and len(node.values) > 1 and None not in node.keys:
            for one in range(len(node.values) - 1):
                if ast.dump(node.values[one]) != ast.dump(node.values[one + 1]) and here(node.keys[one], "table entry exchanged with the next"):
                    node.values[one : one + 2] = reversed(node.values[one : one + 2])


def is_found(copy: Path, folders: list[str]) -> bool:
    tests = " ".join(f"tests/unit/{folder}" for folder in folders)
    pytest = f"HOME=/tmp PYTHONDONTWRITEBYTECODE=1 MAILOPS_EXAMPLES=20 {sys.executable} -m pytest -qx {tests}"
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SANDBOX.format(copy) + pytest]
    try:
        return subprocess.run(argv, capture_output=True, timeout=LONGEST).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def main(number: int, seed: int, *paths: str) -> None:
    files = [path for folder in TESTS for path in ROOT.glob(f"plugins/*/{folder}/*.py") if not paths or any(each in str(path) for each in paths)]
    places = [(path, index, *place) for path in sorted(files) for index, place in enumerate(mutants(ast.parse(path.read_text())))]
    with tempfile.TemporaryDirectory(prefix="mutation-", dir="/var/tmp") as directory:
        copy = Path(directory, "c")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
        copy.parent.chmod(0o755)  # other users read it, too
        for folders in TESTS.values():
            assert not is_found(copy, folders), f"the tests of {folders} fail without any mistake"
        sample = random.Random(seed).sample(places, min(number, len(places)))
        survivors = 0
        for path, index, line, what in sample:
            tree = ast.parse(path.read_text())
            plant(tree, index, [])
            (copy / path.relative_to(ROOT)).write_text(ast.unparse(tree))
            if not is_found(copy, TESTS[path.parent.name]):
                survivors += 1
                print(f"not found: {path.relative_to(ROOT)}:{line}: {what}", flush=True)
            shutil.copy(path, copy / path.relative_to(ROOT))
        print(f"{len(sample) - survivors} of a sample of {len(sample)} (of {len(places)} places, seed {seed}) were found")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
