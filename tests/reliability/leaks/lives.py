# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of accounts: their playbook, what users have and do, and which secrets are in homes in the end."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import all_clients, names
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import derived_key

from .detector import Secrets
from .stories import AWKWARD, CONTROLLER, PLAY, PROFILES, STORE, Tasks, Vaulted, encrypted, play, to_yaml

USERS = ("alice", "bob", "carol", "dave", "erin")
# The rest of the clients adds no new channel, and time to all tasks: they come in two tasks.
CLIENTS = ["neomutt", "msmtp", "mbsync", "fetchmail", "thunderbird"]
TEMPLATED = [".leakrc", ".vaultedrc"]
# An administrator's own templates: a good one, and two which fail in the middle of a password.
TEMPLATES = {
    "leak.j2": "{{ account.incoming.password | bool }} {{ account.incoming.password }} {{ user.variables.MailToken }}\n"
    "{{ account.outgoing.password | b64encode }}\n",
    "json.j2": "{{ account.incoming.password | from_json }}\n",
    "undefined.j2": "{{ account[account.incoming.password] }}\n",
    "syntax.j2": "{% if account.incoming.password %}{%Mk7-syntax\n",
}
SHARED = "/srv/shared"  # with a mode of 0640, because the task says so
BACKUPS = ".local/state/mailops/backups/*"

# A user's own passwords, in files that get a block of ours, and in one that does not.
OWN_LINES = {
    ".mbsyncrc": 'IMAPAccount own\nHost mail.example.net\nPass "{}"\n',
    ".muttrc": "set imap_pass='{}'\n",
    ".msmtprc": "account own\nhost mail.example.net\npassword {}\n",
    ".fetchmailrc": "poll mail.example.net user me password '{}'\n",
    ".netrc": "machine mail.example.net login me password {}\n",
}


def home_of(user: str) -> list[str]:
    """Where a user's password belongs: the files of the clients, and copies of those that the user has edited."""
    places = (f"/home/{user}", f"/srv/setup/{user}", f"{SHARED}/{user}")
    paths = [path for client in all_clients() for path in client.paths] + TEMPLATED
    return [*(f"{top}/{path}" for top in places for path in paths), f"/home/{user}/{BACKUPS}"]


def life(secrets: Secrets) -> dict[str, str]:
    """Passwords from users, variables, vaults, facts, lookups and defaults; deployed, changed, edited by users, refused, removed."""
    new = {name: secrets.make(f"{name}-new", AWKWARD if name in ("bob", "erin") else "Mk7-{name}-{first}-{second}", home_of(name))
           for name in USERS}  # fmt: skip
    tokens = {name: secrets.make(f"{name}-token", allowed=home_of(name)) for name in USERS}
    old = {name: secrets.make(f"{name}-old") for name in USERS}
    known: dict[str, Any] = {
        "old_passwords": old,
        "tokens": {name: Vaulted(token) for name, token in tokens.items()},
        "alice_inline": Vaulted(new["alice"]),
    }
    vaulted = encrypted(to_yaml({"bob_in_file": new["bob"]}))
    in_template = secrets.make("vaulted-template", allowed=[path for name in USERS for path in home_of(name)])
    sources = {
        "alice": "{{ alice_inline }}",
        "bob": "{{ bob_in_file }}",
        "carol": f"{{{{ lookup('ansible.builtin.file', '{PLAY}/carol') }}}}",
        "dave": "{{ dave_fact }}",
        "erin": f"{{{{ lookup('ansible.builtin.pipe', 'cat {PLAY}/erin') }}}}",
    }
    variables = {
        "users": [entry_of(name, sources[name]) for name in USERS],
        "old_users": [entry_of(name, f"{{{{ old_passwords.{name} }}}}") for name in USERS],
    }
    book = [play(_tasks(), vars=variables, vars_files=[f"{PLAY}/known.yml", f"{PLAY}/vaulted.yml"])]
    return {
        "life.yml": to_yaml(book), "known.yml": to_yaml(known), "vaulted.yml": vaulted,
        **TEMPLATES, "vaulted.j2": encrypted(f"{in_template} {{{{ account.email }}}}\n"),
        "carol": new["carol"], "dave": new["dave"], "erin": new["erin"],
    }  # fmt: skip


