# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes profiles of module options, stored documents and lines of files: the one place that validates them. No I/O."""

from __future__ import annotations

import functools
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Callable, Collection, Mapping

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import passwords as secrets
from ansible_collections.mailops.profiles.plugins.plugin_utils._model import values, variables
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.ports import derived_port, port_problem
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import (
    ACCOUNT_TYPES,
    AUTHENTICATIONS,
    DEFAULTS,
    FIELDS,
    FOLDERS,
    RECORD_FIELDS,
    SECURITIES,
    SERVER_FIELDS,
    SIGNATURE_FORMATS,
    Profile,
    Server,
    stored_form,
    variable_places,
)

_DEFAULTS = {**DEFAULTS, "variables": MappingProxyType({})}  # all profiles share it
_KNOWN_FIELDS = frozenset((*FIELDS, *RECORD_FIELDS))
_OWN_FIELDS = ("name", *RECORD_FIELDS)  # no two profiles of a list have these in common
_OF_OTHER_TYPE = {"imap": ("pop", ("leave_on_server", "delete_after_days")), "pop": ("imap", ("folders",))}


def read_profile(data: Any, where: str = "", literals: bool = False) -> Profile:
    """The profile that ``data`` (a dict of profile fields; None means not given) describes, or MailopsError with every problem.

    ``literals``: passwords may be in clear, because they are about to be sealed.
    """
    known, warnings = _read(data, where, literals)
    return Profile(**known, warnings=warnings)


def complete(data: Any, where: str = "", literals: bool = False) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What ``read_profile(...).as_data()`` gives, and the warnings, without the profile: for what is only stored."""
    named = isinstance(data, dict) and values.is_profile_name(data.get("name"))
    key = _text_of(literals, {field: value for field, value in data.items() if field not in _OWN_FIELDS}) if named else None
    found = _alike.get(key)
    if found is None:
        known, warnings = _read(data, where, literals)
        found = stored_form(known)
        if warnings:
            return found, warnings
        _remember(_alike, key, found)
    return {**found, "name": data["name"]}, ()


# What was read without a remark, by the text that it was read from: thousands of profiles name the same few servers, and many
# differ in nothing but the name.
_alike: dict[str | None, dict[str, Any]] = {}
_servers: dict[str | None, Server] = {}
_MOST_REMEMBERED = 2048


def _text_of(*data: Any) -> str | None:
    """What tells data apart, as 1 == True does not. None for numbers of thousands of digits, and for what has thousands of levels."""
    try:
        return repr(data)
    except (ValueError, RecursionError):
        return None


def _remember(memory: dict[str | None, Any], key: str | None, value: Any) -> None:
    if key is not None:
        if len(memory) >= _MOST_REMEMBERED:
            memory.clear()
        memory[key] = value


def _read(data: Any, where: str, literals: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The value of every field, and the warnings about them; or MailopsError."""
    reader = _Reader(data, literals)
    known = reader.read()
    place = f"{where or _place(data)}: "
    if reader.problems:
        raise MailopsError(*[place + problem for problem in reader.problems])
    return known, tuple([place + warning for warning in reader.warnings])


def _place(data: Any) -> str:
    name = data.get("name") if isinstance(data, dict) else None
    return f"profile '{name[:values.MAX_NAME]}'" if isinstance(name, str) else "profile without a name"


def _signature(text: str) -> str:
    return values.text(text, values.MAX_SIGNATURE, newline=True)


@functools.lru_cache(maxsize=8192)  # thousands of profiles say the same in most of their fields
def _canonical(value: str, check: Callable[[str], str]) -> tuple[tuple[str, ...], str]:
    """The variables in a text, and its canonical spelling; Invalid for what no variable can make good."""
    _signature(value)
    if variables.is_plain(value):
        return (), check(value)
    template = variables.parse(value)
    if not template.names:
        return (), str(variables.Template((check(template.fill({})),)))
    if check is not values.text and "\n" in value:
        check(value)
    return template.names, str(template)


