# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that profiles and users are made of: what is allowed in them, and the one form in which each is kept.

Every function takes what YAML gave and returns the value in its stored form, or raises :class:`Invalid`.
No message repeats a value that may be a password.
"""

from __future__ import annotations

import datetime
import functools
import ipaddress
import re
import uuid
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.parsing.convert_bool import boolean as ansible_boolean

from .errors import Invalid
from .variables import BUILT_IN, parse

# RFC 5321 4.5.3.1: a local part has at most 64 octets, a path 254 characters without its brackets.
MAX_LOCAL_PART = 64
MAX_ADDRESS = 254
MAX_TEXT = 500
MAX_SIGNATURE = 10_000

# Rejected everywhere: in several client formats a newline starts a new directive, which is code execution; C1 controls and
# U+2028/2029 end lines for some parsers; bidirectional controls make a name look like another; surrogates are not text;
# U+FFFE and U+FFFF are not allowed in XML.
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_CHARACTER_NAMES = {"\n": "a newline", "\r": "a carriage return", "\t": "a tab", "\0": "a NUL"}

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 3.2.3 atext
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


def text(value: Any, limit: int = MAX_TEXT, newline: bool = False) -> str:
    """A string of at most ``limit`` characters without control characters; ``newline`` allows line feeds."""
    if not isinstance(value, str):
        raise Invalid(not_text(value))
    if len(value) > limit:
        raise Invalid(f"has {len(value)} characters, at most {limit} are allowed")
    found = FORBIDDEN.search(value.replace("\n", "") if newline else value)
    if found:
        name = _CHARACTER_NAMES.get(found.group(), f"the control character U+{ord(found.group()):04X}")
        raise Invalid(f"holds {name}, which is not allowed here")
    return value


_KINDS = ((bool, "a boolean"), ((int, float), "a number"), (datetime.date, "a date"), (dict, "a mapping"), (list, "a list"))


def signature(value: Any) -> str:
    return text(value, MAX_SIGNATURE, newline=True)


def not_text(value: Any) -> str:
    """Why a value that is no string is not a text, and how to make it one."""
    # YAML reads an unquoted {UserEmail} as the mapping {"UserEmail": null}. Any other name may be a password in braces.
    if isinstance(value, dict) and len(value) == 1 and set(value) <= set(BUILT_IN) and None in value.values():
        name = next(iter(value))
        return f'YAML read {{{name}}} as a mapping: put it in quotes: "{{{name}}}"'
    kind = next((name for types, name in _KINDS if isinstance(value, types)), None)
    if kind is None:
        return "must be text"
    return (
        f"must be text, not {kind}: put it in quotes, and end a template that gives it with | string "
        f"(ansible-core before 2.19 makes {kind} of a text that looks like one, and newer ones do where it has !unsafe)"
    )


def word(value: Any, limit: int = MAX_TEXT) -> str:
    """Text that is neither empty nor surrounded by white space."""
    value = text(value, limit)
    if not value:
        raise Invalid("must not be empty")
    if value != value.strip():
        raise Invalid("must not begin or end with a space")
    return value


def identifier(value: Any) -> str:
    """The id of a profile, a UUID (RFC 9562) in its usual form."""
    try:
        return str(uuid.UUID(text(value)))
    except ValueError as exc:  # Invalid is one
        raise Invalid("is not a UUID; leave it out, and the profile gets one") from exc


def revision(value: Any) -> int:
    """How often a profile has changed; what PostgreSQL's integer can hold."""
    return whole_number(value, 1, 2**31 - 1)


def path_component(value: Any) -> str:
    """A log-in name or another value that becomes one component of a path."""
    value = word(value, limit=255)
    if "/" in value or value in (".", "..") or len(value.encode()) > 255:
        raise Invalid("would leave its directory: it must be a single path component without '/', and not '.' or '..'")
    return value


