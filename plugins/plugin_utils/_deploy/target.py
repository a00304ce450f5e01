# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a deployment to its host, one module run for each batch of users, and reads the answers. What a host says is not trusted."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterator, MutableMapping, TypeVar

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ...module_utils._text import printable
from ...module_utils._wire import Answer, Job
from .._model.errors import MailopsError
from .._secrets.keys import ENVIRONMENT
from .._secrets.links import ENVIRONMENT as LINK_ENVIRONMENT
from .deployment import Deployment
from .exchange import dump_job, load_answer
from .no_answer import no_answer

_MODULE = "mailops.profiles.mail_account_apply"
_MAX_SENTENCE = 2000
_NOT_PASSED_ON = (
    "Ansible cannot pass the module from the connecting user to the become user, because neither of them is root: "
    "set ansible_pipelining: true, install the package acl on the host, connect as the become user, or become root"
)
_SECRETS = (ENVIRONMENT, LINK_ENVIRONMENT, "PGPASSWORD")

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Delivery:
    """``answers`` of the batches that were done. ``stopped``: why the others were not tried, if any."""

    answers: tuple[Answer, ...] = ()
    stopped: str | None = None


def refuse_other_systems(action: ActionBase) -> None:
    """The module and the files are made for POSIX hosts. What is sent to a network device, Ansible runs on the controller."""
    connection = action._connection
    if getattr(connection._shell, "_IS_WINDOWS", False):
        kind = "a Windows host"
    elif getattr(connection, "_remote_is_local", False):  # Ansible's own mark of such connections
        kind = "a network device"
    else:
        return
    raise MailopsError(f"the host is {kind} (connection {connection.transport}), which is not supported: take it out of the play's hosts")


def refuse_exposure(action: ActionBase, deployment: Deployment) -> None:
    """Passwords travel inside the module's file, which must neither stay on the host nor be readable for others there."""
    if not deployment.has_secrets:
        return
    if C.DEFAULT_KEEP_REMOTE_FILES:
        raise MailopsError("refuses to send passwords while ANSIBLE_KEEP_REMOTE_FILES is set, which leaves them on the host: unset it")
    if C.DEFAULT_DEBUG:
        raise MailopsError("refuses to send passwords while ANSIBLE_DEBUG is set, which prints all that is sent: unset it, or use -vvvvv")
    if action.get_shell_option("world_readable_temp", False):
        raise MailopsError(
            "refuses to send passwords while temporary files on the host may be world-readable (world_readable_temp): "
            "unset that, and connect as root or enable pipelining"
        )
    # From one ordinary user to another, and without setfacl, Ansible gives the module's file to a group.
    between = action._is_become_unprivileged() and not action._is_pipelining_enabled("new")
    if between and action.get_shell_option("common_remote_group", None):
        raise MailopsError(
            "refuses to send passwords while a group may read temporary files on the host (ansible_common_remote_group): "
            "unset that, become root, or enable pipelining"
        )


def deliver(action: ActionBase, deployment: Deployment, task_vars: dict[str, Any]) -> Delivery:
    """What the host answers. MailopsError or AnsibleError when it could not even begin; when a later batch fails, the rest is not tried."""
    answers: list[Answer] = []
    start = time.monotonic()
    done, total = 0, len(deployment.request.users)
    for job in deployment.jobs():
        if done:
            _display_progress(action, deployment.host, done, total, time.monotonic() - start)
        try:
            answers.append(run_job(action, job, task_vars))
        except (MailopsError, AnsibleError) as exc:  # AnsibleError: as a rule the host cannot be reached any more
            if not answers:
                raise
            reason = str(exc) if isinstance(exc, MailopsError) else "the connection to the host failed"
            return Delivery(tuple(answers), f"{reason} (users {done + 1} to {total} were not tried)")
        done += len(job.places)
    return Delivery(tuple(answers))


def run_job(action: ActionBase, job: Job, task_vars: dict[str, Any]) -> Answer:
    """What the host answers to a job of the writer's."""
    return run_module(action, _MODULE, dump_job(job), load_answer, task_vars)


def run_module(action: ActionBase, module: str, job: str, load: Callable[[Any], Loaded], task_vars: dict[str, Any]) -> Loaded:
    """What the collection's module answers to the encoded job. MailopsError or AnsibleError when it did not run, failed, or ``load`` has a ValueError for
    its answer."""
    try:
        with _without_secrets(os.environ):
            found = action._execute_module(module_name=module, module_args={"job": job}, task_vars=task_vars)
    except AnsibleError as exc:
        if "when becoming an unprivileged user" in str(exc):
            raise MailopsError(_NOT_PASSED_ON) from None
        raise
    if "answer" not in found:  # the module did not run; an interpreter that is not Python may even have printed its file
        raise MailopsError(no_answer(action, found, task_vars))
    if found.get("failed"):
        raise MailopsError(printable(str(found.get("msg"))[:_MAX_SENTENCE]))
    try:
        return load(found["answer"])
    except ValueError:
        raise MailopsError("the host's answer is not valid: check who controls that host and its Python") from None


@contextmanager
def _without_secrets(environ: MutableMapping[str, str]) -> Iterator[None]:
    """What is started here passes its environment on: where the controller is the host, to a process with a user's ids."""
    kept = {name: environ.pop(name) for name in _SECRETS if name in environ}
    try:
        yield
    finally:
        environ.update(kept)


def _display_progress(action: ActionBase, host: str | None, done: int, total: int, seconds: float) -> None:
    """A task displays nothing until it ends, which takes long for thousands of users."""
    left = seconds / done * (total - done)
    action._display.display(f"mail_account: [{host}] {done} of {total} users in {seconds:.0f} s, about {left:.0f} s to go", stderr=True)
