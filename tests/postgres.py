# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A throw-away PostgreSQL server on a loopback port of its own, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

SUPERUSER = "postgres"
_ORDINARY = "nobody"  # what root runs the server as: PostgreSQL refuses to be root
_SECONDS_TO_START = 60


def find_postgres() -> Path | None:
    """The directory of PostgreSQL's server programs, of the newest that is installed: Debian keeps them off the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = debian[-1] if debian else Path(on_path) if on_path else None
    return found.resolve().parent if found else None


class Postgres:
    """One cluster. ``password`` is every role's; whoever connects gets it from ``passfile``, as an administrator's runs do.

    With ``primary`` it is a hot standby of that one, which runs.
    """

    def __init__(self, fsync: bool = False, primary: Postgres | None = None, **settings: str) -> None:
        programs = find_postgres()
        if programs is None:
            raise FileNotFoundError("initdb is neither below /usr/lib/postgresql nor on the PATH; install postgresql")
        self._programs = programs
        self._server: subprocess.Popen | None = None
        self.settings = {"fsync": "on" if fsync else "off", **settings}
        self.directory = Path(tempfile.mkdtemp(prefix="mailops-postgres-"))
        self.directory.chmod(0o755)
        self.data, self.log, self.passfile = (self.directory / name for name in ("data", "log", "passfile"))
        self.password = primary.password if primary else secrets.token_hex(8)
        self.port = _free_port()
        try:
            self._make_files()
            self._copy_cluster(primary) if primary else self._make_cluster()
        except BaseException:
            shutil.rmtree(self.directory)
            raise

    def _make_files(self) -> None:
        self.data.mkdir(mode=0o700)
        self.log.touch()
        self.passfile.touch(0o600)
        self.passfile.write_text(f"*:*:*:*:{self.password}\n")
        self.give(self.data)

    def _make_cluster(self) -> None:
        first = self.directory / "first-password"
        first.write_text(self.password)
        self.give(first)
        self.run(
            "initdb", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256",
            f"--username={SUPERUSER}", f"--pwfile={first}", f"--pgdata={self.data}",
        )  # fmt: skip
        first.unlink()

    def _copy_cluster(self, primary: Postgres) -> None:
        self.run(
            "pg_basebackup", "--no-sync", "--checkpoint=fast", "--write-recovery-conf", f"--pgdata={self.data}",
            f"--dbname=host=127.0.0.1 port={primary.port} user={SUPERUSER} password={self.password}",
        )  # fmt: skip

    def give(self, path: Path) -> None:
        """Make a file the server's own."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_ORDINARY)
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's own programs, as the server's account."""
        subprocess.run([self._programs / program, *arguments], check=True, capture_output=True, timeout=120, cwd="/", **_account())

    def start(self, **settings: str) -> Postgres:
        """Start it, with these settings from now on, and wait until it lets clients in. It does not outlive the thread that calls this."""
        self.settings.update(settings)
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self.settings}
        arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig=QUIT", self._programs / "postgres", "-D", self.data, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **_account(),
            )  # fmt: skip
        self._wait()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                return self.connect().close()
            except psycopg.OperationalError:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server does not start: {self.log.read_text()[-2000:]}") from None
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT sends the clients away, SIGKILL is a crash."""
        if not self._server:
            return
        pid = self._server.pid
        children = [Path("/proc", child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        self._server.send_signal(how)
        self._server.wait(60)
        self._server = None
        deadline = time.monotonic() + 10
        while any(child.exists() for child in children) and time.monotonic() < deadline:
            time.sleep(0.01)  # after a SIGKILL they end by themselves; until then no server starts on their files

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory)

    def __enter__(self) -> Postgres:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.remove()

    def url(self, user: str = SUPERUSER, database: str = "postgres", **parameters: str) -> str:
        """A value for ``store``; PGPASSFILE in the environment is to be ``passfile``."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}" + (f"?{query}" if query else "")

    def connect(self, **parameters: Any) -> psycopg.Connection:
        """A superuser's connection, in which each statement is a transaction."""
        return psycopg.connect(self.url(), password=self.password, autocommit=True, **parameters)

    def sql(self, *statements: str, **parameters: Any) -> None:
        """Run them as the superuser; ``dbname`` is among the parameters."""
        with self.connect(**parameters) as connection:
            for statement in statements:
                connection.execute(statement)


def _account() -> dict[str, Any]:
    """What makes ``subprocess`` start a program as somebody whom PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(_ORDINARY)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