def login(value: Any) -> str:
    """A single space inside is possible: users of a Windows domain have names such as ``DOMAIN\\jan kowalski``."""
    value = path_component(value)
    wrong = "holds white space other than single spaces" if value.split() != value.split(" ") else None
    wrong = wrong or ("holds a ':'" if ":" in value else "begins with '-'" if value[0] == "-" else None)
    if wrong:
        raise Invalid(f"{wrong}, which a log-in name must not")
    return value


@functools.lru_cache(maxsize=4096)
def domain(value: str) -> str:
    """A domain in lower-case A-labels (RFC 5890), the form that every client and server understands."""
    name = value[:-1] if value.endswith(".") else value
    if not name.isascii():
        name = _a_labels(name)
    name = name.lower()
    if len(name) > 253 or not all(_LABEL.match(label) for label in name.split(".")):
        raise Invalid(f"'{value}' is not a domain name: {_wrong_with_domain(name)}")
    return name


def _wrong_with_domain(name: str) -> str:
    if ".." in name or name[:1] in ("", "."):
        return "it has two dots in a row" if ".." in name else "it begins with a dot" if name else "it is only a dot"
    if len(name) > 253:
        return "it has more than 253 characters"
    sign = re.search("[^a-z0-9.-]", name)
    if sign:
        remedy = ", which the name of a host must not hold: give the server another name in DNS" if sign[0] == "_" else ""
        return f"it holds {'a space' if sign[0] == ' ' else repr(sign[0])}{remedy}"
    label = next(label for label in name.split(".") if not _LABEL.match(label))
    return f"'{label[:20]}...' has more than 63 characters" if len(label) > 63 else f"'{label}' begins or ends with '-'"


def _a_labels(name: str) -> str:
    try:
        import idna
    except ImportError as exc:
        raise Invalid(missing_required_lib("idna", reason="for domains that are not ASCII")) from exc
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as exc:
        raise Invalid(f"'{name}' is not a valid internationalized domain name") from exc


@functools.lru_cache(maxsize=4096)
def _host(value: str) -> str:
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if "%" in bare and ":" in bare:
        # Behind the % Python's ipaddress takes any text, which is code to some programs; and a zone means something on one machine only.
        raise Invalid("is an IPv6 address with a zone (%), which is not allowed: give the address without it, or a host name")
    if ":" in bare or bare[-1:].isdigit():  # the attempt takes longer than all that a name needs
        try:
            return str(ipaddress.ip_address(bare))
        except ValueError:
            pass
    # RFC 1123 2.1: what looks like a dotted IPv4 address is one, so 300.1.2.3 is no host name.
    if "@" in value:
        raise Invalid("is not a host name or IP address: user and password have fields of their own")
    scheme, separator, rest = value.partition("://")
    if separator:
        name = re.split("[:/?#]", rest)[0]
        raise Invalid(f"'{value}' is a URL, not a host name: write {name or 'the name'} (for {scheme} and the port there are security and port)")
    name, colon, port = value.partition(":")
    if colon and port.isdigit() and name:
        raise Invalid(f"'{value}' is not a host name or IP address: write {name}, and {port} in port (the port has a field of its own)")
    if re.fullmatch(r"[0-9.]+", value):
        raise Invalid(f"'{value}' is not a host name or IP address: an IPv4 address has four numbers from 0 to 255, without a zero before them")
    if re.fullmatch(r"[A-Za-z0-9]+", name) and "." in port and ":" not in port:
        raise Invalid(f"'{value}' is not a host name or IP address: write {port} (what stands before the ':' belongs in security)")
    if colon:
        raise Invalid(f"'{value}' is not a host name or IP address: it holds ':' (the port has a field of its own)")
    if "/" in value:
        raise Invalid(f"'{value}' is not a host name or IP address: it holds '/'")
    try:
        return domain(value)
    except Invalid as exc:
        if not value.isascii():
            raise
        raise Invalid(f"'{value}' is not a host name or IP address: {_wrong_with_domain(value.rstrip('.').lower())}") from exc


def host(value: Any) -> str:
    """A host name in A-labels, or an IPv4 or IPv6 address without brackets."""
    return _host(word(value))


