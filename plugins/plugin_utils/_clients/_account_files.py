# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in a directory of ours: ``.config/mailops/CLIENT/KEY.KIND``, one of each kind for each account."""

from __future__ import annotations

import shlex
from typing import Callable, NamedTuple

from .._model.account import Account
from ._accounts import servers
from ._file import File, owned, owned_paths


class AccountFiles(NamedTuple):
    client: str

    def path(self, account: Account, kind: str) -> str:
        return self._path(account.key, kind)

    def patterns(self, *kinds: str) -> dict[str, str]:
        """The paths of all accounts, for ``Client.paths``."""
        return owned_paths(*(self._path("*", kind) for kind in kinds))

    def command_path(self, account: Account, side: str) -> str:
        """The path of the script for the password of one server."""
        return self.path(account, f"{side}.password-command")

    def password_path(self, account: Account, side: str) -> str:
        """The path of the file with the password for one server, and nothing else."""
        return self.path(account, f"{side}.password")

    def passwords(self, account: Account, *sides: str) -> list[File]:
        """The files with the passwords for these servers: a user's own file, which may be published, has none."""
        found = [(side, getattr(account, side).password) for side in sides]
        return [owned(self.password_path(account, side), password) for side, password in found if password is not None]

    def signature(self, account: Account) -> list[File]:
        """The signature, if it is text."""
        return [owned(self.path(account, "signature"), f"{account.text_signature}\n")] if account.text_signature else []

    def password_commands(self, account: Account, script: Callable[[str], str]) -> list[File]:
        """A shell script for each server whose password comes from a command; ``script`` makes it from the quoted command."""
        return [
            owned(self.command_path(account, side), script(shlex.join(server.password_command)))
            for side, server in servers(account)
            if server.password_command
        ]

    def _path(self, key: str, kind: str) -> str:
        return f".config/mailops/{self.client}/{key}.{kind}"


def captured_password(command: str) -> str:
    """Shell: the variable ``password`` gets the output of the command. Its failure is that of the script."""
    return f"password=$({command}) || exit\n"