def entry_of(name: str, password: str, **other: Any) -> dict[str, Any]:
    return {
        "name": name, "email": f"{name}@example.org", "display_name": name.title(), "password": password,
        "variables": {"MailToken": f"{{{{ tokens.{name} }}}}"}, **other,
    }  # fmt: skip


def _tasks() -> list[dict[str, Any]]:
    tasks = Tasks()
    do = tasks.do

    def edit(title: str, **arguments: Any) -> None:
        for check_mode in (True, False):
            do(f"{title}{', dry' if check_mode else ''}", "mailops.profiles.mail_profile", arguments, check_mode=check_mode)

    def deploy(title: str, fails: bool = False, keywords: dict[str, Any] | None = None, **arguments: Any) -> None:
        defaults = {"users": "{{ users }}", "profiles": ["work", "token", "old", "command"], "clients": CLIENTS}
        given = {key: value for key, value in {**defaults, **arguments}.items() if value is not None}
        do(title, "mailops.profiles.mail_account", given, fails, register="deployed", **(keywords or {}))

    def users_do(what: str) -> None:
        do(f"users: {what}", "ansible.builtin.command", {"argv": ["sh", f"{PLAY}/users.sh", what]})

    dry = {"check_mode": True}
    do("the fact", "ansible.builtin.set_fact", {"dave_fact": f"{{{{ lookup('ansible.builtin.file', '{PLAY}/dave') }}}}"}, no_log=True)
    for check_mode in (True, False):
        do("profiles", "mailops.profiles.mail_profiles", {"profiles": PROFILES}, check_mode=check_mode)
    edit("a copy", name="copy", copy_from="work", incoming={"host": "imap.example.com"}, default=False)
    edit("renamed", name="job", renamed_from="copy")
    edit("cleared", name="job", clear=["signature", "incoming.password"])
    edit("removed", name="job", state="absent")
    do("purge", "mailops.profiles.mail_profiles", {"profiles": PROFILES, "purge": True})
    do("all profiles", "mailops.profiles.mail_profile_info", {}, register="info")
    deploy("validated", validate_only=True)
    deploy("old passwords, dry", users="{{ old_users }}", keywords=dry)
    deploy("old passwords", users="{{ old_users }}")
    deploy("old passwords again", users="{{ old_users }}")
    deploy("new passwords, dry", clients=list(names()), keywords=dry)
    deploy("new passwords", clients=list(names()), report_path=f"{CONTROLLER}/report.json")
    users_do("edit")
    deploy("after the users' edits, dry", fails=True, keywords=dry)
    deploy("after the users' edits", fails=True, report_path=f"{CONTROLLER}/report-drifted.json")
    users_do("mend")
    deploy("mended")
    deploy("users that cannot be served", fails=True, users="{{ users[:2] + [users[2] | combine({'name': 'ghost'}), users[3] | combine({'name': 'root'})] }}")
    deploy("the definitions", profile_definitions="{{ info.profiles }}")
    deploy("from defaults", users=None, keywords={"module_defaults": {"mailops.profiles.mail_account": {"users": "{{ users }}", "store": STORE}}})
    deploy("to a directory", dest="/srv/setup/{UserName}", report_path=f"{CONTROLLER}/report-dest.json")
    deploy("for a group", dest=f"{SHARED}/{{UserName}}", owner="root", group="admin", mode="0640")
    deploy("censored", keywords={"no_log": True})
    deploy("in the background", fails=True, keywords={"async": 30, "poll": 1})
    without_root = [client.name for client in all_clients() if not client.host_files]
    deploy("as herself", users="{{ users[:1] }}", clients=without_root, keywords={"become": True, "become_user": "alice"})
    deploy("as somebody else", fails=True, keywords={"become": True, "become_user": "bob"})
    deploy("with readable temporary files", fails=True, keywords={"vars": {"ansible_shell_allow_world_readable_temp": True}})
    for pipelining in (False, True):
        for interpreter in ("/nonexistent/python", "/bin/cat", "/bin/sh", "/usr/bin/perl", "/bin/false"):
            broken = {"ansible_python_interpreter": interpreter, "ansible_pipelining": pipelining}
            deploy(f"without Python but with {interpreter}, pipelining {pipelining}", fails=True, keywords={"vars": broken})
    do("another mistake than a filter's", "ansible.builtin.debug", {
        "msg": "{{ info.profiles[-1] | mailops.profiles.mail_account(users[0] | combine({'email': 'x'})) }}"}, fails=True)  # fmt: skip
    do("a filter's mistake", "ansible.builtin.debug", {
        "msg": "{{ (info.profiles[-1] | combine({'incoming': {'password': tokens.alice}})) | mailops.profiles.mail_account(users[0]) }}",
    }, fails=True)  # fmt: skip
    templates = [{"src": f"{PLAY}/{name}", "dest": dest} for name, dest in zip(("leak.j2", "vaulted.j2"), TEMPLATED)]
    deploy("templates, dry", templates=templates, keywords=dry)
    deploy("templates", templates=templates)
    for name in ("json.j2", "undefined.j2", "syntax.j2"):
        deploy(f"a template that fails, {name}", fails=True, templates=[{"src": f"{PLAY}/{name}", "dest": ".leakrc"}])
    deploy("a template for everybody to read", fails=True, templates=[{"src": f"{PLAY}/leak.j2", "dest": ".leakrc", "mode": "0644"}])
    deploy("one leaves", users="{{ users[:3] + users[4:] + [{'name': 'dave', 'state': 'absent'}] }}")
    do("what was returned", "ansible.builtin.debug", {"var": "deployed"})
    return tasks


