# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is played in the room: the life of accounts with passwords from everywhere, and every mistake that the tests know, with a
marked password in each field that may hold one."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import yaml

from ansible.parsing.vault import VaultLib, VaultSecret

from ...profiles import SERVERS, bare_profile, profile
from .detector import Secrets

CONTROLLER = "/srv/controller"
PLAY = f"{CONTROLLER}/play"
STORE = f"{CONTROLLER}/store/profiles.db"
VAULT_KEY = b"the key of the vault"
# A password that quoting, escaping and templating could get wrong.
AWKWARD = "it's \"{first}\" \\ $HOME `{second}` %s {{UserPassword}} ż"

PROFILES = [
    profile("work", account_name="{UserDisplayName} (work)", signature="{UserDisplayName}\n", default=True),
    profile("token", "{MailToken}", variables={"MailToken": None}),
    profile("old", account_type="pop", incoming={"host": "pop.example.org", "password": "{UserPassword}"}),
    bare_profile("command", incoming__password_command=["pass", "show", "mail"]),
]


# --- YAML with vaulted values ---


class Vaulted(str):
    pass


class _Dumper(yaml.SafeDumper):
    pass


def _vaulted(dumper: yaml.SafeDumper, value: Vaulted) -> yaml.ScalarNode:
    return dumper.represent_scalar("!vault", encrypted(str(value)), style="|")


_Dumper.add_representer(Vaulted, _vaulted)


def encrypted(text: str) -> str:
    return VaultLib([("default", VaultSecret(VAULT_KEY))]).encrypt(text).decode()


def to_yaml(data: Any) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


# --- mistakes ---

Case = tuple[str, str, dict[str, Any]]  # title, module, arguments


def _shapes(secret: Callable[..., str]) -> Iterator[tuple[str, Any]]:
    """A password that is none, in every way."""
    yield "a list", [secret()]
    yield "a mapping", {"value": secret()}
    yield "an unquoted variable", {secret(form="{first}{second}"): None}
    yield "a mapping of a mapping", {secret(form="{first}{second}"): {secret(): None}}
    yield "a newline", f"{secret()}\nx"
    yield "a tab", f"x\t{secret()}"
    yield "a NUL", f"{secret()}\0"
    yield "a line separator", f"{secret()}\u2028"
    yield "a bidirectional control", f"\u202e{secret()}"
    yield "too long", secret() * 100


