# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What libpq understands by a URL, and what it means when it cannot connect."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import Iterator, Mapping

from .._model.errors import MailopsError
from . import password_in_url

# Parameters of libpq that are secrets themselves.
_SECRETS = ("password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret")

# Parameters that say which store it is.
_PLACES = ("user", "host", "hostaddr", "port", "dbname", "service")

# When libpq cannot connect there is no SQLSTATE, only a text, which may quote what must not be shown. The first that is found counts:
# with several servers, what one that lives says is more to the point.
_CONNECT_PROBLEMS = (
    ("password authentication failed", "the server refuses this role or its password; correct the passfile, service file or PGPASSWORD, "
     "or give another role in the URL"),
    ("no password supplied", "the server asks for a password and none was found; put it into a passfile (~/.pgpass, mode 0600), "
     "a service file or PGPASSWORD"),
    ('role ".*" does not exist', "the server does not have this role; create it, or give another one in the URL"),
    ('database ".*" does not exist', "the server does not have this database; create it, or give another one in the URL"),
    ("not permitted to log in", "this role may not log in; ALTER ROLE ... LOGIN, or give another one in the URL"),
    ("permission denied for database", "this role may not connect to the database; GRANT CONNECT on it"),
    ("no pg_hba.conf entry|pg_hba.conf rejects", "the server does not let this role in from here; add a line to its pg_hba.conf, "
     "or connect with TLS (sslmode=require)"),
    ("authentication failed", "the server does not accept this user as the role; correct pg_hba.conf and pg_ident.conf on the server, "
     "or give another role in the URL"),
    ("does not support SSL|server does not support TLS", "the server does not offer TLS, which sslmode asks for; switch ssl on in "
     "postgresql.conf"),
    ("certificate verify failed", "the TLS certificate of the server is not of a CA that this controller trusts; give its CA's file in "
     "sslrootcert"),
    ("server certificate for .* does not match|server common name", "the TLS certificate of the server is for another name; give "
     "the name in it as the host"),
    ("root certificate file", "sslrootcert, the file with the CA's certificate, cannot be read; give the path of one"),
    ("(certificate|private key) file|SSL error", "TLS does not work with this server; check sslcert, sslkey and sslmode"),
    ("session is (not )?read-only|not in hot standby|in hot standby", "none of the servers is what target_session_attrs asks for; "
     "give the one that is"),
    ("too many (clients|connections)|remaining connection slots", "the server has no connection left; raise max_connections, or put a "
     "pooler in front of it"),
    ("database system is", "the server is starting up or shutting down; run again when it is ready"),
    ("definition of service|service file", "there is no such service in the service file; correct it (PGSERVICEFILE, ~/.pg_service.conf)"),
    ("timeout expired", "the server does not answer in time; check host, port and firewall"),
    ("resolve host|translate host name|name resolution|Name or service not known|'idna' codec", "the host name is not known; check its spelling, and DNS"),
    ("closed the connection|Connection reset", "the server ended the connection before it was ready; run again when the server works, "
     "its log tells why"),
    ("Connection refused|No such file or directory|No route to host|unreachable", "no server listens there; start it, or check host, "
     "port and firewall"),
    ("invalid (port number|integer value)", "a number in the URL, or in a PG... variable of the environment, is not a number; correct it"),
    ("unrecognized configuration parameter", "options in the URL has a setting that the server does not know; correct it"),
    ("invalid .* value", "a parameter in the URL has a value that libpq does not know; compare it with libpq's documentation"),
)  # fmt: skip

_MAX_TEXT = 4000  # a server may send any, and some patterns take the square of its length


def parameters(url: str, source: str) -> dict[str, str]:
    """What the URL says, by libpq's own rules: a password may be percent-encoded, or stand where a name belongs."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        found = conninfo_to_dict(url) if url.isprintable() else None
    except ProgrammingError:  # it quotes a part of the URL
        found = None
    if found is None:
        raise MailopsError(
            f"{source}: is not a URL that libpq understands; give postgresql://[ROLE@]HOST[:PORT]/DATABASE[?PARAMETER=VALUE&...]"
        )
    if any(name in found for name in _SECRETS) or ":" in found.get("user", ""):
        raise password_in_url(source)
    return found


@contextmanager
def environment(environ: Mapping[str, str]) -> Iterator[None]:
    """The ``PG...`` variables of ``environ`` in this process, for libpq, which reads them when it connects. Not longer: every program that
    is started meanwhile would inherit them."""
    before = {name: os.environ.get(name) for name in environ if name.startswith("PG")}
    os.environ.update({name: environ[name] for name in before})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def database(given: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str | None, ...]:
    """Which database the parameters, and libpq's defaults and environment, lead to. Not as whom: roles share it."""
    from psycopg.pq import Conninfo

    with environment(environ):
        defaults = {option.keyword.decode(): option.val.decode() for option in Conninfo.get_defaults() if option.val}
    known = {**defaults, **given}
    if "service" not in known:
        known.setdefault("dbname", known.get("user"))
    return "postgresql", *(known.get(name) for name in ("service", "host", "hostaddr", "port", "dbname"))


def location(url: str) -> str:
    """The URL without what only says how to connect."""
    place, _mark, query = url.partition("?")
    shown = "&".join(pair for pair in query.split("&") if pair.partition("=")[0] in _PLACES)
    return f"{place}?{shown}" if shown else place


def connect_problem(text: str) -> str:
    """Text of an exception -> a sentence."""
    text = text[:_MAX_TEXT]
    for pattern, sentence in _CONNECT_PROBLEMS:
        if re.search(pattern, text):
            return sentence
    return "cannot connect, for a reason that is not known here; psql with the same URL tells it"
