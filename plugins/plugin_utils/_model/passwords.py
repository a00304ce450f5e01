# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a password field holds: one variable, an encrypted password, or a literal; and the command that prints one."""

from __future__ import annotations

import re
from typing import Any, Collection

from ...module_utils._wire import MASK
from . import values, variables
from .errors import Invalid
from .given import mapping_list

SERVERS = ("incoming", "outgoing")

SEALED_PREFIX = "$mailops$"
# $mailops$1$SALT$CHECK$DATA, see _secrets/keys.py
SEALED = re.compile(r"\$mailops\$1\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{11})\$([A-Za-z0-9_-]{39,8000})\Z")


def masked(text: str) -> str:
    """What is displayed for a password: never the password itself, so that a file with one always differs from its redacted text."""
    return MASK if text != MASK else f"{MASK}*"


def is_sealed(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(SEALED_PREFIX)


def is_literal(text: Any) -> bool:
    """Whether a password is to be sealed: it is neither sealed nor exactly one variable."""
    return isinstance(text, str) and not is_sealed(text) and not variables.parse(text).only_variable


def sealed(text: str) -> str:
    """A sealed password of the right form. Whether it is genuine turns out when it is opened."""
    if not SEALED.match(text):
        raise Invalid("is not a whole encrypted password, or one of a newer release: take it from mail_profile_info again")
    return text


def password(value: Any, declared: Collection[str], literals: bool) -> str:
    """A password field. ``declared``: the profile's own variables. ``literals``: a password in clear is allowed, because it will be sealed."""
    if is_sealed(value):
        return sealed(value)
    text = values.text(value)
    template = variables.parse(text)
    if template.only_variable:
        # The name is not quoted: it may be a password in braces.
        hint = variables.unknown_hint(template.only_variable, declared)
        if hint is not None:
            raise Invalid(
                f"is a variable that is neither built in nor declared in variables{hint}; a brace that is meant is written \\{{"
            )
        return str(template)
    if template.names:
        raise Invalid('must be exactly one variable, such as "{UserPassword}", or a literal, not a mixture')
    if not text.strip():
        raise Invalid("is only white space; give a password or a variable, or leave it out")
    if text == MASK:
        raise Invalid("is the mask that is displayed for a password; leave it out to keep what is stored")
    if literals:
        return str(template)
    raise Invalid(
        "a literal password would lie in the store in clear: give it to mail_profile or mail_profiles with store_key, and it is encrypted, "
        'or write "{UserPassword}" and give each user a password, or use password_command'
    )


_SHELL = 'no shell runs the command; where one is needed write ["sh", "-c", "pass show mail | head -n 1"]'
_IS_SHELL = re.compile(r"(?:\A|/)(?:ba|da|k|z)?sh\Z")
_OPERATORS = ("|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1", "2>/dev/null", ">/dev/null")
_NAME = r"(?:HOME|USER|LOGNAME|UID|XDG_[A-Z_]+)"
# At the beginning of a word, of an option's value or of a component of a path. Elsewhere it may be meant as it stands ("pa$HOME", awk's "$(NF)").
_REPLACED = re.compile(
    r"(?:\A|(?<=[=:]))(?P<tilde>~[A-Za-z0-9_.-]*(?:/|\Z))"
    rf"|(?:\A|(?<=[=:/]))(?:(?P<name>\${_NAME}\b|\$\{{{_NAME}\}})|\$\(|`)"
)
# A path may have spaces, but hardly one of a directory for programs.
_WITH_ITS_WORDS = re.compile(r"[^/ ]\S* |/(?:usr/)?(?:local/)?s?bin/\S+ ")


def password_command(value: Any, declared: Collection[str]) -> tuple[str, ...]:
    """A list of words, or one as JSON or YAML text. Other text is not split: a shell and a comma would do it differently."""
    try:
        items = mapping_list(value)
    except Invalid:
        items = []
    if not items:
        hint = _shell_hint(value) if isinstance(value, str) else ""
        raise Invalid(f'must be a list of words: write ["pass", "show", "mail"] instead of pass show mail{hint}')
    words = [values.text(item) for item in items]
    if not words[0] or words[0].startswith("-"):
        raise Invalid("the first word must be a program")
    _refuse_shell(words)
    templates = [variables.parse(word) for word in words]
    if templates[0].names:
        raise Invalid("the first word must be a program, and not a variable")
    for number, template in enumerate(templates, start=1):
        if variables.PASSWORD in template.names:
            raise Invalid("{UserPassword} would be visible in the process list; it belongs in password")
        if template.names and not template.only_variable:
            raise Invalid(
                f"word {number} has a variable and other text, and a variable must be a word of its own: "
                'write ["sh", "-c", "pass show \\"mail/$1\\"", "sh", "{UserEmail}"]'
            )
        variables.refuse_unknown(template.names, declared)
    return tuple(map(str, templates))


def _shell_hint(text: str) -> str:
    """What will be wrong with the words of a text, too."""
    try:
        _refuse_shell(text.split())
    except Invalid as reason:
        return f"; {reason}"
    return f"; {_SHELL}" if re.search(r"[|;&<>`]|\$\(", text) else ""


def _refuse_shell(words: list[str]) -> None:
    """What only a shell understands. No word is quoted, because it may be a password."""
    if len(words) > 2 and _IS_SHELL.search(words[0]) and words[1].startswith("-") and words[1].endswith("c"):
        return
    for number, word in enumerate(words, start=1):
        found = _REPLACED.search(word)
        if found:
            sign = "'~'" if found["tilde"] else "a variable such as $HOME" if found["name"] else "a command such as $(id -u)"
            raise Invalid(
                f"word {number} {'holds' if found.start() else 'begins with'} {sign}, which only a shell replaces: write an absolute path, "
                'such as "/usr/local/bin/mail-password", or ["sh", "-c", "exec ~/bin/mail-password"]'
            )
        if word in _OPERATORS:
            raise Invalid(f"word {number} is '{word}', which only a shell understands: {_SHELL}")
    if words and re.match(r"[A-Za-z_][A-Za-z0-9_]*=", words[0]):
        raise Invalid(
            "the first word is an assignment, which only a shell understands: "
            'write "env" before it, such as ["env", "GNUPGHOME=/srv/keys", "pass", "show", "mail"]'
        )
    if len(words) == 1 and _WITH_ITS_WORDS.match(words[0]):
        raise Invalid('is one word with spaces in it: give each word by itself, ["pass", "show", "mail"] and not ["pass show mail"]')