class _Reader:
    """Reads one profile's data field by field and collects what is wrong with it."""

    def __init__(self, data: Any, literals: bool) -> None:
        self._literals = literals
        self.problems: list[str] = []
        self.warnings: list[str] = []
        if not isinstance(data, dict):
            raise MailopsError("a profile must be a mapping of fields")
        self._declared: dict[str, str | None] = {}
        self._data = {key: value for key, value in data.items() if value is not None}

    def read(self) -> dict[str, Any]:
        """The value of every field, in the order of the documentation; what was wrong stands in ``problems``."""
        self._refuse_unknown(self._data, _KNOWN_FIELDS)
        known = {**_DEFAULTS, **self._read_fields(self._data, _CHECKS, required="name")}
        known["incoming"] = self._server("incoming", known["account_type"])
        known["outgoing"] = self._server("outgoing", "smtp")
        self._refuse_other_type(known["account_type"])
        if not known["leave_on_server"] and known["delete_after_days"] is not None:
            self.problems.append("delete_after_days: means nothing with leave_on_server: false; give only one of them")
        if known["incoming"] is not None and known["outgoing"] is not None:
            self._check_secret_variables(known)
        return known

    def _refuse_unknown(self, data: Mapping[Any, Any], allowed: Collection[str], prefix: str = "") -> None:
        for key in data:
            if key not in allowed:
                self.problems.append(f"{prefix}{str(key)[:60]}: there is no such field{nearest(key, allowed)}")

    def _read_fields(
        self, data: Mapping[str, Any], checks: Mapping[str, _Check], prefix: str = "", required: str | None = None
    ) -> dict[str, Any]:
        """The fields that are given and valid."""
        if required and data.get(required) is None:
            self.problems.append(f"{prefix}{required}: is required")
        known: dict[str, Any] = {}
        for name in checks:
            if name in data and data[name] is not None:
                try:
                    known[name] = checks[name](self, data[name])
                except Invalid as exc:
                    self.problems.append(f"{prefix}{name}: {exc}")
        return known

    def _text(self, value: Any, check: Callable[[str], str]) -> str:
        """A text with variables: what they will be filled with is checked when they are filled."""
        names, text = _canonical(value, check) if isinstance(value, str) else ((), values.text(value))
        for name in names:
            if name not in variables.BUILT_IN and name not in self._declared:
                known = (*variables.BUILT_IN, *self._declared)
                raise Invalid(f"{{{name}}} is neither built in nor declared in variables{nearest(name, known)}")
        return text

    def _variables(self, value: Any) -> dict[str, str | None]:
        if not isinstance(value, dict):
            raise Invalid("must be a mapping of variable names to defaults")
        for name in value:
            if not isinstance(name, str) or not variables.NAME.match(name) or len(name) > values.MAX_NAME:
                self.problems.append(f"variables.{str(name)[:60]}: a name is a capital letter, then letters and digits")
            elif name in variables.BUILT_IN:
                self.problems.append(f"variables.{name}: is built in; choose another name")
            else:
                self._declared[name] = self._read_fields(value, {name: _plain(values.text)}, "variables.").get(name)
        return self._declared

    def _folders(self, value: Any) -> dict[str, str] | None:
        if not isinstance(value, dict):
            raise Invalid(f"must be a mapping with some of {', '.join(FOLDERS)}")
        self._refuse_unknown(value, FOLDERS, "folders.")
        return self._read_fields(value, dict.fromkeys(FOLDERS, _template(values.word)), "folders.") or None

    def _server(self, side: str, protocol: str) -> Server | None:
        data = self._data.get(side)
        if data is None:
            self.problems.append(f"{side}.host: is required")
            return None
        if not isinstance(data, dict):
            self.problems.append(f"{side}: must be a mapping, such as {{host: mail.example.org}}")
            return None
        # The variables are those that a text may hold.
        key = _text_of(side, protocol, self._literals, data, self._declared)
        server = _servers.get(key)
        if server is None:
            found = len(self.problems) + len(self.warnings)
            server = self._checked_server(side, protocol, data)
            if len(self.problems) + len(self.warnings) == found:
                _remember(_servers, key, server)
        return server

    def _checked_server(self, side: str, protocol: str, data: Mapping[str, Any]) -> Server:
        prefix = f"{side}."
        self._refuse_unknown(data, SERVER_FIELDS, prefix)
        known = {"host": "", **self._read_fields(data, _SERVER_CHECKS, prefix, required="host")}
        server = Server(**known)
        self._check_server(side, protocol, server)
        return server if server.port != derived_port(protocol, server.security) else replace(server, port=None)

    def _check_server(self, side: str, protocol: str, server: Server) -> None:
        if server.port is not None:
            problem, warning = port_problem(protocol, server.security, server.port)
            if problem:
                self.problems.append(f"{side}.port: {problem}")
            if warning:
                self.warnings.append(f"{side}.port: {warning}")
        secret = "password" if server.password is not None else "password_command" if server.password_command else None
        if server.password is not None and server.password_command:
            self.problems.append(f"{side}: give either password or password_command, not both")
        if secret and server.authentication == "none":
            self.problems.append(f"{side}.{secret}: is never used with authentication: none; remove one of them")
        if server.security == "none" and not server.allow_cleartext:
            if secret:
                self.problems.append(
                    f"{side}.security: none sends the password in clear over the network: use tls or starttls, "
                    f"or set {side}.allow_cleartext: true if that is meant"
                )
            else:
                self.warnings.append(f"{side}.security: none: whatever the client sends, passwords too, crosses the network in clear")

    def _password(self, value: Any) -> str:
        if secrets.is_sealed(value):
            return secrets.sealed(value)
        template = variables.parse(values.text(value))
        if template.only_variable:
            if template.only_variable not in self._declared and template.only_variable not in variables.BUILT_IN:
                raise Invalid(  # without its name: it may be a password in braces
                    "is a variable that is neither built in nor declared in variables"
                    f"{nearest(template.only_variable, (*variables.BUILT_IN, *self._declared))}; a brace that is meant is written \\{{"
                )
            return str(template)
        if template.names:
            raise Invalid('must be exactly one variable, such as "{UserPassword}", or a literal, not a mixture')
        if value in ("", secrets.MASK):
            raise Invalid("is empty" if not value else "is the mask that is shown for a password; leave it out, and what is stored stays")
        if self._literals:
            return str(template)
        raise Invalid(
            "a literal password would lie in the store in clear: give it to mail_profile or mail_profiles with store_key, and it is encrypted, "
            'or write "{UserPassword}" and give each user a password, or use password_command'
        )

    def _password_command(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)) or not value:
            raise Invalid("must be a list of words, such as [pass, show, mail]")
        words = []
        for number, item in enumerate(value):
            template = variables.parse(values.text(item))
            if template.names and (number == 0 or not template.only_variable):
                raise Invalid("the first word must be literal, and a variable must be a whole argument of its own")
            if variables.PASSWORD in template.names:
                raise Invalid("{UserPassword} would be visible in the process list; it belongs in password")
            words.append(self._text(item, values.text))
        if not words[0] or words[0].startswith("-"):
            raise Invalid("the first word must be a program")
        return tuple(words)

    def _refuse_other_type(self, account_type: str) -> None:
        other, names = _OF_OTHER_TYPE[account_type]
        for name in names:
            given = self._data.get(name)
            # leave_on_server: true is the default, which every stored profile carries.
            if given is not None and not (name == "leave_on_server" and given is True):
                self.problems.append(f"{name}: is for {other.upper()} only, and account_type is {account_type}")

    def _check_secret_variables(self, known: Mapping[str, Any]) -> None:
        """A variable that fills a password is a secret: it has no default in the store, and shows up nowhere else."""
        secret, shown = variable_places(known)
        for variable, place in shown.items():
            if variable == variables.PASSWORD:
                self.problems.append(f"{place}: {{{variable}}} may stand in password fields only")
            elif variable in secret:
                self.problems.append(f"{place}: {{{variable}}} fills {secret[variable]} and may stand in password fields only")
        for variable, place in secret.items():
            if variable in variables.BUILT_IN and variable != variables.PASSWORD:
                self.problems.append(f"{place}: {{{variable}}} is no secret; use {{{variables.PASSWORD}}} or a variable of your own")
            elif self._declared.get(variable) is not None:
                self.problems.append(
                    f"variables.{variable}: fills {place}, and a default would be a password kept in clear: make it null "
                    "and give it per user"
                )


