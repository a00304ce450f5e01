# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mail_account: accounts of a host's users, resolved and rendered here, written there in one round trip."""

from __future__ import annotations

import errno
import os
import re
import time
from typing import Any, Mapping, Sequence

from ansible import constants as C
from ansible.errors import AnsibleError

from ansible_collections.mailops.profiles.plugins.plugin_utils import _clients
from ansible_collections.mailops.profiles.plugins.plugin_utils._action import MailopsAction, one_of, text_list
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy import outcome
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import (
    Deployment,
    batches,
    destinations,
    payload,
    plan_deployment,
)
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.program import MODULE, arguments, program
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.templates import Template, read_templates
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import resolve_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError, comma_list, nearest
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import STATES, User, profile_names, read_users
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.values import boolean, identifier
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import OPTIONS as KEY_OPTIONS
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.keys import store_key
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.sealing import revealed
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store, preload

_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=]{40,}")
_MODE = re.compile(r"0[46][04][04]\Z")

# Loaded with this plugin, which happens once in Ansible's own process, and not again in what it forks for each host.
_clients.all_clients()
program()
preload(os.environ)


class ActionModule(MailopsAction):
    OPTIONS = (
        "clients", "dest", "group", "instance", "missing_users", "mode", "owner", "profile_definitions", "profiles",
        "purge_users", "report_path", "state", "store", *KEY_OPTIONS, "templates", "users", "validate_only",
    )  # fmt: skip
    _requires_connection = True

    def work(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        host = task_vars.get("inventory_hostname")
        settings = {**_settings(options), "check": bool(self._task.check_mode), "diff": bool(self._task.diff)}
        purge = _purge(options)
        outcome.check_report_path(options["report_path"])
        users = _users(options)
        deployment = _deployment(options, users, host, settings["instance"], self._templates(options, users, task_vars))
        places = destinations(options["dest"], users, host)
        if _flag(options, "validate_only"):
            return outcome.result(deployment, {}, told=outcome.warnings(deployment))
        self._refuse_exposed_payload(deployment)
        found = self._deploy(deployment, places, settings, purge, task_vars)
        return self._report(found, deployment, options)

    def _templates(self, options: Mapping[str, Any], users: Sequence[User], task_vars: Mapping[str, Any]) -> list[Template]:
        if all(user.state == "absent" for user in users):
            return []  # accounts are removed without them
        inventory = task_vars.get("inventory_dir")
        return read_templates(options["templates"], lambda src: self._template(src, inventory))

    def _template(self, src: str, inventory: str | None) -> tuple[str, bool]:
        """The text of one of the administrator's templates, and whether it is vaulted."""
        try:
            path = self._find_needle("templates", src)
        except AnsibleError:
            # The rollout playbook is part of this collection, and its user's files are where the inventory is.
            path = os.path.join(inventory or "", "templates", src)
            if not inventory or not os.path.isfile(path):
                places = "the templates folder of the role, the playbook or the inventory"
                raise FileNotFoundError(errno.ENOENT, f"there is none in {places}") from None
        real = self._loader.get_real_file(path)  # of a vaulted one a copy in clear
        try:
            with open(real, encoding="utf-8") as file:
                return file.read(), real != path
        finally:
            self._loader.cleanup_tmp_file(real)

    def _deploy(
        self,
        deployment: Deployment,
        places: Mapping[str, str | None],
        settings: Mapping[str, Any],
        purge: bool,
        task_vars: dict[str, Any],
    ) -> dict[str, Any]:
        """What the target reported of all batches, or of those up to the one that failed as a whole (``stopped``: why)."""
        found: dict[str, Any] = {}
        start = time.monotonic()
        total = len(deployment.users)
        for batch in batches(deployment):
            if batch.earlier:
                self._show_progress(task_vars.get("inventory_hostname"), len(batch.earlier), total, time.monotonic() - start)
            try:
                part = self._execute_module(
                    module_name=MODULE,
                    module_args=arguments(payload(deployment, places, settings, batch, purge)),
                    task_vars=task_vars,
                )
            except AnsibleError as exc:  # as a rule the host cannot be reached any more
                if not found:
                    raise
                part = {"msg": type(exc).__name__}
            if "files" in part:
                found = outcome.merged(found, part) if found else part
                continue
            part = _without_payload(part)  # the module did not get to its work: unreachable, no Python, no lock
            if not found:
                return part
            reason = part.get("msg") or "the host does not answer any more"
            return {**found, "stopped": f"{reason} (users {len(batch.earlier) + 1} to {total} were not tried)"}
        return found

    def _update_module_args(self, *_others: Any, **_more: Any) -> None:
        """Ansible would add what is for AnsibleModule, some of it from variables that the facts of a host can set. In the text of a
        module of this form that could be code, which would run wherever the task is delegated to."""

    def _show_progress(self, host: str | None, done: int, total: int, seconds: float) -> None:
        """A task shows nothing until it ends, which is long for thousands of users."""
        left = seconds / done * (total - done)
        self._display.display(f"mail_account: [{host}] {done} of {total} users in {seconds:.0f} s, about {left:.0f} s to go", stderr=True)

    def _refuse_exposed_payload(self, deployment: Deployment) -> None:
        """Passwords travel inside of the module's file: it must neither stay on the target nor be readable there by others."""
        if not deployment.has_secrets:
            return
        if C.DEFAULT_KEEP_REMOTE_FILES:
            raise MailopsError("refuses to send passwords while ANSIBLE_KEEP_REMOTE_FILES is set, which leaves them on the target: unset it")
        if C.DEFAULT_DEBUG:
            raise MailopsError("refuses to send passwords while ANSIBLE_DEBUG is set, which prints all that is sent: unset it, or use -vvvvv")
        if self.get_shell_option("world_readable_temp", False):
            raise MailopsError(
                "refuses to send passwords while temporary files on the target may be world-readable (world_readable_temp): "
                "unset that, and connect as root or enable pipelining"
            )

    def _report(self, found: dict[str, Any], deployment: Deployment, options: dict[str, Any]) -> dict[str, Any]:
        if "files" not in found:
            return found
        missing = found.pop("missing_users")
        failed = [item["msg"] + (f" (user {item['user']})" if item["user"] else "") for item in found["failed_users"]]
        warnings = [*outcome.warnings(deployment), *found.pop("notices")]
        failed += [found["stopped"]] if "stopped" in found else []
        skipped = found.pop("elsewhere")
        warnings += [f"{item['client']}: {item['reason']}" for item in skipped]
        if missing:
            message = f"the host has no user {comma_list(missing[:outcome.MOST_LISTED])}" + (" ..." if len(missing) > outcome.MOST_LISTED else "")
            if one_of(options, "missing_users", ("fail", "skip"), "fail") == "skip":
                skipped += [{"user": name, "client": "", "profile": "", "reason": "the host has no such user"} for name in missing]
            elif self._task.check_mode:
                # The user may be one that an earlier task of a real run creates.
                warnings.append(f"mail_account: {message}; a real run fails unless they exist by then")
            else:
                failed.append(f"{message}: create them, take them off the list, or set missing_users: skip")
        result = outcome.result(deployment, found, skipped, warnings)
        if "ansible_facts" in found:  # which Python there is: the next task need not look for it
            result["ansible_facts"] = found["ansible_facts"]
        if failed:
            served = "all other users were served" if "stopped" not in found else "the users before those were served, but for who is named here"
            result.update(failed=True, msg=f"mail_account: {MailopsError(*failed)}\n({served})")
        if options["report_path"] is not None and not self._task.check_mode:
            outcome.write_report(options["report_path"], result)
        return outcome.shortened(result)


def _without_payload(failure: dict[str, Any]) -> dict[str, Any]:
    """A failure without its long words: an interpreter that is no Python may repeat the module's file, in which the payload is."""
    shown = {key: _LONG_WORD.sub("...", value) if isinstance(value, str) else value for key, value in failure.items()}
    shown.pop("invocation", None)
    return shown


def _settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the target needs as they are."""
    instance = "default" if options["instance"] is None else options["instance"]
    if not isinstance(instance, str) or not _INSTANCE.match(instance):
        raise MailopsError("instance: must be 1 to 64 letters, digits, '_' or '-'")
    if options["dest"] is None:
        given = [name for name in ("owner", "group", "mode") if options[name] is not None]
        if given:
            raise MailopsError(f"{comma_list(given)}: only for files in a dest; those in homes belong to their users, 0600")
    mode = "0600" if options["mode"] is None else options["mode"]
    if not isinstance(mode, str) or not _MODE.match(mode):
        raise MailopsError('mode: must be an octal mode in quotes in which only the owner may write, such as "0640"')
    bits = int(mode, 8)
    return {
        "instance": instance,
        "owner": options["owner"],
        "group": options["group"],
        "mode": bits,
        "directory_mode": bits | 0o200 | (bits & 0o444) >> 2,  # who may read the files may pass the directories
        "details": options["report_path"] is not None,
    }


def _purge(options: Mapping[str, Any]) -> bool:
    """Whether users who are not listed lose their accounts."""
    purge = _flag(options, "purge_users")
    if purge and not options["users"]:
        raise MailopsError("purge_users: refused without users, because it would remove everybody's accounts: list them with state: absent")
    if purge and options["state"] == "absent":
        raise MailopsError("purge_users: only with state: present, because state: absent leaves those alone who are not listed")
    return purge


def _users(options: Mapping[str, Any]) -> list[User]:
    if options["users"] is None:
        raise MailopsError("users: is required, a list of dictionaries such as {name: jkowalska, email: j.kowalska@example.org}")
    if one_of(options, "state", STATES, "present") == "present":
        return read_users(options["users"])
    # Whoever leaves may have lost the e-mail address, and a wrong one must not keep the account alive: only names count.
    names = [{"name": user.get("name")} if isinstance(user, dict) else user for user in options["users"]]
    return [User(user.name, state="absent") for user in read_users(names)]


def _deployment(
    options: Mapping[str, Any], users: Sequence[User], host: str | None, instance: str, templates: Sequence[Template]
) -> Deployment:
    selected = text_list(options, "profiles")
    clients = _clients.select(text_list(options, "clients") or [])
    if all(user.state == "absent" for user in users):
        return plan_deployment(users, {user.name: [] for user in users}, {}, [])
    if not clients and not templates:
        raise MailopsError(f"clients: name at least one of {comma_list(_clients.names())}")
    try:
        selected = None if selected is None else profile_names(selected)
    except Invalid as exc:
        raise MailopsError(f"profiles: {exc}") from None
    profiles = _profiles(options, users, selected)
    accounts = resolve_users(users, profiles, selected, host, instance)
    return plan_deployment(users, accounts, profiles, clients, templates)


def _profiles(options: Mapping[str, Any], users: Sequence[User], selected: Sequence[str] | None) -> dict[str, Profile]:
    """The profiles by name, ready for accounts: those given with the task, or those of the store that somebody needs."""
    wanted = {name for user in users if user.state == "present" for name in user.profiles or ()}
    everybody = any(user.profiles is None and user.state == "present" for user in users)
    wanted.update(selected or () if everybody else ())
    if options["profile_definitions"] is not None:
        known = _defined(options["profile_definitions"])
        needed = known if everybody and selected is None else wanted & set(known)
    elif everybody and selected is None:
        raise MailopsError("profiles: name the profiles of the store that the users get, or give profile_definitions")
    else:
        known = needed = _stored(options, wanted)
    key = store_key(options, os.environ)
    problems: list[str] = []
    profiles = {name: profile for name, (_id, profile) in known.items()}
    for name in needed:
        try:
            profiles[name] = revealed(profiles[name], known[name][0], key)
        except MailopsError as exc:
            problems.extend(exc.problems)
    if problems:
        raise MailopsError(*problems)
    return profiles


def _stored(options: Mapping[str, Any], wanted: set[str]) -> dict[str, tuple[str | None, Profile]]:
    """The profiles of these names in the store, each with its id."""
    store = open_store(options["store"], os.environ)
    stored = store.read(wanted)
    unknown = sorted(wanted - set(stored))
    if unknown:
        if not store.exists:  # asked last, because each question may be a connection
            raise MailopsError(f"store {store.location} does not exist: create profiles with mailops.profiles.mail_profile, or name another store")
        known = store.read()
        raise MailopsError(*(f"store {store.location} has no profile '{name[:60]}'{nearest(name, known)}" for name in unknown))
    return {name: (record.id, read_profile(dict(record.data))) for name, record in stored.items()}


def _defined(definitions: Any) -> dict[str, tuple[str | None, Profile]]:
    """The profiles that came with the task, each with the id that it was stored with, if any."""
    if not isinstance(definitions, list):
        raise MailopsError("profile_definitions: must be a list of profiles")
    problems: list[str] = []
    profiles: dict[str, tuple[str | None, Profile]] = {}
    for item in definitions:
        try:
            profile = read_profile(item)
        except MailopsError as exc:
            problems.extend(exc.problems)
            continue
        try:
            profile_id = None if item.get("id") is None else identifier(item["id"])
        except Invalid as exc:
            problems.append(f"profile '{profile.name}': id: {exc}")
            continue
        if profile.name in profiles:
            problems.append(f"profile_definitions: there are two profiles '{profile.name}'")
        profiles[profile.name] = profile_id, profile
    if problems:
        raise MailopsError(*problems)
    return profiles


def _flag(options: Mapping[str, Any], name: str) -> bool:
    try:
        return options[name] is not None and boolean(options[name])
    except Invalid as exc:
        raise MailopsError(f"{name}: {exc}") from None
