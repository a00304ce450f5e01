# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user's own settings in Mutt and NeoMutt: which of them decide where an account logs in, what it sends, fetches or deletes, and how
an account of ours undoes them.

Everything that decides is set back to the program's default before an account sets its own values, as in a home without any setting. All
other settings are the user's taste. tests/unit/clients/settings/ judges every setting that the programs have.
"""

from __future__ import annotations

from ...module_utils._wire import OUR_BLOCK
from ._file import IN_USERS, MAY_HAVE_MORE, File, owned

# Both programs know these, in all versions that have ssl_use_tlsv1_3 (Mutt 2.0, NeoMutt 2020).
RESET = (
    # Which server, and who logs in.
    "folder", "spoolfile", "tunnel", "tunnel_is_secure", "preconnect", "smtp_url", "smtp_pass", "smtp_authenticators", "smtp_oauth_refresh_command",
    "imap_user", "imap_login", "imap_pass", "imap_authenticators", "imap_oauth_refresh_command", "imap_delim_chars",
    "pop_host", "pop_user", "pop_pass", "pop_authenticators", "pop_oauth_refresh_command", "pop_auth_try_all",
    "certificate_file", "ssl_client_cert", "ssl_ciphers", "ssl_use_sslv3", "ssl_use_tlsv1", "ssl_use_tlsv1_1", "ssl_use_tlsv1_2", "ssl_use_tlsv1_3",
    # Who sends, and who can read who else receives it.
    "from", "use_from", "realname", "reverse_name", "reverse_realname", "envelope_from_address", "use_envelope_from", "write_bcc",
    # Mailboxes, which may be on the user's server, and what goes into them.
    "record", "postponed", "trash", "mbox", "copy", "save_name", "force_name", "move",
    # What is fetched and deleted.
    "pop_delete", "pop_last", "score_threshold_delete",
)  # fmt: skip
# A hook can set anything. Those that only convert (character sets, compressed folders) or choose a key stay.
_HOOKS = ("account", "fcc", "fcc-save", "folder", "mbox", "message", "reply", "save", "send", "send2")

# Settings of one program only. Only NeoMutt has $forward_references: it is "yes" or "no" there, and nothing in Mutt, so it tells them
# apart. NeoMutt can ask for a setting; in Mutt these are there since 2.1.
_NEOMUTT_RESET = ("smtp_user", "account_command", "virtual_spool_file")
_NEOMUTT_HOOKS = ("startup", "shutdown", "timeout")
_MUTT_RESET = ("ssl_verify_host_override", "fcc_delimiter")

UNDO_KINDS = ("undo", "undo.references-", "undo.references-yes", "undo.references-no")

# The files of root's that the programs read, in their order. Debian's include the directories by a command.
SYSTEM_MUTT = ("/etc/Muttrc",)
SYSTEM_NEOMUTT = ("/etc/xdg/neomutt/neomuttrc", "/etc/xdg/neomutt/Muttrc", "/etc/neomuttrc", "/etc/Muttrc")
SYSTEM = (*dict.fromkeys((*SYSTEM_MUTT, *SYSTEM_NEOMUTT)), "/etc/Muttrc.d/*.rc", "/etc/neomuttrc.d/*.rc")
_DEBIANS_COMMAND = r"[\"']?/usr/(?:lib|libexec)/(?:neo)?mutt/source-(?:neo)?muttrc\.d[ \t]*\|"
_NOT_A_COMMENT = r"^(?![ \t]*#)"
INCLUDES = (
    rf"(?:{_NOT_A_COMMENT}.*?|;[ \t]*)(?<![\w./-])source[ \t]+(?!{_DEBIANS_COMMAND})"
    r"(\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`|[^\s\"'`;<>]+)"
)

# A default of the user's own: something opens or sends, or says who sends. One line of the second kind is no whole account.
_OPENS = r"spool_?file|smtp_url|pop_host"
_PARTS = r"sendmail|from"
_COMMANDS = r"mailboxes|named-mailboxes|virtual-mailboxes|account-hook|my_hdr[ \t]+[\"']?[Ff][Rr][Oo][Mm]:"
MAY_HAVE_DEFAULT = f"{IN_USERS}{MAY_HAVE_MORE}"


def _set(names: str) -> str:
    return rf"(?:.*?(?<![\w$-])(?:{names})[ \t]*=)"


PART_OF_ACCOUNT = rf"{IN_USERS}{_NOT_A_COMMENT}(?:{_set(_PARTS)}|(?:.*?[;\"'])?[ \t]*(?:{_COMMANDS}))"
_SERVER = rf"{IN_USERS}{_NOT_A_COMMENT}{_set('folder')}[ \t]*[\"']?(?:imap|pop)s?://"
WHOLE_ACCOUNT = rf"{IN_USERS}{_NOT_A_COMMENT}{_set(_OPENS)}|(?={_SERVER})(?={PART_OF_ACCOUNT})"
# What the user's lines set below an account of ours would be set together with its password. These do no harm there, and mailboxes of our account
# have to be there: above, their names are those of other ones.
_PLAIN = r"[^;`$\\\n]"
# With it NeoMutt ends the reading of a file; Mutt does not know it.
_FINISH = r"finish[ \t]*(?:[#;].*)?"
ENDS_BEFORE_OURS = rf"\A[^{OUR_BLOCK}]*?^[ \t]*{_FINISH}$"
_OF_SIDEBAR = r"[ \t]+(?:no)?sidebar_\w+(?:[ \t]*=[ \t]*[\w.-]+)?"
_MAILBOX = r"[ \t]+[\"']?[=+][\w./-]+[\"']?"
_HARMLESS = rf"#{_PLAIN}*|{_FINISH}|mailboxes(?:{_MAILBOX})+[ \t]*|set(?:{_OF_SIDEBAR})+[ \t]*|(?:alias|bind|color)[ \t]{_PLAIN}*"
NOT_BELOW_OURS = rf"^(?![ \t]*(?:{_HARMLESS})?$)"
# Anything that an account of ours undoes: to come back to it must be possible.
_UNDONE_HOOKS = "|".join((*_HOOKS, *_NEOMUTT_HOOKS))
_UNDONE = "|".join((*RESET, *_NEOMUTT_RESET, *_MUTT_RESET, "real_name", "virtual_spoolfile"))
OWN_ACCOUNT = rf"{IN_USERS}{_NOT_A_COMMENT}(?:.*?(?<![\w$-])(?:{_UNDONE})[ \t]*=|(?:.*?[;\"'])?[ \t]*(?:(?:{_UNDONE_HOOKS})-hook|my_hdr)[ \t])"


def undo_files(path: str) -> list[File]:
    """What every account reads first. ``path``: that of a kind of file, without its end; other instances have other ones."""
    common = "".join(
        [*(f"unhook {name}-hook\n" for name in _HOOKS), "unmy_hdr *\n", "unmailboxes *\n", *(f"reset {name}\n" for name in RESET),
         f"source $HOME/{path}.references-$forward_references\n"]
    )  # fmt: skip
    neomutt = [
        *(f"unhook {name}-hook\n" for name in _NEOMUTT_HOOKS),
        *(f'ifdef {name} "reset {name}"\n' for name in _NEOMUTT_RESET),
    ]
    return [
        owned(path, common),
        owned(f"{path}.references-", "".join(f"reset {name}\n" for name in _MUTT_RESET)),
        *(owned(f"{path}.references-{value}", "".join(neomutt)) for value in ("yes", "no")),
    ]
