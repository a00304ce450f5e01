# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account: a profile filled in for one user, with no variable left in it. Pure; finds every problem at once."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass, fields, replace
from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence, TypeVar

from . import values, variables
from .errors import Invalid, Problems, comma_list, nearest, some
from .folders import folder
from .passwords import is_sealed, masked
from .ports import derived_port
from .profile import Incoming, Profile, Server, derived_key
from .user import User

_AnyServer = TypeVar("_AnyServer", bound=Server)


@dataclass(frozen=True)
class Account:
    """What a client's format is rendered from. The servers' ports are numbers, ``key`` is safe in any file or section name. ``login``: the user's
    log-in name on the host. ``default``: the administrator says that it is, and it may come before what the user has; of a user's accounts none
    needs to be."""

    login: str
    profile: str
    key: str
    email: str
    account_name: str
    sender_name: str
    reply_to: str | None
    account_type: str
    default: bool
    notifications: bool
    signature: str | None
    signature_format: str
    incoming: Incoming
    outgoing: Server
    leave_on_server: bool
    delete_after_days: int | None
    check_interval: int | None
    folders: Mapping[str, str]
    ca_file: str | None

    @property
    def has_password(self) -> bool:
        return self.incoming.password is not None or self.outgoing.password is not None

    @property
    def text_signature(self) -> str | None:
        """The signature, without a newline at its end, for a program of text; None when there is none, or one in HTML."""
        return self.signature.rstrip("\n") if self.signature and self.signature_format == "text" else None

    def redacted(self) -> Account:
        """The same account with a mask for each password."""
        servers = {
            side: replace(server, password=masked(server.password))
            for side, server in (("incoming", self.incoming), ("outgoing", self.outgoing))
            if server.password is not None
        }
        return replace(self, **servers)

    def as_data(self) -> dict[str, Any]:
        """The account as a dictionary, its passwords in clear."""
        data = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "login"}
        return {**data, "incoming": {**self.incoming.data}, "outgoing": {**self.outgoing.data}, "folders": dict(self.folders)}


def account_key(profile: Profile, instance: str) -> str:
    """What the account is called on hosts: the profile's key, and a hash of the instance unless that is ``default``."""
    return (profile.key or derived_key(profile.name)) + instance_suffix(instance)


def instance_suffix(instance: str) -> str:
    """What tells the names of an instance's files from those of others: empty for ``default``."""
    return "" if instance == "default" else f"-{hashlib.sha256(instance.encode()).hexdigest()[:8]}"


def _shared_keys(profiles: Iterable[Profile]) -> Iterator[str]:
    """A problem for each profile that has the key of another one."""
    owners: dict[str, str] = {}
    for profile in profiles:
        key = account_key(profile, "default")
        owner = owners.setdefault(key, profile.name)
        if owner != profile.name:
            yield f"profiles '{owner}' and '{profile.name}': both have the key '{key}'; give one of them another key"


def resolve_users(
    users: Iterable[User], profiles: Mapping[str, Profile], selected: Sequence[str] | None, host: str | None, instance: str
) -> dict[str, list[Account]]:
    """The accounts of each user by name, the default one first; without a default, in their order. ``selected``: profiles of users who name
    none (None: all profiles). MailopsError lists all problems."""
    invalid: dict[str, list[str]] = {}
    resolved = resolve_valid_users(users, profiles, selected, host, instance, invalid)
    Problems(problem for problems in invalid.values() for problem in problems).raise_all()
    return resolved


def resolve_valid_users(
    users: Iterable[User],
    profiles: Mapping[str, Profile],
    selected: Sequence[str] | None,
    host: str | None,
    instance: str,
    invalid: dict[str, list[str]],
) -> dict[str, list[Account]]:
    """The same; a user with mistakes has no accounts, and ``invalid`` gets the problems. MailopsError for those that are no single user's."""
    everybody = tuple(profiles) if selected is None else tuple(selected)
    problems = Problems(_shared_keys(profiles.values()))
    resolved: dict[str, list[Account]] = {}
    without: list[str] = []
    places = {name: profile.variable_places() for name, profile in profiles.items()}
    for user in users:
        names = () if user.state == "absent" else everybody if user.profiles is None else user.profiles
        if user.state == "present" and not names:
            without.append(user.name)
            continue
        own = Problems()
        with own.at(f"user '{user.name}'"):
            resolved[user.name] = _accounts_of(user, names, profiles, host, instance)
            own.extend(_exposed(user, names, places))
        if own:
            resolved.pop(user.name, None)
            invalid[user.name] = own
    if problems or without:
        problems.extend(problem for own in invalid.values() for problem in own)
    if without:
        problems.insert(0, f"profiles: {some(without)} would get no profile: name profiles for the task or the user, or say state: absent")
    problems.raise_all()
    return resolved


def _accounts_of(user: User, names: Sequence[str], profiles: Mapping[str, Profile], host: str | None, instance: str) -> list[Account]:
    unknown = [name for name in names if name not in profiles]
    Problems(f"user '{user.name}': there is no profile '{name}'{nearest(name, profiles)}" for name in unknown).raise_all()
    problems = Problems()
    accounts = []
    default = _default_profile(user, [profiles[name] for name in names], problems)
    for name in names:
        with problems.at(f"user '{user.name}', profile '{name}'"):
            accounts.append(replace(resolve(profiles[name], user, host, instance), default=name == default))
    problems.raise_all()
    return sorted(accounts, key=lambda account: not account.default)


