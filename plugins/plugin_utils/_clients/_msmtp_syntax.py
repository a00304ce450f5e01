# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common syntax of msmtp and mpop. It has no escapes: the programs strip the quotes around an argument, and every other
character is literal.

The user's own ``defaults`` apply to every account below them, and a second ``defaults`` resets nothing. So an account of ours states every
directive. One that the installed version does not know makes the program reject the whole file; the newer ones are stated where the
user's own text has them, or others as new, which proves that they are known."""

from __future__ import annotations

import shlex
from typing import Iterator, NamedTuple, Sequence

from ...module_utils._wire import OUR_BLOCK
from .._model.account import Account
from ._account_files import AccountFiles
from ._accounts import default_account
from ._client import VariantNote
from ._file import IN_THIS_FILE, MARKED, MAY_HAVE_MORE, NEXT_FILE, OTHER_INSTANCES, File, Variant, block, own_default, variant
from ._line_limit import long_line_reason

# Both programs reject the whole file, the user's own accounts included, for one longer line.
_MAX_LINE = 499
# "account default". If it is given twice, the programs reject the whole file. The user may have put the name in quotes.
_NAMED_DEFAULT = r'^[ \t]*account[ \t]+"?default"?[ \t\r]*(?::|$)'
# What stands before the first "account" or "defaults", and so not below our accounts, is msmtp's account "default", too. And a command may print
# any line.
_BEFORE_ACCOUNTS = r"(?:[ \t\r]*(?:#(?!{ours})[^\n]*)?\n)*[ \t]*(?!(?:account|defaults)\s)[^\s#{control}]".format(
    ours=OUR_BLOCK, control=f"{MAY_HAVE_MORE}{OTHER_INSTANCES}{NEXT_FILE}"
)
_EVAL = r"^[ \t]*eval\b"
_HAS_DEFAULT = rf"{_NAMED_DEFAULT}|(?:\A|{NEXT_FILE}\n){_BEFORE_ACCOUNTS}|{_EVAL}|{MAY_HAVE_MORE}"
# In the file that has our accounts it must be the only one; one of the host's is a default only for users who had none.
_HAS_OWN_DEFAULT = rf"{IN_THIS_FILE}(?:{_NAMED_DEFAULT}|{_EVAL})|\A{_BEFORE_ACCOUNTS}"
_OPENS_OURS = "^account default : "

_METHODS = {"gssapi": "gssapi", "encrypted": "cram-md5", "ntlm": "ntlm", "oauth2": "xoauth2", "none": "off"}
AUTHENTICATIONS = ("password", "encrypted", "gssapi", "ntlm", "oauth2")


class Program(NamedTuple):
    """``newer``: directives that old versions do not know, the newest first: (pattern of what proves the version, lines that undo them).
    ``comment``: how people reach the accounts. ``reads``: files of the host with accounts, over which the user's own win."""

    name: str
    paths: tuple[str, ...]
    comment: str
    newer: tuple[tuple[str, tuple[str, ...]], ...]
    reads: tuple[str, ...] = ()


def notes(program: Program) -> dict[str, VariantNote]:
    path = f"~/{program.paths[0]}"
    return {
        "own-default": VariantNote(
            f"the default account of the user's own file stays the default one, because {program.name} rejects a file with two: "
            f"take it out of {path}, or use ours by its name"
        ),
        "same-name": VariantNote(
            f"the user has an account with the name of one of ours, and {program.name} rejects a file with two: rename it in {path}, or "
            "give the profile another key",
            skips=True,
        ),
    }


def quoted(text: str) -> str:
    return f'"{text}"'


def accounts_block(program: Program, accounts: Sequence[Account], lines: Sequence[Sequence[str]]) -> File:
    """The accounts with the lines of each, and which of them is the default, unless the user has a default."""
    variants = list(_variants(program, accounts, lines))
    path, *_others = program.paths
    # Where the default is marked, it wins over one of the host's. In the user's own file there is no place for another one.
    reads = () if _marked(accounts) else program.reads
    text = _text(program, accounts, lines, (), True)
    # The programs reject a file with a directive "password", even an empty one, that others can read.
    return block(path, text, alternatives=program.paths, variants=variants, reads=reads, mode=0o600)


