# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""NeoMutt and Mutt: a file of ours for each account, and lines in the user's own muttrc that source it.

The configuration of both programs is a small language: backticks and ``$NAME`` work in double quotes and outside of quotes, hooks
and macros are parsed again when they run, format strings may end in a pipe, and a path is percent-decoded at every use. So every
value is ASCII in double quotes, where all but letters, digits and a few signs is escaped octet by octet, and no value of a profile or
a user is in a hook, a macro or a format string: a macro only sources a fixed path.
"""

from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from ...module_utils._wire import Remark
from .._model.account import Account
from .._model.profile import fields_below
from ._accounts import default_account, html_signature
from ._client import Client, Context, VariantNote
from ._file import MARKED, NO_LONGER_DEFAULT, File, block, block_paths, own_default, owned, variant
from ._mutt_account import FILES, settings, unconverted, unsupported_reason
from ._mutt_general import (
    ENDS_BEFORE_OURS,
    INCLUDES,
    MAY_HAVE_DEFAULT,
    NOT_BELOW_OURS,
    OWN_ACCOUNT,
    PART_OF_ACCOUNT,
    RESET,
    SYSTEM,
    SYSTEM_MUTT,
    SYSTEM_NEOMUTT,
    UNDO_KINDS,
    WHOLE_ACCOUNT,
    undo_files,
)  # fmt: skip

# Where the programs look, in their order: Mutt 2.2.12 (Debian 12) and 2.2.13 (Debian 13), NeoMutt 20220429 (Debian 12) and 20250510
# (Debian 13), seen with strace. Mutt reads a name with its version in it (muttrc-2.2.12) before each of these, which is not listed.
_MUTT = (".muttrc", ".mutt/muttrc", ".config/mutt/muttrc")
_NEOMUTT = (
    ".config/neomutt/neomuttrc", ".config/neomutt/muttrc", ".config/mutt/neomuttrc", ".config/mutt/muttrc",
    ".neomutt/neomuttrc", ".neomutt/muttrc", ".mutt/neomuttrc", ".mutt/muttrc", ".neomuttrc", ".muttrc",
)  # fmt: skip
_USERS = tuple(dict.fromkeys((*_MUTT, *_NEOMUTT)))
_MAX_MACROS = 9
_PERHAPS = "may-have-own-account"
_OPENS_OURS = r"""^source (?:~/\.config/mailops/neomutt/[^/\n]*\.muttrc$|'\[ "\$MAILOPS_OWN_ACCOUNT" \])"""


def _render(accounts: Sequence[Account], context: Context) -> list[File]:
    lines = {account.key: settings(account) for account in accounts}
    # What is the user's taste, unless an account has a value for it.
    others = [name for name in dict.fromkeys(name for each in lines.values() for name in each) if name not in (*RESET, "Reply-To")]
    # What all accounts share is called after the default one, because another instance has files of its own.
    undo, way_back = (FILES.path(default_account(accounts), kind) for kind in ("undo", "own-account"))
    files = undo_files(undo)
    for account in accounts:
        own = lines[account.key]
        files += _files(account, [_source(undo), *(f"reset {name}\n" for name in others if name not in own), *own.values()])
    # If the user has neither file, these two are the same, and the writer writes one block.
    blocks = (_block(accounts, way_back, paths) for paths in (_MUTT, _NEOMUTT))
    return [*files, *_way_back(way_back, undo, others), *blocks]


def _source(path: str) -> str:
    return f"source $HOME/{path}\n"


def _files(account: Account, lines: Iterable[str]) -> list[File]:
    return [
        owned(FILES.path(account, "muttrc"), unconverted(f"source $HOME/{FILES.path(account, 'settings')}")),
        owned(FILES.path(account, "settings"), "".join(lines)),
        *FILES.signature(account),
        *FILES.password_commands(account, lambda command: f"{command}\n"),
    ]


def _block(accounts: Sequence[Account], way_back: str, places: Sequence[str]) -> File:
    """Where the user has an own default, it stays, unless the administrator has said which account is the default one."""
    default = default_account(accounts)
    start = f"source ~/{FILES.path(default, 'muttrc')}\n"
    shared = accounts[:_MAX_MACROS]
    macros = "".join(_macro(number, FILES.path(account, "muttrc")) for number, account in enumerate(shared, start=1))
    keys = (
        f"# Alt-0 opens your own account, {', '.join(f'Alt-{number} {each.key}' for number, each in enumerate(shared, start=1))}.\n"
    )
    with_own = f"{keys}{macros}{_macro(0, f'{way_back}.muttrc')}"
    # The way back reads this line again, with the variable.
    start_beside_own = f"""source '[ "$MAILOPS_OWN_ACCOUNT" ] || echo "{start.strip()}"|'\n"""
    theirs = f"{with_own}{MARKED}{start_beside_own}" if default.default else with_own
    signs = own_default(WHOLE_ACCOUNT, {PART_OF_ACCOUNT: "", MAY_HAVE_DEFAULT: _PERHAPS}, _OPENS_OURS, not default.default)
    variants = [variant(pattern, theirs, note, ours) for pattern, note, ours in signs]
    variants.append(variant(f"{OWN_ACCOUNT}|{PART_OF_ACCOUNT}|{MAY_HAVE_DEFAULT}", with_own + start_beside_own))
    text = (macros if len(accounts) > 1 else "") + start
    return block(".muttrc", text, alternatives=places, variants=variants, reads=SYSTEM, includes=INCLUDES)._replace(
        last=NOT_BELOW_OURS, remarks=(Remark(ENDS_BEFORE_OURS, "ends-before"), *_own_keys(len(shared)))
    )


def _own_keys(last_key: int) -> Iterator[Remark]:
    """Macros or bindings of the user's for the keys of ours. The key for the user's own account is not always there."""
    for keys, ours in ((f"[1-{last_key}]", "1"), ("0", "0")):
        key = rf"[\"']?(?:\\[eE]|\\033|<[Ee][Ss][Cc]>){keys}[\"']?"
        yield Remark(rf"^[ \t]*(?:macro|bind)[ \t]+(?:\w+,)*(?:index|pager)(?:,\w+)*[ \t]+{key}[ \t]", "own-keys", ours=rf"^macro index,pager \\e{ours}")


def _macro(number: int, path: str) -> str:
    """The open mailbox is left with its own settings, not those of the next account, and without a question: it would take the keys that
    follow for its answer."""
    leave = "<enter-command>set my_mailops_delete=$delete my_mailops_move=$move delete=yes move=no<enter><change-folder>/dev/null<enter>"
    enter = f"<enter-command>set delete=$my_mailops_delete move=$my_mailops_move; source ~/{path}<enter><change-folder>!<enter>"
    return f"macro index,pager \\e{number} '{leave}{enter}'\n"


def _way_back(path: str, undo: str, others: Iterable[str]) -> list[File]:
    """A file that undoes ours, and reads what the program has read at its start."""
    undone = "; ".join([_source(undo).strip(), *(f"reset {name}" for name in others)])
    read = f"""source "sh '$HOME/{path}' $forward_references|\""""
    lines = f"reset config_charset; {undone}; setenv MAILOPS_OWN_ACCOUNT yes; {read}; unsetenv MAILOPS_OWN_ACCOUNT\n"
    script = f"""\
# Only NeoMutt gives an argument.
if [ "$1" ]; then
  system="{" ".join(SYSTEM_NEOMUTT)}"
  own="{" ".join(_NEOMUTT)}"
else
  system="{" ".join(SYSTEM_MUTT)}"
  own="{" ".join(_MUTT)}"
fi
for file in $system; do
  [ -e "$file" ] && echo "source $file" && break
done
for file in $own; do
  [ -e ~/"$file" ] && echo "source \\$HOME/$file" && break
done
"""
    return [owned(f"{path}.muttrc", lines), owned(path, script)]


CLIENT = Client(
    name="neomutt",
    title="NeoMutt and Mutt",
    account_types=("imap", "pop"),
    expresses=(
        "email", "sender_name", "reply_to", "account_type", "default", "signature", "signature_format", "leave_on_server",
        "check_interval", "ca_file", "folders.sent", "folders.drafts", "folders.trash",
        *fields_below("incoming", "outgoing"),
    ),
    paths={
        **FILES.patterns("muttrc", "settings", "signature", "incoming.password-command", "outgoing.password-command", *UNDO_KINDS, "own-account"),
        **block_paths(*_USERS),
    },
    render=_render,
    authentications=("password", "gssapi", "oauth2", "none"),
    unsupported_reason=unsupported_reason,
    unsupported_fields=html_signature,
    variant_notes={
        NO_LONGER_DEFAULT: VariantNote(
            "there is an own account (`spoolfile`, `smtp_url`, ...) now in the user's muttrc, or in a file that it or /etc adds, which opens from now on "
            "instead of ours; the first of ours is at Alt-1. Mark an account as the default one to open it first"
        ),
        "ends-before": VariantNote(
            "NeoMutt does not read our lines in the user's file, because they are below a line `finish`, with which it ends: move `finish` below our lines"
        ),
        "own-keys": VariantNote(
            "the user has a macro or a binding of their own for a key with which our accounts are opened (Alt-1, Alt-2, ... or Alt-0), and ours wins: "
            "give the user's own another key"
        ),
        _PERHAPS: VariantNote(
            "the user's muttrc reads something that only the program can find out (a command, a variable), and may have an own account, "
            "which stays the default; the first account is at Alt-1. Mark an account as the default one to open it first"
        ),
    },
    notes=(
        "Each account is a file of its own, which a line in the user's muttrc reads. The user's own lines stay. If they open a mailbox, "
        "send, or say who sends (`spoolfile`, `smtp_url`, `sendmail`, `from`, `mailboxes`, ...), also in a file that they include or in "
        "one of `/etc`, the user's account stays the default, unless the profile says `default: true` or `default_profile` names it. In a home where "
        "ours has become the default, it stays that until the user adds a whole account (`spoolfile`, `smtp_url`, `pop_host`); a warning says so. "
        "Alt-1, Alt-2 and so on open the accounts, and Alt-0 the user's own again, as at the start of the program. An account undoes "
        "what decides about servers, log-in names, passwords, senders, recipients, folders and deletion, all headers of `my_hdr`, the "
        "list of mailboxes, and all hooks but those for character sets, compressed folders and keys. All other settings are the user's "
        "taste and stay. Not possible: `ssl_ca_certificates_file` has no value that is right on all systems, and stays; a mailbox on "
        "another server whose URL the user types, or opens by a macro of their own while an "
        "account of ours is open, gets our log-in; Alt-0 is the way there. Lines that the user adds below the block win until the next "
        "run, which moves the block behind them; only mailboxes of our account (`mailboxes =Lists`), `alias`, `bind`, `color` and settings of the sidebar "
        "stay below it. The password is in the account's file, or comes from the command at each start; without one "
        "the programs ask. NeoMutt does not read lines below `finish`, and a macro of the user's for one of our keys does not work; a warning says "
        "so. With a "
        "wrong certificate both programs ask the user whether to accept it, and no setting makes them reject it; sending from a "
        "script fails. In a locale that is not UTF-8 names and folders with letters outside of ASCII are wrong."
    ),
)  # fmt: skip