_Check = Callable[[_Reader, Any], Any]


def _plain(check: Callable[..., Any], *limits: Any) -> _Check:
    return lambda _reader, value: check(value, *limits)


def _template(check: Callable[[str], str]) -> _Check:
    return lambda reader, value: reader._text(value, check)


_CHECKS: dict[str, _Check] = {
    "variables": _Reader._variables,  # first, because texts may hold them
    "name": _plain(values.profile_name),
    "description": _plain(values.text),
    "email": _template(values.address),
    "account_name": _template(values.word),
    "sender_name": _template(values.text),
    "reply_to": _template(values.address),
    "account_type": _plain(values.choice, ACCOUNT_TYPES),
    "default": _plain(values.boolean),
    "notifications": _plain(values.boolean),
    "signature": _template(_signature),
    "signature_format": _plain(values.choice, SIGNATURE_FORMATS),
    "leave_on_server": _plain(values.boolean),
    "delete_after_days": _plain(values.whole_number, 1, 3650),
    "check_interval": _plain(values.whole_number, 1, 10_080),
    "folders": _Reader._folders,
    "ca_file": _plain(values.absolute_path),
}
_SERVER_CHECKS: dict[str, _Check] = {
    "host": _template(values.host),
    "port": _plain(values.whole_number, 1, 65_535),
    "security": _plain(values.choice, SECURITIES),
    "username": _template(values.word),
    "password": _Reader._password,
    "password_command": _Reader._password_command,
    "authentication": _plain(values.choice, AUTHENTICATIONS),
    "allow_cleartext": _plain(values.boolean),
}
