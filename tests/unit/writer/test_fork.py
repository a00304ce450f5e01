# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forked worker imports nothing: under mitogen such an import never returns, and a user's ids may not be able to read the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own, which has imported nothing that the writer does not import by itself.
RUN = '''
import os, sys
P = "ansible_collections.mailops.profiles.plugins.module_utils."
wire = __import__(P + "_wire", fromlist=["x"])
exchange = __import__(P.replace("module_utils", "plugin_utils") + "_deploy.exchange", fromlist=["x"])
writer = {name: __import__(P + "_writer." + name, fromlist=["x"]) for name in ("run", "parent", "state", "open_place", "identity", "plan")}
root, report = sys.argv[1:]
home = root + "/home"
writer["state"].ROOT = root + "/root"
real = writer["parent"].serve


def serve(*arguments):
    """Notes what is imported between the fork and the end."""
    at_start, leave = set(sys.modules), os._exit

    def end(status):
        fd = os.open(report, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, ("%d %s\\n" % (status, " ".join(sorted(set(sys.modules) - at_start)))).encode())
        leave(status)

    os._exit = end
    real(*arguments)


writer["parent"].serve = serve


def own(path, data=None, **how):
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    if data is not None:
        with open(path, "wb") as file:
            file.write(data)
    for directory, names, files in os.walk(home):
        for name in (".", *names, *files):
            os.chown(os.path.join(directory, name), 20001, 20001, follow_symlinks=False)


def label(path):
    if path.endswith("broken"):
        raise KeyError(path)
    return "user_u:object_r:user_home_t:s0"


File, Variant, BLOCK = wire.File, wire.Variant, wire.BLOCK
files = (
    File(".rc", b"new\\n", BLOCK, alternatives=(".other/rc",), variants=(Variant("^set x", b"variant\\n", "variant\\n", "note"),), producer="p", secret=True),
    File("own", b"\\xff\\x00binary", variants=(Variant(r"\\d", b"digits", "digits"),), redacted="binary", producer="p", tag="one"),
    File(".config/deep/er", b"x" * 100_000, mode=0o640, redacted="x", producer="p"),
)
blocks, whole = dict.fromkeys((".rc", ".other/rc"), BLOCK), dict.fromkeys(("own", "own2", "broken", ".config/*/*"), wire.OWNED)
patterns = {"p": {**blocks, **whole}, "templates": None}
host_block = File("etc/program.cfg", b"x\\n", BLOCK, "//", producer="program")


def in_home(*wanted, diff=True, check=False):
    settings = writer["plan"].Settings("default", patterns, diff=diff, label=label, residue=((".keep/*/x", "^ours"),), check=check, deadline=5.0)
    identity = writer["identity"].Identity(20001, 20001)
    task = writer["open_place"].Task("x", home, identity, wanted, writer["state"].HOME, home)
    return writer["parent"].run_tasks([task], settings)[0]


def by_job(*wanted, remove=False):
    host = wire.HostFiles(() if remove else (host_block,), {"program": {"etc/program.cfg": BLOCK}}, (wire.Probe("program", root + "/*", "n", "x"),), (), remove)
    job = wire.Job("default", (wire.Place("anna", root + "/srv/anna", wanted, "/srv/x"), wire.Place("no such user")), patterns, host=host)
    return exchange.load_answer(writer["run"].run(exchange.dump_job(job), False, True, label)[1])


os.makedirs(root + "/root/var/lib")
own(home + "/.rc", b"set x\\n")
own(home + "/own", b"digits 1\\n")
own(home + "/.keep/a/x", b"ours\\n")
results = [in_home(*files, check=True), in_home(*files)]
assert results[1].problem is None and results[1].notes, results[1]
own(home + "/own", b"edited")
own(home + "/.config/deep/\\udcff".encode("utf-8", "surrogateescape").decode("utf-8", "replace"), b"")
results.append(in_home(*(file._replace(tag="two") for file in files)))
assert results[2].drifted
own(home + "/.local/state/mailops/default.json", b'{"version": 1, "entries": [\\xff')
results.append(in_home(*files))
os.mkfifo(home + "/own2")
results.append(in_home(*files, File("own2", b"", producer="p")))
results.append(in_home(File("broken", b"", producer="p")))
assert "internal error KeyError" in results[5].problem.message and results[4].problem, results[4:]
own(home + "/\\u202e".encode().decode(), b"")
os.symlink("\\u202e", home + "/.other")
results.append(in_home(*files))
os.unlink(home + "/.other")
results.append(in_home())
assert results[-1].residue and results[-1].problem is None, results[-1]
answers = [by_job(*files), by_job(*files), by_job(), by_job(remove=True)]
assert answers[0].missing == ("no such user",) and not any(result.problem for answer in answers for result in answer.results), answers
'''


def test_the_worker_imports_nothing(tmp_path: Path, collections_path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("the writer changes its ids, which needs root")
    tmp_path.chmod(0o755)
    report = tmp_path / "report"
    environment = {**os.environ, "PYTHONPATH": collections_path}
    argv = [sys.executable, "-c", RUN, str(tmp_path), str(report)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    lines = report.read_text().splitlines()
    assert len(lines) >= 12, json.dumps(lines)
    assert {line.strip() for line in lines} == {"0"}
