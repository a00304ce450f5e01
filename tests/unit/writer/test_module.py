# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's file, run as Ansible runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins import plugin_utils
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy import program as _program
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.program import arguments

FILE = Path(next(iter(plugin_utils.__path__))).parent / "modules" / "mail_account_apply.py"
PAYLOAD = {
    "instance": "default", "mode": 0o600, "owner": None, "group": None, "directory_mode": 0o700, "details": False, "deadline": 20,
    "patterns": {}, "listed": None, "earlier": [], "host": None, "check": True, "diff": False,
    "users": [{"name": "no such user", "dest": None, "accounts": 0, "files": []}],
}  # fmt: skip
STANDARD = ("base64", "ctypes", "json", "typing", "zlib", "resource")  # what comes late, too


def text(payload: Any = None) -> str:
    return FILE.read_text().replace("<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", json.dumps(arguments(payload or PAYLOAD)))


def run(where: Path, source: str, way: str) -> subprocess.CompletedProcess[str]:
    """``way``: from standard input, as with pipelining, or from a ``file`` beside what else lies there, which a ``link`` may lead to."""
    (where / "module").write_text(source)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    argv = [sys.executable]
    if way == "file":
        argv.append(str(where / "module"))
    elif way == "link":
        (where / "link").symlink_to(where)
        argv.append(str(where / "link" / "module"))
    elif way == "PYTHONPATH":
        environment[way] = "."
    return subprocess.run(argv, input=source, cwd=where, env=environment, capture_output=True, text=True, timeout=60, check=False)


ways = pytest.mark.parametrize("way", ["stdin", "file", "link", "PYTHONPATH"])


@ways
def test_it_says_what_it_found(tmp_path: Path, way: str) -> None:
    done = run(tmp_path, text(), way)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["missing_users"] == ["no such user"]


@ways
def test_what_lies_around_is_not_imported(tmp_path: Path, way: str) -> None:
    for name in (*STANDARD, "ansible_collections"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'trapped')!r}, 'w').close()\n")
    done = run(tmp_path, text(), way)
    assert not (tmp_path / "trapped").exists()
    assert json.loads(done.stdout)["changed"] is False


@ways
def test_a_mistake_is_told_without_what_was_sent(tmp_path: Path, way: str) -> None:
    broken = {**PAYLOAD, "users": [{"sesame": "sesame"}]}
    done = run(tmp_path, text(broken), way)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["failed"] and "internal error KeyError at _" in result["msg"] and ".py:" in result["msg"]
    assert "sesame" not in done.stdout + done.stderr


def test_what_lies_around_is_no_source_of_ours(tmp_path: Path) -> None:
    """Python shows the lines of a traceback, and looks for files of the names that the code has."""
    for path in (FILE.parents[1] / "module_utils").rglob("*.py"):
        os.mkfifo(tmp_path / path.name)
    os.mkfifo(tmp_path / "<stdin>")
    done = run(tmp_path, text({**PAYLOAD, "users": [{}]}), "stdin")
    assert "internal error" in json.loads(done.stdout)["msg"]
    done = run(tmp_path, text({"no": "payload"}), "stdin")
    assert done.returncode == 1


def test_a_python_without_all_its_modules_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, f"import sys\nsys.modules['mmap'] = None\n{text()}", "stdin")
    assert done.returncode == 1
    assert "has no module mmap: install the whole of it" in json.loads(done.stdout)["msg"]


def test_the_program_has_only_its_own_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FILE.parents[1] / "module_utils", tmp_path / "module_utils")
    (tmp_path / "module_utils/_writer/.#_host.py").symlink_to("nobody@nowhere.1")  # of Emacs
    (tmp_path / "module_utils/_writer/._host.py").write_bytes(b"\x00\x05\x16\x07\xff")  # of macOS
    ours = _program.program.__wrapped__()
    monkeypatch.setattr(_program, "_HERE", tmp_path / "module_utils")
    assert _program.program.__wrapped__() == ours


def test_an_old_python_is_told(tmp_path: Path) -> None:
    older = f"import sys\nsys.version_info = (3, 7, 9, 'final', 0)\n{text()}"
    done = run(tmp_path, older, "stdin")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert "needs Python 3.8 or newer on the host" in result["msg"] and "(Python 3.7): set ansible_python_interpreter" in result["msg"]


CONTEXTS = r"""
set -e
mount -t tmpfs none /etc/selinux
mkdir -p /etc/selinux/tiny/contexts/files
printf 'SELINUX=enforcing\nSELINUXTYPE=tiny\n' > /etc/selinux/config
printf '/.*\tsystem_u:object_r:default_t:s0\n/home/[^/]+/.+\tuser_u:object_r:user_home_t:s0\n/run/.*\t<<none>>\n' \
  > /etc/selinux/tiny/contexts/files/file_contexts
exec "$@"
"""
ASK = """
import ctypes, sys
from ansible_collections.mailops.profiles.plugins.module_utils._writer import _selinux
_selinux._MOUNT = "/"  # as if the kernel's files of SELinux were there; the library knows better
print(*map(_selinux.contexts(ctypes.CDLL("libselinux.so.1")), sys.argv[1:]), _selinux.policy(), sep="|")
"""


def test_contexts_are_those_of_the_policy() -> None:
    """The library and the policy's file of contexts are real; the kernel here enforces nothing, so nothing is to be labelled."""
    if os.geteuid() != 0 or not Path("/etc/selinux").is_dir():
        pytest.skip("needs root and libselinux")
    paths = ["/home/alice/.msmtprc", "/etc/msmtprc", "/run/none"]
    argv = ["unshare", "--mount", "sh", "-c", CONTEXTS, "sh", sys.executable, "-c", ASK, *paths]
    environment = {**os.environ, "PYTHONPATH": str(FILE.parents[5])}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.rstrip("\n") == "user_u:object_r:user_home_t:s0|system_u:object_r:default_t:s0||None", done.stderr
