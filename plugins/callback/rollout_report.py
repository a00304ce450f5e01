# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout_report
type: notification
short_description: One page that shows a rollout, and its progress
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Displays the progress of a long rollout on standard error, every few seconds, how many hosts are done and have failed, and about how long it will
    take. At the end each failure is displayed once, with the hosts that have it.
  - With O(path), writes a page (HTML) about all hosts and users, and the same as JSON beside it. Both are written anew with each line of progress, and
    say that the run has not finished, because nothing can be written when the run is killed.
  - The page takes what M(mailops.profiles.mail_account) and C(mail_account_check) return, and no password. It never reads arguments of
    tasks or variables of hosts. A task with C(no_log) is displayed with its state only.
  - C(docs/rollout-report.md) in the collection describes the page, and how to use the callback in a project of AWX.
requirements:
  - Enable it with C(ANSIBLE_CALLBACKS_ENABLED=mailops.profiles.rollout_report), or C(callbacks_enabled) in C(ansible.cfg).
seealso:
  - module: mailops.profiles.mail_rollout_report
    description: The same page from report files, without a callback.
options:
  path:
    description:
      - The page. Ends with C(.html), and the JSON beside it with C(.json). Both get mode 0600.
      - Without it there is no page, only the lines on standard error.
    type: path
    env:
      - name: MAILOPS_ROLLOUT_REPORT
    ini:
      - section: callback_rollout_report
        key: path
"""

import atexit
import os
import time
from typing import Any, Iterable, Sequence

from ansible.plugins.callback import CallbackBase

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.collector import Collector, is_ours
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.document import FINISHED, INTERRUPTED, RUNNING
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.files import check_path, json_path, write_document
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.run import arguments, this_run
from ansible_collections.mailops.profiles.plugins.plugin_utils._rollout.summary import summary

_INTERVAL = 5.0  # seconds between two lines
# The files are written with each line, unless that would take more than this part of the run.
_SHARE = 0.02


class CallbackModule(CallbackBase):
    """Only collects while the run goes on. All of it happens in the main process, whatever the strategy."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "mailops.profiles.rollout_report"
    CALLBACK_NEEDS_ENABLED = True

    # The one that reports: a project's own file may load a second.
    _active: CallbackModule | None = None

    def v2_playbook_on_start(self, playbook: Any) -> None:
        if CallbackModule._active not in (None, self):
            self.disabled = True
            return
        CallbackModule._active = self
        self._collector = Collector(time.time())
        self._collector.rollout.head = this_run(os.environ)
        self._collector.rollout.arguments = arguments()
        self._play: Any = None
        self._expected: set[str] = set()
        self._next_line = time.monotonic() + _INTERVAL
        self._next_files = 0.0
        self._path = self._checked_path()
        self._pid = os.getpid()
        # Nothing else is called after Ctrl-C.
        atexit.register(self._interrupted)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        if is_ours(task.action):
            self._expect(task)
            self._collector.start(host.get_name(), time.time())

    def v2_runner_on_ok(self, result: Any) -> None:
        self._take(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._take(result, skipped=True)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if is_ours(_of(result, "task").action):
            self._take(result, failed=True)
        elif not ignore_errors:
            self._collector.failed_elsewhere(_of(result, "host").get_name(), _of(result, "task").get_name())
            self._progress()

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._collector.unreachable(_of(result, "host").get_name(), _of(result, "result"))
        self._progress()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._collector.forgive(name for name in list(self._collector.rollout.hosts) if not stats.failures.get(name))
        self._finish(FINISHED)

    def _take(self, result: Any, **event: bool) -> None:
        task = _of(result, "task")
        if is_ours(task.action):
            self._collector.result(_of(result, "host").get_name(), task._uuid, task.action, {**_of(result, "result"), **event}, time.time())
            self._progress()

    def _expect(self, task: Any) -> None:
        """All hosts of the play, those of later batches too; a task that runs once is not for all of them."""
        if self._play is None or self._play._uuid in self._expected or task.run_once:
            return
        self._expected.add(self._play._uuid)
        self._collector.expect(self._hosts_of_play())
        self._write(RUNNING)

    def _hosts_of_play(self) -> Sequence[str]:
        try:
            return self._play.get_variable_manager().get_vars(play=self._play, include_hostvars=False)["ansible_play_hosts_all"]
        except Exception:  # without them, hosts that are never tried are not in the report
            return ()

    def _progress(self) -> None:
        now = time.monotonic()
        if now >= self._next_line:
            self._next_line = now + _INTERVAL
            self._say([self._collector.progress(time.time())])
            if now >= self._next_files:
                self._write(RUNNING)

    def _write(self, status: str) -> dict[str, Any]:
        """The document, which is written if there is a path."""
        start = time.process_time()
        document = self._collector.rollout.document(status, time.time())
        if self._path:
            try:
                write_document(self._path, document)
            except MailopsError as exc:
                self._display.warning(f"rollout_report: {exc}")
                self._path = None
        self._next_files = time.monotonic() + (time.process_time() - start) / _SHARE
        return document

    def _interrupted(self) -> None:
        if os.getpid() == self._pid:
            self._finish(INTERRUPTED)

    def _finish(self, status: str) -> None:
        atexit.unregister(self._interrupted)
        CallbackModule._active = None
        if not self._collector.rollout.hosts:
            return
        document = self._write(status)
        if status == INTERRUPTED:
            self._say(["the run was interrupted"])
        self._say(summary(document))
        if self._path:
            self._say([f"the report is {self._path}, as JSON {json_path(self._path)}"])

    def _say(self, lines: Iterable[str]) -> None:
        """On standard error, so that a callback that prints JSON is not disturbed."""
        for line in lines:
            self._display.display(f"rollout_report: {line}", stderr=True)

    def _checked_path(self) -> str | None:
        path = self.get_option("path")
        try:
            return check_path(path) if path and path.strip() else None
        except MailopsError as exc:
            self._display.warning(f"rollout_report: {exc}; there is no report")
            return None


def _of(result: Any, name: str) -> Any:
    """Newer versions of ansible-core than 2.18 have names without underscores, and later than 2.23 only these."""
    return getattr(result, name) if hasattr(type(result), name) else getattr(result, f"_{name}")
