# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords in stores, under marked keys: stored, changed, copied, moved, deployed, refused; then from one key to the next.

And what a database server and its client library, and the parser of hand-written files, make of passwords.
"""

from __future__ import annotations

import re
from typing import Any

from ...profiles import bare_profile, profile
from .detector import Secrets
from .stories import CONTROLLER, PLAY, Tasks, play, to_yaml

KINDS = ("sqlite", "directory", "postgresql")
TEAM = f"{CONTROLLER}/team"
BROKEN = f"{CONTROLLER}/broken"
DOCUMENT = "a-word-of-every-document"  # no secret, but statements must not hold it
SEALED = re.compile(r"\$mailops\$1\$[\w-]+\$[\w-]+\$[\w-]+")
STATEMENTS = "/run/records/statements"
KEYS = ("right", "next", "wrong")
DEPLOYED = "/srv/sealed"
SHOWING = ("before the new key", "after the new key", "all profiles, shown")  # tasks whose results hold sealed passwords
# What killed writers leave beside their stores: the kind, the path of the store, the leftover.
KILLED = (("sqlite", f"{TEAM}/profiles.db", f"{TEAM}/profiles.db-journal"),
          ("directory", f"{TEAM}/profiles.d", f"{TEAM}/profiles.d/.mailops/journal"))  # fmt: skip
# What leaks on purpose -> where it must be found, at least.
CONTROLS = {"statement": ("/log, 0644, afterwards", "statements of PostgreSQL's sessions")}

# Who may have the administrator's environment: what leads to ansible-playbook, itself, and what it starts on the controller.
_WITH_ENVIRONMENT = tuple(
    f"environment of {program}" for program in ("nsenter", "setpriv", "env", "ansible-playbook", "ssh", "sftp")
)


def location(kind: str, port: str) -> str:
    return {
        "sqlite": f"{TEAM}/profiles.db",
        "directory": f"directory://{TEAM}/profiles.d",
        "postgresql": f"postgresql://team@127.0.0.1:{port}/team?passfile={PLAY}/passfile",
    }[kind]


class Marked:
    """The secrets of all plays with stores."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self.keys = {name: secrets.make(f"key-{name}") for name in KEYS}
        self.environment = {
            "MAILOPS_STORE_KEY": secrets.make("key-environment", allowed=_WITH_ENVIRONMENT),
            "PGPASSWORD": secrets.make("role-team", allowed=_WITH_ENVIRONMENT),
        }
        self.stranger = secrets.make("role-stranger")
        self.refused: dict[str, str] = {}
        deployed = (f"{DEPLOYED}/*/.*", f"{DEPLOYED}/*/.config/mailops/*/*.password")
        self.passwords = {
            kind: {name: secrets.make(f"{kind}-{name}", allowed=deployed) for name in ("first", "second", "other")}
            for kind in (*KINDS, "ssh")
        }

    def refuse(self, form: str = "Mk7-{name}-{first}-{second}", allowed: tuple[str, ...] = ()) -> str:
        """A template for a value that is refused, and so is nowhere."""
        name = f"refused{len(self.refused)}"
        self.refused[name] = self._secrets.make(name, form, allowed)
        return f"{{{{ refused.{name} }}}}"

    def database(self) -> dict[str, Any]:
        """What database.py makes."""
        return {
            "roles": {"team": self.environment["PGPASSWORD"], "stranger": self.stranger},
            "databases": {"team": "team", "second": "team"},
            "statement": f"SELECT pg_sleep(0.3), '{self._secrets.make('control-statement')}'",
            "record": STATEMENTS,
        }


def files(secrets: Secrets, marked: Marked, port: str) -> dict[str, str | bytes]:
    """What lies beside the playbooks."""
    return {
        **{f"key-{name}": f"{key}\n" for name, key in marked.keys.items()},
        "key-binary": secrets.make("key-binary").encode() + b"\xff",
        "passfile": f"*:*:*:team:{marked.environment['PGPASSWORD']}\n*:*:*:stranger:{marked.stranger}\n",
        "passfile-wrong": f"*:*:*:*:{secrets.make('role-wrong')}\n",
        "services": f"[second]\nhost=127.0.0.1\nport={port}\ndbname=second\nuser=stranger\n"
        f"password={secrets.make('role-service')}\n[broken]\npasswort={secrets.make('role-broken-service')}\n",
    }


def stores(marked: Marked, port: str) -> dict[str, str]:
    """Each store's life, one after the other: the profiles move from each to the next."""
    tasks = Tasks()
    for kind, following in zip(KINDS, (*KINDS[1:], None)):
        _life(tasks, kind, location(kind, port), following and location(following, port))
    _mistakes(tasks, marked, location("sqlite", port))
    _server(tasks, port)
    known = {"keys": marked.keys, "passwords": marked.passwords, "refused": marked.refused}
    return {"stores.yml": to_yaml([play(tasks)]), "stores-known.yml": to_yaml(known)}


