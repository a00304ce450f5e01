# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GNOME's mail programs need in the lab: a D-Bus session, a network, and a CA that the system trusts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness import Lab


@contextmanager
def dbus_session(lab: Lab, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A program in a session of this user's; it is to end when its standard input does."""
    # Otherwise nothing seems to be reachable without a default route, and no connection is tried.
    env = {"GIO_USE_NETWORK_MONITOR": "base", **(env or {})}
    argv = lab.sandbox.command(["dbus-run-session", "--", *argv], name, env)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            yield process
            process.stdin.close()
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                # All processes of this user: what a session has started outlives it.
                lab.run(["sh", "-c", "kill -KILL -1"], user=name)


@contextmanager
def system_ca(lab: Lab) -> Iterator[None]:
    """The lab's CA is one of the system's: these programs have no setting for another one."""
    bundle = lab.path("/etc/ssl/certs/ca-certificates.crt")
    before = bundle.read_bytes()
    bundle.write_bytes(before + lab.path(lab.ca_file).read_bytes())
    try:
        yield
    finally:
        bundle.write_bytes(before)