def users_own(secrets: Secrets) -> tuple[dict[tuple[str, str], str], str]:
    """What users have in their files already (user, path -> content), and the script of what they do later."""
    files: dict[tuple[str, str], str] = {}
    for path, line in OWN_LINES.items():
        files["alice", path] = line.format(secrets.make(f"alice-own{path}", allowed=[f"/home/alice/{path}", f"/home/alice/{BACKUPS}"]))
    owned = f".config/mailops/neomutt/{derived_key('work')}.muttrc"
    files["bob", owned] = f"# {secrets.make('bob-own', allowed=[f'/home/bob/{BACKUPS}'])}\n"
    edited = {name: secrets.make(f"{name}-edited", allowed=home_of(name)) for name in USERS}
    record = ".local/state/mailops/default.json"
    script = f"""
        set -eu
        umask 077
        case $1 in
        edit)
            cd /home/alice
            echo '# {edited['alice']}' > .own  # not as an argument of a program
            sed -i '/^host /r .own' .msmtprc
            sed -i '/^Port /r .own' .mbsyncrc
            rm .own
            cd /home/bob  # a record that says something else
            sed -i 's/"redacted": "/"redacted": "nothing of ours /g; s/"sha256": \\["[0-9a-f]*/"sha256": ["{'0' * 64}/' {record}
            echo '# {edited['bob']}' >> {owned}
            cd /home/carol  # no record at all, and one that is no record
            echo '{edited['carol']}' > {record}
            echo '# {edited['carol']}' > .msmtprc
            cd /home/dave  # traps
            rm .mbsyncrc && mkdir .mbsyncrc && ln -sf /etc/passwd .muttrc
            cd /home/erin  # markers that are not one pair
            printf '# END mailops.profiles default\\n# {edited['erin']}\\n# BEGIN mailops.profiles default\\n' >> .msmtprc
            ;;
        mend)
            rmdir /home/dave/.mbsyncrc
            rm /home/dave/.muttrc /home/erin/.msmtprc
            ;;
        esac
    """
    return files, script


def deployed() -> set[str]:
    """The secrets that are in homes in the end, or in the backups of what users had there. Dave has left, and all places of that instance were
    cleared."""
    leaves = {f"{name}-{kind}" for name in USERS if name != "dave" for kind in ("new", "token")}
    return leaves | {"bob-own", *(f"alice-own{path}" for path in OWN_LINES)} | {f"{name}-ssh" for name in USERS[:4]} | {f"{name}-edited" for name in USERS[:3]}