def _variants(program: Program, accounts: Sequence[Account], lines: Sequence[Sequence[str]]) -> Iterator[Variant]:
    names = "|".join(account.key for account in accounts)
    yield variant(rf'^[ \t]*account[ \t]+"?(?:{names})"?[ \t\r]*(?::|$)', None, "same-name")
    signs = [(_HAS_DEFAULT, "own-default", "")]
    if not _marked(accounts):
        # Without a note: with two defaults in the user's own file the program does not even work until the next run.
        signs = list(own_default(_HAS_OWN_DEFAULT, {_HAS_DEFAULT: ""}, _OPENS_OURS, is_noted=False)) if program.reads else [(_HAS_DEFAULT, "", "")]
    known = [(pattern, [line for _pattern, undone in program.newer[at:] for line in undone]) for at, (pattern, _undone) in enumerate(program.newer)]
    for proof, more in known:
        newer = rf"^[ \t]*(?:{proof})\b"
        for pattern, note, ours in signs:
            both = rf"\A(?=[\s\S]*?(?:{newer}))(?=[\s\S]*?(?:{pattern}))"
            yield variant(both, _text(program, accounts, lines, more, False), note, ours)
        yield variant(newer, _text(program, accounts, lines, more, True))
    yield from (variant(pattern, _text(program, accounts, lines, (), False), note, ours) for pattern, note, ours in signs)


def _marked(accounts: Sequence[Account]) -> bool:
    return any(account.default for account in accounts)


def _text(program: Program, accounts: Sequence[Account], lines: Sequence[Sequence[str]], more: Sequence[str], with_default: bool) -> str:
    # A blank line between accounts, none at the end.
    sections = [[*each, *more] for each in lines]
    if with_default:
        default = default_account(accounts)
        # In full for a newer version, because 1.8.23 of msmtp does not take over all of them.
        again = sections[list(accounts).index(default)][1:] if more else []
        mark = [MARKED.strip()] if _marked(accounts) and program.reads else []
        sections.append([*mark, f"account default : {default.key}", *again])
    return f"# {program.comment}\n" + "\n".join("".join(f"{line}\n" for line in section) for section in sections)


def connection(files: AccountFiles, account: Account, side: str, cleartext_method: str, timeout: str) -> list[str]:
    """The directives that both programs know."""
    server = getattr(account, side)
    # "on" chooses from what the server offers, but without TLS never a method that reveals the password.
    password_method = cleartext_method if server.security == "none" else "on"
    command = shlex.join(server.password_command) if server.password_command else None
    if server.password is not None:
        # The programs want a newline at the end: without one they fail for some lengths.
        command = f"cat ~/{files.password_path(account, side)} && echo"
    return [
        f"account {account.key}",
        f"host {server.host}",
        f"port {server.port}",
        f"timeout {timeout}",
        "proxy_host",
        "proxy_port",
        "source_ip",
        f"auth {_METHODS.get(server.authentication, password_method)}",
        "user" if server.authentication == "none" else f"user {quoted(server.username)}",
        "password",
        f"passwordeval {quoted(command)}" if command else "passwordeval",
        "ntlmdomain",
        f"tls {'off' if server.security == 'none' else 'on'}",
        f"tls_starttls {'on' if server.security == 'starttls' else 'off'}",
        f"tls_trust_file {quoted(account.ca_file)}" if account.ca_file else "tls_trust_file system",
        "tls_crl_file",
        # A fingerprint would override the trust file.
        "tls_fingerprint",
        "tls_key_file",
        "tls_cert_file",
        "tls_certcheck on",
        "tls_min_dh_prime_bits",
        "tls_priorities",
    ]


def too_long(program: str, lines: Sequence[str]) -> str | None:
    return long_line_reason(program, _MAX_LINE, lines)