def _shared(password: str, name: str = "shared", **changes: Any) -> dict[str, Any]:
    return profile(name, password, description=DOCUMENT, **changes)


def _user(name: str) -> dict[str, Any]:
    return {"name": name, "email": f"{name}@example.org", "display_name": name.title()}


def _deployment(directory: str, **other: Any) -> dict[str, Any]:
    return {"users": [_user("alice")], "clients": ["msmtp", "mbsync"], "dest": f"{DEPLOYED}/{directory}-{{UserName}}", **other}


def _life(tasks: Tasks, kind: str, store: str, following: str | None) -> None:
    """A store without passwords and with them, with every one of the modules."""
    first, second, other = (f"{{{{ passwords.{kind}.{name} }}}}" for name in ("first", "second", "other"))
    here, key, wrong = {"store": store}, {"store_key": "{{ keys.right }}"}, {"store_key_file": f"{PLAY}/key-wrong"}
    new = {"store_key": "{{ keys.next }}"}
    dry = {"check_mode": True}

    def do(title: str, module: str, fails: bool = False, **arguments: Any) -> None:
        keywords = {name: arguments.pop(name) for name in ("check_mode", "register", "vars") if name in arguments}
        tasks.do(f"{kind}: {title}", f"mailops.profiles.{module}", {**here, **arguments}, fails, **keywords)

    def deploy(title: str, fails: bool = False, **arguments: Any) -> None:
        selected = {} if "profile_definitions" in arguments else {"profiles": ["shared"]}
        do(f"deployed {title}", "mail_account", fails, **_deployment(kind), **selected, **arguments)

    do("a password without a key", "mail_profile", True, **_shared(first))
    do("passwords without a key", "mail_profiles", True, profiles=[_shared(first)])
    for check in (dry, {}):
        do(f"a password {check}", "mail_profile", **_shared(first), **key, **check)
    do("the same again", "mail_profile", **_shared(first), **key)
    for check in (dry, {}):
        do(f"another password {check}", "mail_profile", name="shared", incoming={"password": second}, **key, **check)
    do("another password, with the wrong key", "mail_profile", True, name="shared", incoming={"password": first}, **wrong)
    do("a list", "mail_profiles", profiles=[_shared(other, "other"), bare_profile("plain")], **key)
    do("a list, with the wrong key", "mail_profiles", True, profiles=[_shared(first), _shared(other, "another")], **wrong)
    do("a copy without the key", "mail_profile", True, name="copy", copy_from="shared")
    do("a copy with the wrong key", "mail_profile", True, name="copy", copy_from="shared", **wrong)
    do("a copy", "mail_profile", name="copy", copy_from="shared", **key)
    do("another server without the key", "mail_profile", True, name="copy", incoming={"host": "imap.example.com"})
    do("another server", "mail_profile", name="copy", incoming={"host": "imap.example.com"}, **key)
    do("renamed without the key", "mail_profile", name="renamed", renamed_from="copy")
    do("removed", "mail_profile", name="renamed", state="absent")
    do("before the new key", "mail_profile_info", register="before")
    if kind == "sqlite":
        deploy("without the key", True)
        deploy("with the wrong key", True, **wrong)
        deploy("from definitions without the key", True, profile_definitions="{{ before.profiles }}")
    deploy("dry", **key, **dry)
    deploy("with the key", **key)
    deploy("from definitions", profile_definitions="{{ before.profiles }}", **key)
    moved = "{{ [before.profiles[-1] | combine({'%s': before.profiles[-1].%s | combine({'%s': %s})})] }}"
    for title, change in {
        "from a forged host": ("incoming", "incoming", "host", "'imap.example.net'"),
        "from a moved password": ("incoming", "incoming", "password", "before.profiles[-1].outgoing.password"),
        "from half a password": ("incoming", "incoming", "password", "before.profiles[-1].outgoing.password[:60]"),
    }.items():
        deploy(title, True, profile_definitions=moved % change, **key)
    do("a new key without the old one", "mail_profiles", True, store_key_new="{{ keys.next }}")
    do("a new key with the wrong one", "mail_profiles", True, store_key_new="{{ keys.next }}", **wrong)
    for check in (dry, {}):
        do(f"a new key {check}", "mail_profiles", store_key_new="{{ keys.next }}", **key, **check)
    do("after the new key", "mail_profile_info", register="after", **new)
    deploy("with the old key", True, **key)
    deploy("with the new key", **new)
    if following is None:
        do("all removed", "mail_profiles", profiles=[], purge=True, allow_empty=True)
        do("all back", "mail_profiles", profiles="{{ after.profiles }}")
        return
    for check in (dry, {}):  # without a key: the store is empty
        do(f"moved on {check}", "mail_profiles", profiles="{{ after.profiles }}", store=following, **check)
    do("moved, another key", "mail_profiles", True, profiles="{{ before.profiles }}", store=following, **new)
    do("moved, all removed", "mail_profiles", store=following, profiles=[], purge=True, allow_empty=True)


