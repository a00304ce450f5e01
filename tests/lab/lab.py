# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real mail server and a real machine with users, in a sandbox: start it, run commands in it, stop it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sandbox import REPOSITORY, LabError, Sandbox


def main() -> int:
    arguments = _parser().parse_args()
    sandbox = Sandbox(arguments.directory)
    try:
        return arguments.action(sandbox, arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _start(sandbox: Sandbox, arguments: argparse.Namespace) -> int:
    started = sandbox.start(shared=arguments.share)
    print(f"The lab {'is running' if started else 'was running already'}: {sandbox.directory}")
    return 0


def _stop(sandbox: Sandbox, _arguments: argparse.Namespace) -> int:
    stopped = sandbox.stop()
    print(f"The lab {'is stopped' if stopped else 'was not running'}: {sandbox.directory}")
    return 0


def _status(sandbox: Sandbox, _arguments: argparse.Namespace) -> int:
    pid = sandbox.pid()
    print(f"The lab is running, process {pid}: {sandbox.directory}" if pid else f"not running: {sandbox.directory}")
    return 0 if pid else 1


def _exec(sandbox: Sandbox, arguments: argparse.Namespace) -> int:
    argv = sandbox.command(arguments.argv, user=arguments.user)
    os.execvp(argv[0], argv)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(action=action)
        added.add_argument("--directory", type=Path, default=REPOSITORY / "build" / "lab", metavar="DIR",
                           help="the lab's own directory, one for each lab (default: %(default)s)")
        return added

    start = command("start", _start, "start the lab; returns when all its ports answer")
    start.add_argument("--share", type=Path, action="append", default=[], metavar="PATH",
                       help="a directory below /tmp, /home or the like which the sandbox shall see and write to")
    command("stop", _stop, "end the lab and remove all that it made")
    command("status", _status, "say whether the lab runs (exit status 0) or not (1)")
    execute = command("exec", _exec, "run a command in the lab: exec [--user NAME] -- COMMAND...")
    execute.add_argument("--user", metavar="NAME", help="run it as this user, with a clean log-in environment")
    execute.add_argument("argv", nargs="+", metavar="COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main())