def mistakes(secrets: Secrets) -> list[Case]:
    cases: list[Case] = []

    def secret(form: str = "Mk7-{name}-{first}-{second}") -> str:
        return secrets.make(f"mistake{len(secrets.known)}", form)

    def account(title: str, user: Any = None, **arguments: Any) -> None:
        jane = {"name": "jane", "email": "jane@example.org", "display_name": "Jane", "password": secret()}
        users = {"users": [{**jane, **user} if isinstance(user, dict) else jane if user is None else user]}
        defaults = {"profiles": ["work"], "clients": ["msmtp"], "dest": "/srv/bad/{UserName}"}
        cases.append((f"account: {title}", "mail_account", {**defaults, **users, **arguments}))

    profiles: list[dict[str, Any]] = []

    def of_profile(title: str, **changes: Any) -> None:
        cases.append((f"mail_profile: {title}", "mail_profile", {**profile("work"), **changes}))
        profiles.append(profile(f"wrong{len(profiles)}", **changes))

    users: list[Any] = []
    for number, (title, value) in enumerate(_shapes(secret)):
        users.append({"name": f"jane{number}", "email": "jane@example.org", "password": value, "variables": {"MailToken": value}})
        for side in SERVERS:
            of_profile(f"{side}.password: {title}", **{side: {**SERVERS[side], "password": value}})
        of_profile(f"variables: {title}", variables={"MailToken": value})
        of_profile(f"password_command: {title}", incoming={**SERVERS["incoming"], "password_command": {"x": value}})
        if not isinstance(value, dict):  # the name of a field that there is not is shown
            of_profile(f"incoming: {title}", incoming=value)
            account(f"users: {title}", users=value)
            users.append(value)
    account("passwords of all shapes", users=users)
    for wrong in ({"pasword": secret()}, {"Password": secret()}, {"email": "jane"}, {"email": None}, {"name": "../jane"}, {"name": None},
                  {"state": secret()}, {"state": "gone"}, {"profiles": {"work": secret()}}, {"profiles": ["wrok"]}, {"variables": secret()},
                  {"variables": [secret()]}, {"variables": {"UserPassword": secret()}}, {"variables": {"mail token": secret()}},
                  {"default_profile": "old"}, {"first_name": "a\nb"}, {"display_name": {"a": "b"}}):  # fmt: skip
        account(f"user: {', '.join(wrong)} {wrong if 'Mk7' not in str(wrong) else ''}", wrong)
    jane = {"name": "jane", "email": "jane@example.org", "display_name": "Jane", "password": secret()}
    account("two of one name", users=[jane, {**jane, "password": secret()}])
    account("users by name", users={"jane": secret()})
    account("users as text", users=f"name=jane password={secret()}")
    account("no password", users=[{"name": "jane", "email": "jane@example.org", "display_name": "Jane", "variables": {"MailToken": secret()}}])
    for wrong in ({"clients": ["mstmp"]}, {"clients": []}, {"profiles": ["wrok"]}, {"profiles": ["old", "work", "work"]}, {"mode": 416},
                  {"instance": "a/b"}, {"dest": "x/{UserName}"}, {"dest": "/srv/{UserPassword}"}, {"state": "gone"}, {"pasword": secret()},
                  {"password": secret()}, {"dest": None, "owner": "alice"}, {"store": f"{CONTROLLER}/nothing.db"}, {"store": "/srv"},
                  {"missing_users": "ignore", "dest": None}, {"validate_only": "perhaps"}, {"report_path": "x"}, {"owner": "nobody-there"},
                  {"group": "no-group"}, {"report_path": "/nonexistent/x"}, {"dest": None}, {"profile_definitions": {"work": secret()}},
                  {"link_secret": [secret()]}, {"link_secret_file": secret()},
                  {"profile_definitions": secret()}, {"profile_definitions": [secret()]}, {"clients": {"msmtp": secret()}}):  # fmt: skip
        account(f"option: {', '.join(wrong)}", **wrong)
    for title, wrong in {
        "a literal": {"incoming": {**SERVERS["incoming"], "password": secret()}},
        "a mixture": {"incoming": {**SERVERS["incoming"], "password": f"{secret()}{{UserEmail}}"}},
        "misspelt": {"incoming": {**SERVERS["incoming"], "pasword": secret()}},
        "at the top": {"password": secret()},
        "a text for a server": {"incoming": f"imaps://jane:{secret()}@imap.example.org"},
        "a URL for a host": {"incoming": {"host": f"imaps://jane:{secret()}@imap.example.org"}},
        "a default": {"variables": {"MailToken": secret()}, "incoming": {**SERVERS["incoming"], "password": "{MailToken}"}},
        "a command as text": {"incoming": {**SERVERS["incoming"], "password_command": f"echo {secret()}"}},
        "a command with a variable in it": {
            "incoming": {**SERVERS["incoming"], "password_command": ["echo", f"{secret()}{{UserEmail}}"]},
        },
        "both": {"incoming": {**SERVERS["incoming"], "password": secret(), "password_command": ["pass"]}},
        "in the clear": {"incoming": {**SERVERS["incoming"], "password": secret(), "security": "none"}},
        "and another mistake": {"incoming": {"host": "", "password": secret(), "port": 0}, "email": "jane", "folders": 3},
    }.items():
        of_profile(title, **wrong)
    for store in ("postgresql://jane:{}@db.example.org/mail", "postgresql://db.example.org/mail?password={}", "postgres://jane:{}@h/x y",
                  "directory://jane:{}@host/x", "https://jane:{}@host", "jane:{}@host", "host=db password={}", "sqlite://jane:{}@host/x",
                  "postgresql://jane%3A{}@db.example.org/mail", "postgresql://jane:%4D{}@/mail", "postgresql:///mail?pass%77ord={}",
                  "postgresql:///mail?sslpassword={}", "postgresql://[{}", "postgresql:///mail?{}"):  # fmt: skip
        url = store.format(secret())
        cases.append((f"store: {store.format('')}", "mail_profile", {**profile("work"), "store": url}))
        cases.append((f"store of profiles: {store.format('')}", "mail_profiles", {"profiles": [], "store": url}))
        cases.append((f"store of info: {store.format('')}", "mail_profile_info", {"store": url}))
        account(f"store of accounts: {store.format('')}", store=url)
    # In the other places where profiles may stand, all mistakes at once: each of them is reported.
    cases.append(("mail_profiles: mistakes of all kinds", "mail_profiles", {"profiles": profiles}))
    account("definitions: mistakes of all kinds", profiles=None, profile_definitions=profiles)
    cases.append(("profiles by name", "mail_profiles", {"profiles": {"work": {"password": secret()}}}))
    cases.append(("profiles as text", "mail_profiles", {"profiles": secret()}))
    cases.append(("a text for a profile", "mail_profiles", {"profiles": [secret(), {"name": "x", "password": secret()}]}))
    cases.append(("info, misspelt", "mail_profile_info", {"name": "work", "store_kye": secret()}))
    literal = {"incoming": {"password": secret()}}
    cases.append(("a copy with a literal", "mail_profile", {"name": "copy", "copy_from": "work", **literal}))
    cases.append(("a renamed one with a literal", "mail_profile", {"name": "new", "renamed_from": "work", **literal}))
    cases.append(("given and cleared", "mail_profile", {"name": "work", "clear": ["incoming.password"], **literal}))
    return cases


class Tasks(list[dict[str, Any]]):
    def do(self, title: str, module: str, arguments: dict[str, Any], fails: bool = False, **keywords: Any) -> None:
        marks = {"ignore_errors": True, "ignore_unreachable": True} if fails else {}
        # "fails" in the name, so that the test sees whether it did.
        self.append({"name": f"{'fails: ' if fails else ''}{title}", module: arguments, **marks, **keywords})


def play(tasks: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    return {
        "name": "The leak hunt", "hosts": "localhost", "gather_facts": False,
        "module_defaults": {"group/mailops.profiles.all": {"store": STORE}},
        **other, "tasks": list(tasks),
    }  # fmt: skip


def refusals(cases: list[Case]) -> tuple[str, str]:
    """The playbook, and its variables for --extra-vars: what stands in a playbook is shown by ansible-core 2.19 around an error, and
    files of variables are read again for each task."""
    tasks = []
    for number, (title, module, arguments) in enumerate(cases):
        options = {name: f"{{{{ case{number}.{name} }}}}" for name, value in arguments.items() if value is not None}
        tasks.append({"name": f"case {number}, {title}", f"mailops.profiles.{module}": options, "ignore_errors": True})
    variables = {f"case{number}": arguments for number, (_title, _module, arguments) in enumerate(cases)}
    return to_yaml([play(tasks)]), to_yaml(variables)
