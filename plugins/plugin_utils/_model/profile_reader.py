# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes profiles of module options, stored documents and lines of files: the one place that validates them. No I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Collection, Mapping

from . import folders, passwords, values, variables
from .errors import Invalid, MailopsError, Problems, comma_list, key_text, nearest, quoted
from .given import choice, is_blank, mapping, spelled
from .names import MAX_NAME, profile_name
from .ports import derived_port, port_problem
from .profile import (
    ACCOUNT_TYPES,
    AUTHENTICATION_SPELLINGS,
    AUTHENTICATIONS,
    FIELDS,
    FOLDERS,
    RECORD_FIELDS,
    SECURITIES,
    SECURITY_SPELLINGS,
    SERVER_FIELDS,
    SERVER_KINDS,
    SIGNATURE_FORMATS,
    Incoming,
    Profile,
    Server,
    profile_key,
)

MAPPINGS = ("incoming", "outgoing", "folders", "variables")
_OF_OTHER_TYPE = {"imap": ("pop", ("leave_on_server", "delete_after_days")), "pop": ("imap", ("folders",))}


def read_profile(data: Any, where: str = "", literals: bool = False) -> Profile:
    """The profile that ``data`` (a dict of profile fields) describes, or MailopsError with every problem.

    ``literals``: passwords may be in clear, because they are about to be sealed.
    """
    if not isinstance(data, dict):
        raise MailopsError("a profile must be a mapping of fields")
    reader = _Reader(given_fields(data), literals)
    profile = reader.read()
    place = f"{where or _place(data)}: "
    if profile is None or reader.problems:
        raise MailopsError(*[place + problem for problem in reader.problems])
    return profile._replace(warnings=tuple([place + warning for warning in reader.warnings]))


def given_fields(data: Mapping[Any, Any]) -> dict[Any, Any]:
    """The fields without what is blank, nested ones included; mappings in text are read. A variable may be blank, and is.

    What is not of the right type stays, for ``read_profile`` to report.
    """
    found = {}
    for name, value in data.items():
        if name in MAPPINGS and not is_blank(value):
            value = _given_mapping(name, value)
        if not is_blank(value):
            found[name] = value
    return found


def _given_mapping(name: str, value: Any) -> Any:
    try:
        inner = mapping(value)
    except Invalid:
        return value
    # A password of spaces was given by intention; its check rejects it.
    return {key: item for key, item in inner.items() if name == "variables" or not is_blank(item) or (key == "password" and item)}


def _place(data: Mapping[Any, Any]) -> str:
    name = data.get("name")
    return f"profile {quoted(name)}" if isinstance(name, str) and name.strip() else "profile without a name"


