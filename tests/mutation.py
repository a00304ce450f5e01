# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``mutation.py NUMBER SEED [PART OF A PATH...]``, as root: which mistakes in the code do the unit tests of its folder not find?

Planted is a random sample, one at a time, in a copy of the checkout. Nothing else is writable for the tests.
"""

import ast
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = {"_model": "model edits deploy clients", "_clients": "clients", "_store": "stores secrets", "_deploy": "deploy", "_writer": "writer"}
OTHER = {ast.Eq: ast.NotEq, ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.In: ast.NotIn, ast.Is: ast.IsNot, ast.And: ast.Or, ast.Add: ast.Sub}
OTHER |= {new: old for old, new in OTHER.items()}
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
SANDBOX = """mount --make-rprivate / && mount --bind {0} {0} && mount -o remount,bind,ro / && mount -t tmpfs none /run && mount -t tmpfs none /tmp
cd {0} && HOME=/tmp PYTHONDONTWRITEBYTECODE=1 MAILOPS_EXAMPLES=20 {1} -m pytest -qx {2}"""
LONGEST = 240  # seconds; a mistake that takes longer is found: the code hangs


def plant(tree: ast.AST, chosen: int = -1) -> list[tuple[int, str]]:
    """Changes ``tree`` at the place with this number. Line and kind of all places up to there."""
    found: list[tuple[int, str]] = []

    def here(node: ast.AST, what: str) -> bool:
        found.append((node.lineno, what))
        return len(found) - 1 == chosen

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER and here(node, "comparison"):
            node.ops[0] = OTHER[type(node.ops[0])]()
        elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in OTHER and here(node, f"operator {type(node.op).__name__}"):
            node.op = OTHER[type(node.op)]()
        elif isinstance(node, ast.Constant) and type(node.value) in (bool, int) and here(node, f"number {node.value}"):
            node.value = not node.value if isinstance(node.value, bool) else node.value + 1
        elif isinstance(node, (ast.If, ast.IfExp)) and not isinstance(node.test, (ast.Compare, ast.BoolOp)) and here(node, "condition"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        elif isinstance(node, ast.Dict) and None not in node.keys:
            for at in range(len(node.values) - 1):
                if ast.dump(node.values[at]) != ast.dump(node.values[at + 1]) and here(node.keys[at], "table entry exchanged with the next"):
                    node.values[at : at + 2] = reversed(node.values[at : at + 2])
    return found


def is_found(copy: Path, folders: str) -> bool:
    script = SANDBOX.format(copy, sys.executable, " ".join(f"tests/unit/{folder}" for folder in folders.split()))
    try:
        return subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, timeout=LONGEST, check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def main(number: int, seed: int, *parts: str) -> None:
    files = sorted(path for folder in TESTS for path in ROOT.glob(f"plugins/*/{folder}/*.py") if not parts or any(part in str(path) for part in parts))
    places = [(path, index, *place) for path in files for index, place in enumerate(plant(ast.parse(path.read_text())))]
    sample, missed = random.Random(seed).sample(places, min(number, len(places))), 0
    with tempfile.TemporaryDirectory(prefix="mutation-", dir="/var/tmp") as directory:
        copy = shutil.copytree(ROOT, Path(directory, "copy"), ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
        copy.parent.chmod(0o755)  # other users read it, too
        for folders in {TESTS[path.parent.name] for path, *_place in sample}:
            assert not is_found(copy, folders), f"the tests of {folders} fail without any mistake"
        for path, index, line, what in sample:
            plant(tree := ast.parse(path.read_text()), index)
            (copy / path.relative_to(ROOT)).write_text(ast.unparse(tree))
            if not is_found(copy, TESTS[path.parent.name]):
                missed += 1
                print(f"not found: {path.relative_to(ROOT)}:{line}: {what}", flush=True)
            shutil.copy(path, copy / path.relative_to(ROOT))
    print(f"{len(sample) - missed} of a sample of {len(sample)} mistakes were found (places for one: {len(places)}; seed {seed})")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