def _mistakes(tasks: Tasks, marked: Marked, store: str) -> None:
    def do(title: str, module: str = "mail_profiles", **arguments: Any) -> None:
        profiles = {"profiles": [_shared(marked.refuse())]} if module == "mail_profiles" else {}
        given = {name: value for name, value in {"store": store, **profiles, **arguments}.items() if value is not None}
        tasks.do(title, f"mailops.profiles.{module}", given, fails=True)

    for title, key in {
        "a list": [marked.refuse()], "a mapping": {"value": marked.refuse()}, "a newline": f"{marked.refuse()}\nx",
        "a control character": f"{marked.refuse()}\x07", "too long": f"{{{{ {marked.refuse()[3:-3]} * 200 }}}}",
    }.items():  # fmt: skip
        do(f"a key that is or has {title}", store_key=key)
        do(f"a new key that is or has {title}", profiles=None, store_key="{{ keys.next }}", store_key_new=key)
        do(f"a key of mail_account that is or has {title}", "mail_account", **_deployment("x", profiles=["shared"]), store_key=key)
    for path in (f"{PLAY}/key-binary", f"{PLAY}/no-such-file", PLAY, "key-right"):
        do(f"a key in {path}", store_key_file=path)
    do("two keys", store_key=marked.refuse(), store_key_file=f"{PLAY}/key-right")
    do("a misspelt key", store_kye=marked.refuse())
    do("a new key and profiles", store_key="{{ keys.next }}", store_key_new=marked.refuse())
    for begins in ("$mailops$1$", "$mailops$2$x$", "$mailops$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAA$"):
        password = marked.refuse(f"{begins}{{first}}{{second}}")
        do(f"no whole encrypted password, {len(begins)}", profiles=[_shared(password)], store_key="{{ keys.next }}")
    tasks.do("a key file for everybody", "ansible.builtin.command", {"argv": ["chmod", "604", f"{PLAY}/key-wrong"]})
    do("a key that everybody may read", store_key_file=f"{PLAY}/key-wrong")
    tasks.do("a key file for nobody else", "ansible.builtin.command", {"argv": ["chmod", "600", f"{PLAY}/key-wrong"]})


def _server(tasks: Tasks, port: str) -> None:
    """What libpq and the server have to say."""
    for title, url in {
        "a wrong password": f"postgresql://team@127.0.0.1:{port}/team?passfile={PLAY}/passfile-wrong",
        "no password": f"postgresql://team@127.0.0.1:{port}/team?passfile={PLAY}/no-such-file",
        "no rights": f"postgresql://stranger@127.0.0.1:{port}/team?passfile={PLAY}/passfile",
        "no TLS": f"postgresql://team@127.0.0.1:{port}/team?passfile={PLAY}/passfile&sslmode=require",
        "no database": f"postgresql://team@127.0.0.1:{port}/none?passfile={PLAY}/passfile",
        "no server": f"postgresql://team@127.0.0.1:1/team?passfile={PLAY}/passfile",
    }.items():
        for module, given in (("mail_profile", {**_shared("{{ passwords.postgresql.other }}"), "store_key": "{{ keys.right }}"}),
                              ("mail_account", _deployment("x", profiles=["shared"]))):  # fmt: skip
            tasks.do(f"{title}, {module}", f"mailops.profiles.{module}", {**given, "store": url}, fails=True)


def deployed() -> set[str]:
    """The secrets that are in files in the end: where they were deployed, and where somebody wrote them by hand."""
    sealed = {f"{kind}-{name}" for kind in KINDS for name in ("first", "second")}
    return {"ssh-first", *sealed, *(f"broken{number}" for number in range(len(_BROKEN)))}


# --- files that people wrote ---