class _Reader:
    """Reads one profile's fields one by one and collects what is wrong with them."""

    def __init__(self, data: Mapping[Any, Any], literals: bool) -> None:
        self._data = data
        self._literals = literals
        self._declared: dict[str, str | None] = {}
        self._refused: set[str] = set()  # fields that are given and not valid, which is all that is to be said about them
        self.problems = Problems()
        self.warnings: list[str] = []

    def read(self) -> Profile | None:
        """The profile; None when it has no servers. What is wrong is in ``problems``."""
        self._refuse_unknown(self._data, (*FIELDS, *RECORD_FIELDS))
        known = self._read_fields(self._data, _CHECKS, required="name")
        account_type = None if "account_type" in self._refused else known.get("account_type", "imap")
        incoming, outgoing = self._server("incoming", account_type), self._server("outgoing", "smtp")
        if account_type is not None:
            self._refuse_other_type(account_type, known)
        known["folders"] = self._folders(incoming)
        if incoming is None or outgoing is None:
            return None
        profile = Profile(**{"name": "", **known, "incoming": incoming, "outgoing": outgoing})
        if not profile.leave_on_server and profile.delete_after_days is not None:
            self.problems.append("delete_after_days: means nothing with leave_on_server: false; give only one of them")
        self._check_secret_variables(profile)
        return profile

    def _refuse_unknown(self, data: Mapping[Any, Any], allowed: Collection[str], prefix: str = "") -> None:
        for key in data:
            if key not in allowed:
                self.problems.append(f"{prefix}{key_text(key)}: there is no such field{nearest(key, allowed)}")

    def _read_fields(
        self, data: Mapping[str, Any], checks: Mapping[str, _Check], prefix: str = "", required: str | None = None
    ) -> dict[str, Any]:
        """The fields that are given and valid."""
        if required and required not in data:
            self.problems.append(f"{prefix}{required}: is required")
        known: dict[str, Any] = {}
        for name, check in checks.items():
            if data.get(name) is not None:
                with self.problems.at(f"{prefix}{name}"):
                    known[name] = check(self, data[name])
                    continue
                self._refused.add(f"{prefix}{name}")
        return known

    def read_text(self, value: Any, check: Callable[[str], str]) -> str:
        """The canonical spelling of a text with variables. What the variables are filled with is checked when they are filled."""
        template = variables.parse(values.text(value, values.MAX_SIGNATURE, newline=check is values.signature))
        if not template.names:
            return str(variables.Template((check(template.fill({})),)))
        if "variables" not in self._refused:
            variables.refuse_unknown(template.names, self._declared)
        return str(template)

    def read_variables(self, value: Any) -> dict[str, str | None]:
        if not isinstance(value, dict):
            raise Invalid("must be a mapping of variable names to defaults")
        for name in value:
            if not isinstance(name, str) or not variables.NAME.match(name) or len(name) > MAX_NAME:
                self.problems.append(f"variables.{key_text(name)}: a name is a capital letter, then letters and digits")
            elif name in variables.BUILT_IN:
                self.problems.append(f"variables.{name}: is built in; choose another name")
            else:
                self._declared[name] = self._read_fields(value, {name: _plain(values.text)}, "variables.").get(name)
        return self._declared

    def _folders(self, server: Incoming | None) -> dict[str, str] | None:
        data = self._data.get("folders")
        if data is None:
            return None
        if not isinstance(data, dict):
            self.problems.append(f"folders: must be a mapping with some of {comma_list(FOLDERS)}")
            return None
        self._refuse_unknown(data, FOLDERS, "folders.")
        server = server or Incoming("")
        found = self._read_fields(data, dict.fromkeys(FOLDERS, _template(lambda text: folders.folder(text, server))), "folders.")
        for name, path in found.items():
            warning = folders.warning(path, server)
            if warning:
                self.warnings.append(f"folders.{name}: {warning}")
        return found or None

    def read_password(self, value: Any) -> str:
        return passwords.password(value, self._declared, self._literals)

    def read_password_command(self, value: Any) -> tuple[str, ...]:
        return passwords.password_command(value, self._declared)

    # --- servers ---

    def _server(self, side: str, protocol: str | None) -> Server | None:
        """``protocol`` None: it is not known, because ``account_type`` is wrong."""
        data = self._data.get(side, {})
        if not isinstance(data, dict):
            self.problems.append(f"{side}: must be a mapping, such as {{host: mail.example.org}}")
            return None
        if not data:
            self.problems.append(f"{side}.host: is required")
            return None
        self._refuse_unknown(data, SERVER_FIELDS[side], f"{side}.")
        checks = {name: check for name, check in _SERVER_CHECKS.items() if name in SERVER_FIELDS[side]}
        server = SERVER_KINDS[side](**{"host": "", **self._read_fields(data, checks, f"{side}.", required="host")})
        self._check_server(side, protocol, server)
        if isinstance(server, Incoming):
            server = self._with_namespace(server, protocol)
        is_derived = protocol is not None and server.port == derived_port(protocol, server.security)
        return replace(server, port=None) if is_derived else server

    def _check_server(self, side: str, protocol: str | None, server: Server) -> None:
        refused = {name for name in SERVER_FIELDS[side] if f"{side}.{name}" in self._refused}
        if server.port is not None and protocol is not None and "security" not in refused:
            problem, warning = port_problem(protocol, server.security, server.port)
            if problem:
                self.problems.append(f"{side}.port: {problem}")
            if warning:
                self.warnings.append(f"{side}.port: {warning}")
        secret = "password" if server.password is not None else "password_command" if server.password_command else None
        if server.password is not None and server.password_command:
            self.problems.append(f"{side}: give either password or password_command, not both")
        if refused & {"password", "password_command", "allow_cleartext"}:
            return
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

    def _with_namespace(self, server: Incoming, protocol: str | None) -> Incoming:
        for name in ("separator", "namespace"):
            if protocol == "pop" and name in self._data["incoming"]:
                self.problems.append(f"incoming.{name}: is for IMAP only, and account_type is pop")
        if server.namespace is not None:
            with self.problems.at("incoming.namespace"):
                return replace(server, namespace=folders.namespace(server.namespace, server.separator))
            return replace(server, separator=None, namespace=None)
        return server

    # --- fields that depend on each other ---

    def _refuse_other_type(self, account_type: str, known: Mapping[str, Any]) -> None:
        other, names = _OF_OTHER_TYPE[account_type]
        for name in names:
            # leave_on_server: true is the default, which every stored profile carries.
            if name in self._data and not (name == "leave_on_server" and known.get(name) is True):
                self.problems.append(f"{name}: is for {other.upper()} only, and account_type is {account_type}")

    def _check_secret_variables(self, profile: Profile) -> None:
        """A variable that fills a password is a secret: it has no default in the store, and no other field holds it."""
        secret, public = profile.variable_places()
        for variable, place in public.items():
            if variable == variables.PASSWORD:
                self.problems.append(f"{place}: {{{variable}}} is for password fields only")
            elif variable == variables.LINK_TOKEN:
                self.problems.append(f"{place}: {{{variable}}} is for dest and setup pages only, because programs and diffs show what is here")
            elif variable in secret:
                self.problems.append(f"{place}: {{{variable}}} fills {secret[variable]} and is for password fields only")
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
    return lambda reader, value: reader.read_text(value, check)


_CHECKS: dict[str, _Check] = {
    "variables": _Reader.read_variables,  # first, because texts may hold them
    "name": _plain(profile_name),
    "key": _plain(profile_key),
    "description": _plain(values.text),
    "email": _template(values.address),
    "account_name": _template(values.word),
    "sender_name": _template(values.text),
    "reply_to": _template(values.address),
    "account_type": _plain(choice, ACCOUNT_TYPES),
    "default": _plain(values.boolean),
    "notifications": _plain(values.boolean),
    "signature": _template(values.signature),
    "signature_format": _plain(choice, SIGNATURE_FORMATS),
    "leave_on_server": _plain(values.boolean),
    "delete_after_days": _plain(values.whole_number, 1, 3650),
    "check_interval": _plain(values.whole_number, 1, 10_080),
    "ca_file": _plain(values.ca_file),
}
_SERVER_CHECKS: dict[str, _Check] = {
    "host": _template(values.host),
    "port": _plain(values.whole_number, 1, 65_535),
    "security": _plain(spelled, SECURITIES, SECURITY_SPELLINGS),
    "username": _template(values.word),
    "password": _Reader.read_password,
    "password_command": _Reader.read_password_command,
    "authentication": _plain(spelled, AUTHENTICATIONS, AUTHENTICATION_SPELLINGS),
    "allow_cleartext": _plain(values.boolean),
    "separator": _plain(folders.separator),
    "namespace": _plain(values.word),
}