def _exposed(user: User, names: Sequence[str], places: Mapping[str, tuple[dict[str, str], dict[str, str]]]) -> list[str]:
    """Passwords of one profile that another one would show: a diff knows of each account only its own."""
    secret = {variable: name for name in names for variable in places[name][0]}
    return [
        f"user '{user.name}': {{{variable}}} is a password in profile '{secret[variable]}' and must not be used in {field} of profile '{name}'"
        for name in names
        for variable, field in places[name][1].items()
        if variable in secret
    ]


def _default_profile(user: User, profiles: list[Profile], problems: list[str]) -> str | None:
    names = [profile.name for profile in profiles]
    if user.default_profile is not None:
        if user.default_profile not in names:
            problems.append(f"user '{user.name}': default_profile '{user.default_profile}' is none of the user's profiles ({comma_list(names)})")
        return user.default_profile
    marked = [profile.name for profile in profiles if profile.default]
    if len(marked) > 1:
        problems.append(
            f"user '{user.name}': the profiles {comma_list(marked)} are all marked as default; mark one, or give the user a default_profile"
        )
    return marked[0] if marked else None


def resolve(profile: Profile, user: User, host: str | None = None, instance: str = "default") -> Account:
    """One profile filled in for one user; MailopsError names every field that cannot be filled."""
    filler = _Filler(profile, user, host)
    account = filler.account(account_key(profile, instance))
    filler.problems.raise_all()
    return account


def _password(text: str) -> str:
    # Programs take an empty password for none at all, or send it.
    if not text:
        raise Invalid("is empty")
    return values.text(text, limit=1024)


class _Filler:
    """Fills the texts of one profile with one user's values and checks what comes out."""

    def __init__(self, profile: Profile, user: User, host: str | None) -> None:
        self.problems = Problems()
        self._profile = profile
        self._where = f"user '{user.name}', profile '{profile.name}'"
        self._user = user
        defaults = {name: default for name, default in profile.variables.items() if default is not None}
        self._values = {**defaults, **user.variable_values(host)}
        self._missing: dict[str, list[str]] = {}

    def account(self, key: str) -> Account:
        profile = self._profile
        account = Account(
            login=self._user.name,
            profile=profile.name,
            key=key,
            email=self._fill("email", profile.email, values.address),
            account_name=self._fill("account_name", profile.account_name, values.word),
            sender_name=self._fill("sender_name", profile.sender_name, values.text),
            reply_to=self._fill("reply_to", profile.reply_to, values.address),
            account_type=profile.account_type,
            default=profile.default,
            notifications=profile.notifications,
            signature=self._signature(),
            signature_format=profile.signature_format,
            incoming=self._server("incoming", profile.incoming, profile.account_type),
            outgoing=self._server("outgoing", profile.outgoing, "smtp"),
            leave_on_server=profile.leave_on_server,
            delete_after_days=profile.delete_after_days,
            check_interval=profile.check_interval,
            folders={
                name: self._fill(f"folders.{name}", text, lambda path: folder(path, profile.incoming))
                for name, text in sorted((profile.folders or {}).items())
            },
            ca_file=profile.ca_file,
        )
        for name, places in self._missing.items():
            self.problems.append(self._missing_message(name, places))
        return account

    def _missing_message(self, name: str, places: list[str]) -> str:
        message = f"{self._where}: {{{name}}} has no value (used in {comma_list(places)}): "
        if name in variables.SOURCES:
            return f"{message}give the user {variables.SOURCES[name]}"
        if name in variables.BUILT_IN:
            return f"{message}no host is known here"
        return f"{message}give it in the user's variables{nearest(name, self._user.variables)}"

    def _fill(self, name: str, text: str | None, check: Callable[[Any], str], escape: Callable[[str], str] | None = None) -> Any:
        if text is None:
            return None
        template = variables.parse(text)
        missing = [variable for variable in template.names if variable not in self._values]
        for variable in missing:
            self._missing.setdefault(variable, []).append(name)
        if missing:
            return ""
        known = self._values
        if escape:
            known = {variable: escape(known[variable]) for variable in template.names}
        try:
            return check(template.fill(known))
        except Invalid as exc:
            self.problems.append(f"{self._where}: {name}: {exc}")
            return ""

    def _signature(self) -> str | None:
        escape = html.escape if self._profile.signature_format == "html" else None
        return self._fill("signature", self._profile.signature, values.signature, escape)

    def _server(self, side: str, server: _AnyServer, protocol: str) -> _AnyServer:
        command = server.password_command
        if is_sealed(server.password):
            self.problems.append(f"{self._where}: {side}.password: is encrypted, and only mail_account can open it, with store_key")
        return replace(
            server,
            host=self._fill(f"{side}.host", server.host, values.host),
            port=server.port or derived_port(protocol, server.security),
            username=self._fill(f"{side}.username", server.username, values.word),
            password=self._fill(f"{side}.password", server.password, _password),
            password_command=command and self._command(f"{side}.password_command", command),
        )

    def _command(self, name: str, command: tuple[str, ...]) -> tuple[str, ...]:
        words = []
        for argument in command:
            word = self._fill(name, argument, values.text)
            if variables.parse(argument).names and word.startswith("-"):
                self.problems.append(f"{self._where}: {name}: a variable's value must not begin with '-'")
            words.append(word)
        return tuple(words)
