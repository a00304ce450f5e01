# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of Mutt and NeoMutt, as the programs print them."""

from __future__ import annotations

import re

from .programs import Home

_DUMPED = {
    "mutt": re.compile(r'^(\w+)(?:="((?:[^"\\]|\\.)*)"|=(\S+)| is ((?:un)?set))$', re.MULTILINE),
    "neomutt": re.compile(r'^set (\w+) = (?:"((?:[^"\\]|\\.)*)"|(yes|no|\S+)())$', re.MULTILINE),
}
SPELLED = {"real_name": "realname", "spool_file": "spoolfile", "attribution_intro": "attribution", "reverse_real_name": "reverse_realname"}


def dump(home: Home, program: str, *arguments: str, before: tuple[str, ...] = ()) -> str:
    """Of the program, started without any other argument than these, and by the command ``before``."""
    result = home.run(*before, program, *arguments, "-D")
    # NeoMutt of 2025 ends with 1 after a dump; what it cannot read is an error before it.
    assert result.stdout and result.returncode in ((0, 1) if program == "neomutt" else (0,)), result
    assert result.stderr == "", result.stderr
    return result.stdout


def dumped(home: Home, program: str, *arguments: str) -> dict[str, str]:
    values = {}
    for name, text, bare, switch in _DUMPED[program].findall(dump(home, program, *arguments)):
        value = re.sub(r"\\(.)", r"\1", text) or bare or {"set": "yes", "unset": "no"}.get(switch, "")
        values[SPELLED.get(name, name)] = value
    return {name: value for name, value in values.items() if not name.startswith("my_")}