def address(value: Any) -> str:
    """An e-mail address: ASCII local part (RFC 5322 dot-atom), domain in A-labels."""
    value = word(value)
    _refuse_more_than_an_address(value)
    local, at, name = value.rpartition("@")
    if not at or not name:
        raise Invalid(f"'{value}' is not an e-mail address: it has no domain")
    if not local.isascii():
        raise Invalid(f"'{value}': the part before the @ must be ASCII (few servers and clients take anything else)")
    if len(local) > MAX_LOCAL_PART or not _LOCAL_PART.match(local):
        raise Invalid(f"'{value}': the part before the @ {_wrong_with_local_part(local)}")
    try:
        result = f"{local}@{domain(name)}"
    except Invalid as exc:
        raise Invalid(f"'{value}': {exc}") from exc
    if len(result) > MAX_ADDRESS:
        raise Invalid(f"has {len(result)} characters, an e-mail address has at most {MAX_ADDRESS}")
    return result


def _refuse_more_than_an_address(value: str) -> None:
    found = re.fullmatch(r"(.*)<([^<>]*)>", value)
    if found:
        what = "a name and brackets" if found[1].strip() else "brackets"
        raise Invalid(f"'{value}' is an address with {what}: write {found[2].strip()} alone (the name belongs in display_name or sender_name)")
    if value.lower().startswith("mailto:"):
        raise Invalid(f"'{value}' is a URL: write {value[len('mailto:') :]}")
    several = re.search("[,;]", value)
    if several and value.count("@") > 1:
        raise Invalid(f"'{value}' holds '{several[0]}': give one address")


def _wrong_with_local_part(local: str) -> str:
    no_program = "servers and clients that follow the standard refuse it: give an address without that"
    if not local:
        return "is missing"
    if len(local) > MAX_LOCAL_PART:
        return f"has {len(local)} characters, at most {MAX_LOCAL_PART} are allowed"
    if len(local) > 1 and local[0] == local[-1] == '"':
        return "is in double quotes, which few servers and clients understand: give an address that needs none"
    if ".." in local:
        return f"has two dots in a row; {no_program}"
    if local[0] == "." or local[-1] == ".":
        return f"has a dot at the {'beginning' if local[0] == '.' else 'end'}; {no_program}"
    sign = re.sub(rf"{_ATOM}|\.", "", local)[0]
    return f"holds {'a space' if sign == ' ' else 'another @' if sign == '@' else repr(sign)}, which an address must not"


def whole_number(value: Any, lowest: int, highest: int) -> int:
    """An int; a string of digits counts, because Jinja gives strings."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value.strip()):
        value = int(value)
    # Python does not print a number of thousands of digits.
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**18:
        raise Invalid(f"must be a whole number from {lowest} to {highest}")
    if not lowest <= value <= highest:
        raise Invalid(f"{value} is not between {lowest} and {highest}")
    return value


def boolean(value: Any) -> bool:
    try:
        return ansible_boolean(value, strict=True)
    except (TypeError, ValueError) as exc:  # ValueError: a number of thousands of digits
        raise Invalid("must be true or false") from exc


def file_mode(value: Any, allowed: re.Pattern[str], example: str) -> int:
    """An octal mode. YAML would read one without quotes as a decimal number, or in another way."""
    if not isinstance(value, str) or not allowed.match(value):
        raise Invalid(f'must be an octal mode in quotes in which only the owner may write, such as "{example}"')
    return int(value, 8)


def absolute_path(value: Any) -> str:
    value = text(value)
    if not value.startswith("/") or ".." in value.split("/"):
        raise Invalid(f"must be an absolute path without '..'{', not one with ~' if value.startswith('~') else ''}")
    return value


def ca_file(value: Any) -> str:
    """The path of a file with certificates, the same for all users."""
    value = absolute_path(value)
    if parse(value).names:
        raise Invalid("takes no variables: one file serves all users of a host, such as /etc/ssl/certs/ca.pem")
    return value
