# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox seen from outside: find it, start it, enter it, end it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")


class LabError(Exception):
    """What went wrong, in a sentence for the person who ran the lab."""


class Sandbox:
    """A lab in its directory, whether it runs or not."""

    # The program of the first process. It gets the lab's directory and the shared paths, and says "ready".
    program = HERE / "machine.py"

    def __init__(self, directory: os.PathLike | str):
        self.directory = Path(directory).resolve()
        self.state_file = self.directory / "state.json"
        self.log_file = self.directory / "lab.log"
        self.mount_point = self.directory / "root"
        # In the sandbox, the root whose programs its users have.
        self.users_root = "/"
        self._process: subprocess.Popen | None = None

    def pid(self) -> int | None:
        """The sandbox's first process, or None when the lab does not run."""
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            state = json.loads(self.state_file.read_text())
            # A state file outlives its lab when the machine stops, and another process may have the number by now.
            if process_identity(state["pid"]) == state:
                return state["pid"]
        return None

    def start(self, shared: Sequence[os.PathLike | str] = (), die_with_caller: bool = False) -> bool:
        """Start the lab and wait until it serves; False if it did already.

        shared: directories that the sandbox shall see although they lie below one which is private to it.
        die_with_caller: the kernel ends the lab when the calling process dies, however that happens.
        """
        self.check()
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.pid():
                return False
            self.mount_point.mkdir(exist_ok=True)
            try:
                self._spawn(shared, die_with_caller)
            except BaseException:
                self._kill()
                self._remove_files()
                raise
        return True

    def check(self) -> None:
        """LabError where this machine cannot run it."""
        if missing := missing_packages():
            raise LabError(f"these packages are missing: {' '.join(missing)} (install them with apt-get)")
        if reason := why_impossible():
            raise LabError(reason)

    def stop(self) -> bool:
        """End the lab and remove its files; False if it did not run."""
        if not self.directory.is_dir():
            return False
        with self._locked():
            was_running = self._kill()
            self._remove_files()
        return was_running

    def command(self, argv: Sequence[str], user: str | None = None, env: Mapping[str, str] | None = None) -> list[str]:
        """The command line that runs argv in the sandbox: as root with the caller's environment, or as a user who has
        just logged in. Whoever kills it kills the command too."""
        variables = [f"{name}={value}" for name, value in (env or {}).items()]
        if user is None:
            return [*self.enter(), "env", *variables, *argv]
        account = self.account(user)
        login = [f"HOME={account.pw_dir}", f"USER={user}", f"LOGNAME={user}", f"SHELL={account.pw_shell}",
                 "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games", "LANG=C.UTF-8", "TERM=xterm"]
        return [*self.enter(self.users_root), f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups",
                "env", "-i", f"--chdir={account.pw_dir}", *login, *variables, *argv]

    def enter(self, root: str = "/") -> list[str]:
        """What the command line begins with."""
        change = [] if root == "/" else ["chroot", root]
        # The death signal reaches the command when nsenter, which waits for it outside the sandbox, is killed.
        return ["nsenter", f"--target={self._running_pid()}", *NAMESPACES, *change, "setpriv", "--pdeathsig=KILL"]

    def path(self, inside: os.PathLike | str) -> Path:
        """Where a file of the sandbox is seen from outside. (An absolute symbolic link in there leads outside.)"""
        return Path(f"/proc/{self._running_pid()}/root", str(inside).lstrip("/"))

    def account(self, user: str) -> pwd.struct_passwd:
        for line in self.path("/etc/passwd").read_text().splitlines():
            name, password, uid, gid, gecos, home, shell = line.split(":")
            if name == user:
                return pwd.struct_passwd((name, password, int(uid), int(gid), gecos, home, shell))
        raise LabError(f"there is no user {user} in the lab")

    def _running_pid(self) -> int:
        if pid := self.pid():
            return pid
        raise LabError(f"no lab is running in {self.directory}")

    def _spawn(self, shared: Sequence[os.PathLike | str], die_with_caller: bool) -> None:
        keep = [REPOSITORY, self.directory, Path(sys.prefix), Path(sys.base_prefix), *map(Path, shared)]
        argv = ["unshare", *NAMESPACES, "--fork", "--kill-child", "--propagation=private",
                sys.executable, "-B", str(self.program), str(self.directory),
                *map(str, dict.fromkeys(path.absolute() for path in keep))]
        if die_with_caller:
            argv = ["setpriv", "--pdeathsig=KILL", *argv]
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                             cwd="/", start_new_session=True)
        with self._process.stdout as answer:
            if answer.readline() != b"ready\n":
                log = self.log_file.read_text(errors="replace")
                raise LabError("the lab did not start:\n" + "\n".join(log.splitlines()[-40:]))

    def _kill(self) -> bool:
        """Kill the first process. All others, the mounts and the network go with it: the kernel sees to that."""
        if pid := self.pid():
            handle = os.pidfd_open(pid)
            # Asked again with the handle in hand: now the number cannot pass to another process any more.
            if self.pid() == pid:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                # Readable once the process is dead, and the first process of a namespace is the last one to die.
                select.select([handle], [], [])
            os.close(handle)
        if self._process:
            # unshare waits for the first process. It is our child, unless another process started the lab.
            self._process.kill()
            self._process.wait()
            self._process = None
        return pid is not None

    def _remove_files(self) -> None:
        self.state_file.unlink(missing_ok=True)
        self.log_file.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.mount_point.rmdir()
        with contextlib.suppress(OSError):  # It may hold files that are not the lab's.
            self.directory.rmdir()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Two that start or stop the same lab at the same time go one after the other."""
        handle = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def process_identity(pid: int | str) -> dict | None:
    """What no two processes have in common: number, start time, and the boot that the time counts from."""
    try:
        # The command name, in parentheses, may contain spaces and parentheses; the start time is field 22.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] == "Z":
        return None
    return {"pid": int(pid), "start_time": int(fields[19]), "boot": boot}


def missing_packages() -> list[str]:
    """The Debian packages that the lab needs and this machine does not have."""
    needed = [name for file in ("client-packages", "packages") for name in (HERE / file).read_text().split()]
    if not shutil.which("dpkg-query"):
        return needed
    query = subprocess.run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *needed],
                           capture_output=True, text=True, check=False)
    installed = {line.split()[0] for line in query.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in needed if name not in installed]


def why_impossible() -> str | None:
    """Why this machine cannot run a lab at all, or None."""
    if not sys.platform.startswith("linux"):
        return "a sandbox needs Linux"
    if os.geteuid() != 0:
        return "a sandbox needs root"
    if subprocess.run(["unshare", *NAMESPACES, "--fork", "true"], capture_output=True, check=False).returncode:
        return "a sandbox needs namespaces, which this machine does not allow (in a container: run it privileged)"
    return None
