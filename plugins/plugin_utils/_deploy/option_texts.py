# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts with variables in clients' options (``Option.variables``), filled in for each user. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from .._clients._client import Client
from .._model import variables
from .._model.user import User
from .._secrets.links import HINT


def filled(client: Client, options: Mapping[str, Any], user: User, host: str | None) -> Mapping[str, Any]:
    """The client's options as they are for this user, of whom ``check_texts`` finds nothing to say."""
    texts = _texts(client, options)
    if not texts:
        return options
    known = user.variable_values(host)
    return {**options, **{name: template.fill(known) for name, template in texts.items()}}


def check_texts(
    clients: Iterable[Client], options: Mapping[str, Mapping[str, Any]], users: Sequence[User], host: str | None, invalid: dict[str, list[str]]
) -> None:
    """``invalid`` gets the problems of present users who have no value for a variable."""
    for client in clients:
        texts = _texts(client, options[client.name])
        if not any(template.names for template in texts.values()):
            continue
        for user in users:
            if user.state != "present":
                continue
            known = user.variable_values(host)
            found = [
                f"user '{user.name}': client_options.{client.name}.{name}: {{{variable}}} has no value{_remedy(variable, user)}"
                for name, template in texts.items()
                for variable in template.names
                if variable not in known
            ]
            if found:
                invalid.setdefault(user.name, []).extend(found)


def _texts(client: Client, options: Mapping[str, Any]) -> dict[str, variables.Template]:
    given = {option.name: options[option.name] for option in client.options if option.variables}
    return {name: variables.parse(text) for name, text in given.items() if text}


def _remedy(variable: str, user: User) -> str:
    if variable == variables.LINK_TOKEN and user.email:
        return f": {HINT}"
    return f": give the user {variables.SOURCES[variable]}" if variable in variables.SOURCES else ""
