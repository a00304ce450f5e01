# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of all settings that an installed program knows: by its own dump where it has one, else from what it is judged by: its
parser, its source where that is a script, its manual."""

from __future__ import annotations

import gzip
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Callable, Iterable

from ...releases import Room

_PYTHON = "/usr/lib/python3/dist-packages"


def names(program: str, room: Room) -> set[str]:
    """In lower case where the program does not care."""
    return set(_SOURCES[program](room))


PROGRAMS = ("aerc", "alpine", "fetchmail", "getmail", "git", "mbsync", "mpop", "msmtp", "mutt", "neomutt", "offlineimap", "s-nail")


def _run(room: Room, *argv: str) -> str:
    """Standard output and errors, started by nobody who has settings."""
    environment = {"HOME": "/", "PATH": "/usr/bin:/bin:/usr/games", "LANG": "C.UTF-8", "TERM": "xterm"}
    done = subprocess.run(room.command(["env", "--chdir=/", *argv]), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=60)  # fmt: skip
    return done.stdout.decode(errors="replace")


def _file(room: Room, path: str) -> Path:
    return (room.release.root or Path("/")) / path.lstrip("/")


def _manual(room: Room, page: str) -> str:
    return gzip.decompress(_file(room, f"/usr/share/man/man{page[-1]}/{page}.gz").read_bytes()).decode(errors="replace")


def _words_of_program(room: Room, program: str, page: str) -> list[str]:
    """What may be a keyword: what ends a text in the program (a text that is the end of another one is not stored twice)."""
    binary = _file(room, f"/usr/bin/{program}").read_bytes()
    words = {*re.findall(rb"[A-Za-z_][A-Za-z0-9_]+", binary), *re.findall(rb"[A-Za-z_][A-Za-z0-9_]+", _manual(room, page).encode())}
    return sorted(word.decode() for word in words if word + b"\0" in binary)


# A file for each word, named after it; of each the first line of what the program says.
_EACH = 'for file in *; do printf "%s:" "$file"; "$@" -C "$file" -P x 2>&1 </dev/null | head -n 1; echo; done'


def _msmtp_kin(program: str, begin: str = "") -> Callable[[Room], set[str]]:
    def source(room: Room) -> set[str]:
        words = [word for word in _words_of_program(room, program, f"{program}.1") if re.fullmatch("[a-z0-9_]+", word)]
        with tempfile.TemporaryDirectory() as directory:
            for word in words:
                # It stops at the first word that it does not know.
                file = Path(directory, word)
                file.write_text(f"{begin}{word}\n")
                file.chmod(0o600)
            said = _run(room, "env", f"--chdir={directory}", "sh", "-c", _EACH, "sh", program)
        return set(words) - set(re.findall(r"^(\w+):.*unknown command", said, re.MULTILINE))

    return source


_SECTIONS = {"": "", **{name: f"{name} x" for name in ("IMAPAccount", "IMAPStore", "MaildirStore", "Channel", "Group")}}


def _mbsync(room: Room) -> set[str]:
    words = _words_of_program(room, "mbsync", "mbsync.1")
    found = set()
    for section, begin in _SECTIONS.items():
        with tempfile.NamedTemporaryFile("w") as file:
            # An empty line ends a section, and outside of one whatever follows an unknown word.
            file.write("\n".join([begin, *(f"{word} x" if section else f"{word} x\n" for word in words)]))
            file.flush()
            said = _run(room, "mbsync", "-c", file.name, "nothing")
        rejected = set(re.findall(r"'(\w+)' is not (?:a )?recognized", said))
        found |= {f"{section}.{word.lower()}".lstrip(".") for word in words if word not in rejected}
    # A store can have its account's settings in it.
    return {name for name in found if name.replace("IMAPStore.", "IMAPAccount.") not in found or not name.startswith("IMAPStore.")}


def _mutt(program: str) -> Callable[[Room], set[str]]:
    return lambda room: set(re.findall(r"^(?:set )?(\w+)(?: ?=| is )", _run(room, program, "-n", "-F", "/dev/null", "-D"), re.MULTILINE))


def _s_nail(room: Room) -> set[str]:
    text = _manual(room, "s-nail.1")
    variables = text[text.index(".Ss \"Variables\"") if ".Ss \"Variables\"" in text else text.index("INTERNAL VARIABLES") :]
    items = re.findall(r"^\.It Va (.*)$", variables.replace("\\\n", ""), re.MULTILINE)
    found = {name for item in items for name in re.findall(r"(?<![\w@-])[a-z][\w-]*", item)}
    # One for each server, or for each type, is the same setting.
    return {re.sub("-(?:USER|HOST|ACCOUNT|FOLDER|EXTENSION|TYPE)$", "", name) for name in found}


def _fetchmail(room: Room) -> set[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".fetchmailrc") as file:
        file.write("poll a protocol imap user b password c\n")
        file.flush()
        dump = _run(room, "fetchmail", "--configdump", "-f", file.name)
    return set(re.findall(r"^\s*['\"](\w+)['\"]:", dump, re.MULTILINE)) - {"servers", "users"}


def _offlineimap(room: Room) -> set[str]:
    package = _file(room, "/usr/share/offlineimap3")
    sources = [path for top in (package, _file(room, f"{_PYTHON}/offlineimap")) for path in top.rglob("*.py")]
    text = "\n".join(path.read_text(errors="replace") for path in sources)
    read = re.findall(r"(?:getconf|getconfint|getconfboolean|getconffloat|getconflist|getdefault\w*|config\.get\w*|config\.has_option)"
                      r"\(\s*(?:[\w.]+,\s*|['\"][\w ]+['\"],\s*)?['\"](\w+)['\"]", text)  # fmt: skip
    example = _file(room, "/usr/share/doc/offlineimap3/examples/offlineimap.conf").read_text()
    return {name for name in (*read, *re.findall(r"^#?(\w+) *= ", example, re.MULTILINE)) if name.islower()}


def _getmail(room: Room) -> set[str]:
    text = "\n".join(path.read_text(errors="replace") for path in _file(room, f"{_PYTHON}/getmailcore").glob("*.py"))
    program = _file(room, "/usr/bin/getmail").read_text()
    defaults = program[program.index("defaults = {") :].partition("}")[0]
    return {*re.findall(r"Conf\w+\(\s*name=['\"](\w+)['\"]", text), *re.findall(r"^\s*'(\w+)'\s*:", defaults, re.MULTILINE)}


def _aerc(room: Room) -> set[str]:
    pages = ("aerc-accounts.5", "aerc-imap.5", "aerc-smtp.5", "aerc-config.5")
    found = set()
    for page in pages:
        text = re.sub(r"\\f[BIR]|\\", "", _manual(room, page))
        found |= set(re.findall(r"^([a-z][a-z0-9-]+) *= *", text, re.MULTILINE))
    return found


def _alpine(room: Room) -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*)=", _run(room, "alpine", "-conf"), re.MULTILINE))


def _git(room: Room) -> set[str]:
    known = re.findall(r"^((?:sendemail|credential|user|author|committer)\.\S+)$", _run(room, "git", "help", "--config"), re.MULTILINE)
    script = _file(room, "/usr/lib/git-core/git-send-email").read_text()
    tables = "".join(re.findall(r"my %config_\w+ = \((.*?)\n\);", script, re.DOTALL))
    return {name.lower() for name in (*known, *(f"sendemail.{name}" for name in re.findall(r'^\s*"(\w+)"', tables, re.MULTILINE)))}


_SOURCES: dict[str, Callable[[Room], Iterable[str]]] = {
    "aerc": _aerc, "alpine": _alpine, "fetchmail": _fetchmail, "getmail": _getmail, "git": _git, "mbsync": _mbsync,
    "mpop": _msmtp_kin("mpop", "defaults\n"), "msmtp": _msmtp_kin("msmtp"), "mutt": _mutt("mutt"), "neomutt": _mutt("neomutt"),
    "offlineimap": _offlineimap, "s-nail": _s_nail,
}  # fmt: skip