_BROKEN = {
    "a quote that does not end": 'incoming: {host: imap.example.org, password: "%s\n',
    "a bracket that does not end": "incoming: {host: imap.example.org, password: %s\n",
    "a tab": "incoming:\n  host: imap.example.org\n\tpassword: %s\n",
    "two colons": "incoming:\n  password: %s: x\n",
    "an indentation": "incoming:\n  host: imap.example.org\n   password: %s\n",
    "no colon": "incoming:\n  password %s\n  host: imap.example.org\n",
    "an alias": "incoming: {host: imap.example.org, password: *%s}\n",
    "an anchor": "incoming: {host: imap.example.org, password: &%s x}\n",
    "a tag": "incoming: {host: imap.example.org, password: !%s x}\n",
    "a directive": "%%%s\n---\nincoming: {}\n",
    "a control character": 'incoming: {host: imap.example.org, password: "%s\x07"}\n',
    "an escape": 'incoming: {host: imap.example.org, password: "%s\\q"}\n',
    "not UTF-8": 'incoming: {host: imap.example.org, password: "%s\udcff"}\n',
    "a second document": "incoming: {host: imap.example.org}\n---\npassword: %s\n",
    "a text": "%s\n",
    "a password": "incoming: {host: imap.example.org, password: %s}\noutgoing: {host: smtp.example.org}\n",
    "twice": "incoming: {host: imap.example.org, password: x, password: %s}\noutgoing: {host: smtp.example.org}\n",
    "a list": "incoming: {host: imap.example.org, password: [%s]}\noutgoing: {host: smtp.example.org}\n",
    "a mapping": "incoming: {host: imap.example.org, password: {%s: null}}\noutgoing: {host: smtp.example.org}\n",
    "a server": "incoming: imaps://jane:%s@imap.example.org\noutgoing: {host: smtp.example.org}\n",
    "a mixture": 'incoming: {host: imap.example.org, password: "%s{UserEmail}"}\noutgoing: {host: smtp.example.org}\n',
    "sealed": "incoming: {host: imap.example.org, password: $mailops$1$%s}\noutgoing: {host: smtp.example.org}\n",
    "an id": "id: %s\nincoming: {host: imap.example.org}\noutgoing: {host: smtp.example.org}\n",
    "a revision": "revision: %s\nincoming: {host: imap.example.org}\noutgoing: {host: smtp.example.org}\n",
}


def broken(secrets: Secrets) -> tuple[dict[str, bytes], str]:
    """Directories (path -> content of their one file) with passwords where the parser stumbles, and the play that reads them."""
    contents, tasks = {}, Tasks()
    for number, (title, text) in enumerate(_BROKEN.items()):
        path = f"{BROKEN}/{number}/work.yml"
        contents[path] = (text % secrets.make(f"broken{number}", allowed=(path,))).encode(errors="surrogateescape")
        store = {"store": f"directory://{BROKEN}/{number}"}
        for module, given in (("mail_profile_info", {}), ("mail_profile", profile("work", description="x")),
                              ("mail_account", _deployment("x", profiles=["work"]))):  # fmt: skip
            tasks.do(f"{title}, {module}", f"mailops.profiles.{module}", {**store, **given}, fails=True)
    return contents, to_yaml([play(tasks)])


# --- the key and the server's password in the environment; hosts over ssh ---


def environment(port: str) -> dict[str, str]:
    url = f"postgresql://team@127.0.0.1:{port}/second"
    local, remote = Tasks(), Tasks()
    first = "{{ passwords.ssh.first }}"
    local.do("a password", "mailops.profiles.mail_profile", {**_shared(first), "store": url})
    local.do("all profiles, shown", "mailops.profiles.mail_profile_info", {"store": url}, register="info")
    for title, store in {
        "another role's password": f"postgresql://stranger@127.0.0.1:{port}/second",
        "a service's password": "postgresql:///second?service=second",
        "a broken service": "postgresql:///second?service=broken",
    }.items():
        local.do(title, "mailops.profiles.mail_profile", {**_shared(first), "store": store}, fails=True)
    for title, given in {
        "from the store": {"profiles": ["shared"], "store": url},
        "from definitions": {"profile_definitions": "{{ hostvars.localhost.info.profiles }}"},
        "with another key": {"profiles": ["shared"], "store": url, "store_key": "{{ keys.wrong }}"},
        "with a key in a file": {"profiles": ["shared"], "store": url, "store_key_file": f"{PLAY}/key-right"},
    }.items():
        deployment = {**_deployment("{HostName}"), "profiles": None, "report_path": None, **given}
        variables = {f"mail_accounts_{name}": value for name, value in deployment.items()}
        role = {"ansible.builtin.include_role": {"name": "mailops.profiles.mail_accounts"}, "vars": variables}
        rescue = [{"name": "rescued", "ansible.builtin.debug": {"msg": "refused"}}] if " key" in title else []
        remote.append({"name": title, "block": [role], **({"rescue": rescue} if rescue else {})})
    plays = [play(local, module_defaults={}), play(remote, hosts="desk,booth", module_defaults={}, become=True)]
    return {"environment.yml": to_yaml(plays)}
