# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does all checks of a job: many at a time, few at one server, each log-in once, and all of it within a limit of time."""

from __future__ import annotations

import functools
import threading
import time
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from .._login_wire import OK, SMTP, Check, CheckAnswer, CheckJob, Finding, RoundTrip, dump_answer, load_job
from .._text import internal_error
from .advice import advised
from .attempt import attempt
from .clock import Clock
from .network import Network
from .round_trip import find, message, new_message_id
from .text import Passwords

_ENOUGH = 3  # failures in a row, after which a server is not asked any more
_GRACE = 5.0  # seconds beyond the end, for threads that are about to finish
_REFUSALS = ("password_refused", "account_disabled")

Server = Tuple[str, str, int, str, Optional[str]]


def run(job: str) -> str:
    return dump_answer(check_all(load_job(job)))


def check_all(job: CheckJob) -> CheckAnswer:
    return _Run(job).answer()


def server_of(check: Check) -> Server:
    return check.protocol, check.host, check.port, check.security, check.ca_file


class _Run:
    def __init__(self, job: CheckJob) -> None:
        self._job = job
        self._end = time.monotonic() + job.total
        self._network = Network()
        self._findings: Dict[int, List[Finding]] = {}
        self._lock = threading.Lock()
        self._slots: Dict[Tuple[str, int], threading.Semaphore] = {}
        self._failures: Dict[Server, List[Finding]] = {}
        self._refused: Dict[Tuple[str, Optional[str]], Finding] = {}
        self._trips = {(trip.outgoing, trip.sender): trip for trip in job.round_trips}
        self._sent = {key: new_message_id(job.checks[key[0]].senders[key[1]]) for key in self._trips}

    def answer(self) -> CheckAnswer:
        checks = self._job.checks
        outgoing = [number for number, check in enumerate(checks) if check.protocol == SMTP]
        incoming = [number for number, check in enumerate(checks) if check.protocol != SMTP]
        # A message is sent only to an inbox that can be read. Otherwise nobody waits: Postfix may take a second for each RCPT that no message follows.
        for numbers in (incoming, outgoing) if self._job.round_trips else ([*incoming, *outgoing],):
            self._in_parallel([lambda group=group: self._in_turn(group) for group in self._by_credentials(numbers)])
        late = Finding("timeout", f"not finished within the {self._job.total:g} seconds that all checks may take")
        findings = [self._findings.get(number, [late] * max(len(check.senders), 1)) for number, check in enumerate(checks)]
        found = self._with_advice(findings)
        trips = self._round_trips(found)
        passwords = Passwords({check.password for check in checks if check.password})
        clean = functools.lru_cache(None)(passwords.without)
        return CheckAnswer(
            tuple(tuple(each._replace(msg=clean(each.msg)) for each in one) for one in found),
            tuple(trip and trip._replace(msg=clean(trip.msg)) for trip in trips),
        )

    def _by_credentials(self, numbers: Sequence[int]) -> List[List[int]]:
        """Log-ins with the same name and password are tried one after the other, so that what one server refuses is not tried at the next."""
        groups: Dict[object, List[int]] = {}
        for number in numbers:
            check = self._job.checks[number]
            groups.setdefault(number if check.password is None else (check.username, check.password), []).append(number)
        return list(groups.values())

    def _in_turn(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._safely(number)

    def _safely(self, number: int) -> None:
        try:
            self._check(number)
        except Exception as exc:  # the other checks go on
            self._findings[number] = [Finding("nonsense", internal_error(exc))] * max(len(self._job.checks[number].senders), 1)

    def _check(self, number: int) -> None:
        check = self._job.checks[number]
        messages = [self._message(number, index) for index in range(len(check.senders))]
        with self._slot(check) as has_slot:
            if not has_slot:
                return
            known = self._known_failure(check)
            if known is not None:
                self._findings[number] = [known] * max(len(check.senders), 1)
                return
            refused = self._refused.get((check.username, check.password)) if check.password is not None else None
            found = attempt(check, self._network, Clock(self._job.timeout, self._end), refused, messages)
        self._note(check, found[0])
        self._findings[number] = found

    def _message(self, number: int, sender: int) -> Optional[bytes]:
        """Only for an inbox that can be read."""
        trip = self._trips.get((number, sender))
        if trip is None or trip.incoming not in self._findings or self._findings[trip.incoming][0].outcome != OK:
            return None
        return message(self._job.checks[number].senders[sender], self._sent[number, sender])

    def _slot(self, check: Check) -> _Slot:
        with self._lock:
            return _Slot(self._slots.setdefault((check.host, check.port), threading.Semaphore(self._job.per_server)), self._end)

    def _known_failure(self, check: Check) -> Optional[Finding]:
        """What the last ones found who asked the same server, if that is always the same."""
        with self._lock:
            failures = self._failures.get(server_of(check), [])
            return failures[-1] if len(failures) >= _ENOUGH else None

    def _note(self, check: Check, found: Finding) -> None:
        with self._lock:
            if found.reached:
                self._failures[server_of(check)] = []
            else:
                self._failures.setdefault(server_of(check), []).append(found)
            if check.password is not None and found.outcome in _REFUSALS:
                self._refused[check.username, check.password] = found

    def _with_advice(self, findings: Sequence[Sequence[Finding]]) -> List[List[Finding]]:
        """Each server that failed is looked at once more, without a log-in."""
        failed: Dict[Tuple[Server, str], Tuple[Check, Finding]] = {}
        for check, found in zip(self._job.checks, findings):
            if not found[0].reached:
                failed.setdefault((server_of(check), found[0].outcome), (check, found[0]))
        better: Dict[Tuple[Server, str], Finding] = {}

        def advise(key: Tuple[Server, str]) -> None:
            better[key] = advised(*failed[key], self._network)

        self._in_parallel([lambda key=key: advise(key) for key in sorted(failed, key=str)])
        return [[self._improved(each, better.get((server_of(check), each.outcome))) for each in found] for check, found in zip(self._job.checks, findings)]

    @staticmethod
    def _improved(finding: Finding, better: Optional[Finding]) -> Finding:
        if better is None or finding.reached:
            return finding
        return finding._replace(hint=better.hint, certificate_days=better.certificate_days, tls_version=better.tls_version)

    def _round_trips(self, found: Sequence[Sequence[Finding]]) -> Tuple[Optional[Finding], ...]:
        trips: Dict[RoundTrip, Finding] = {}

        def look(trip: RoundTrip) -> None:
            check = self._job.checks[trip.incoming]
            with self._slot(check) as has_slot:
                if has_slot:
                    trips[trip] = find(check, self._network, self._job.timeout, self._end, self._sent[trip.outgoing, trip.sender])

        good = [trip for trip in self._job.round_trips if found[trip.outgoing][trip.sender].outcome == OK and found[trip.incoming][0].outcome == OK]
        self._in_parallel([lambda trip=trip: look(trip) for trip in good])
        late = Finding("timeout", "the message was sent, and there was no time left to look for it")
        return tuple(trips.get(trip, late) if trip in good else None for trip in self._job.round_trips)

    def _in_parallel(self, work: Iterable[Callable[[], None]]) -> None:
        """Threads that cannot keep the process from ending: a look-up of a name may hang."""
        waiting = list(reversed(list(work)))

        def go_on() -> None:
            while True:
                with self._lock:
                    if not waiting or time.monotonic() >= self._end:
                        return
                    item = waiting.pop()
                item()

        threads = [threading.Thread(target=go_on, daemon=True) for _number in range(min(self._job.parallel, len(waiting)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(self._end - time.monotonic(), 0) + _GRACE)


class _Slot:
    """One of the connections that a server may have at a time; ``with`` gives whether there was one before the end."""

    def __init__(self, semaphore: threading.Semaphore, end: float) -> None:
        self._semaphore = semaphore
        self._end = end

    def __enter__(self) -> bool:
        self._has = self._semaphore.acquire(timeout=max(self._end - time.monotonic(), 0))
        return self._has

    def __exit__(self, *_exception: object) -> None:
        if self._has:
            self._semaphore.release()
