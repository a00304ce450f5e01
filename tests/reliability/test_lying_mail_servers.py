# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that lie to a log-in check get no password that is not theirs, little time and little memory, and nothing of what they say controls a terminal
or repeats a password."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._login_wire import Check, CheckJob, Finding
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.check_exchange import dump_check_job, load_check_answer

COLLECTIONS = Path(__file__).parents[2] / "build/collections"
PASSWORD = "Tr0ub4dor&3"
# Prints the answer, and on standard error how many seconds and MB that took. The memory of all that was read would not fit.
RUN = """
import re, sys, time
from ansible_collections.mailops.profiles.plugins.module_utils._login_check.run import run
start = time.monotonic()
print(run(sys.stdin.read()))
# Not ru_maxrss, which begins with that of the process that has started this one.
peak = re.search(r"VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1]
print(time.monotonic() - start, int(peak) / 1024, file=sys.stderr)
"""
# behaviour: (security, outcome, a part of the sentence)
CASES = {
    "silent": ("starttls", "timeout", "did not send the greeting within 3 seconds"),
    "closes": ("starttls", "refused", "closes the connection instead of sending the greeting"),
    "nonsense": ("starttls", "nonsense", "does not greet in IMAP"),
    "escapes": ("starttls", "nonsense", "does not greet in IMAP (the server says: 220"),
    "bye with escapes": ("starttls", "refused", "turns the connection away"),
    "a greeting of 100 MB": ("starttls", "nonsense", "a line of more than"),
    "a line without end": ("starttls", "nonsense", "a line of more than"),
    "lines without end": ("starttls", "nonsense", "sends more than"),
    "drips": ("starttls", "timeout", "did not send the greeting"),
    "drips lines": ("starttls", "timeout", "the answer to CAPABILITY"),
    "drips in tls": ("tls", "timeout", "TLS handshake"),
    "a huge literal": ("starttls", "nonsense", "announces 999999999 bytes"),
    "literal after literal": ("starttls", "nonsense", "literal after literal"),
    "logged in already": ("starttls", "nonsense", "logged in already"),
    "no starttls": ("starttls", "starttls_missing", "does not offer STARTTLS"),
    "refuses starttls": ("starttls", "starttls_missing", "refuses it"),
    "injects": ("starttls", "nonsense", "between the answer to STARTTLS and TLS: no password was sent"),
    "closes at the log-in": ("tls", "refused", "instead of sending the answer to the log-in"),
    "no capabilities": ("tls", "nonsense", "does not say what it can do"),
    "capabilities that are none": ("tls", "login_disabled", "offers no log-in"),
    "many capabilities": ("tls", "mechanism_missing", "it offers X0, X1"),
    "challenges without end": ("tls", "nonsense", "asks"),
    **{f"echo{how}": ("tls", "password_refused", "not shown: it repeats the password")
       for how in ("", " of a part", " in capitals", " backwards", " with spaces", " in base64", " in digits", " behind much")},
    "escapes at the log-in": ("tls", "password_refused", "[ALERT] ]0;owned [2J 31m call 555"),
    "a long refusal": ("tls", "password_refused", "xxx..."),
    "greets late": ("tls", "timeout", "did not send the greeting within 3 seconds"),
}  # fmt: skip


@dataclass
class Liars:
    directory: Path
    ports: dict[str, int]
    certificate: Path

    def checks(self, cases: dict[str, tuple[str, str, str]]) -> list[Check]:
        # Each with a name of its own, or a refusal would be the last attempt.
        return [
            Check("imap", "localhost", self.ports[name], security, f"anna{number}", PASSWORD, ("PLAIN",), False, str(self.certificate))
            for number, (name, (security, *_expected)) in enumerate(cases.items())
        ]

    def told(self, name: str) -> bytes:
        path = self.directory / name
        return path.read_bytes() if path.exists() else b""


@pytest.fixture(scope="module")
def liars(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liars]:
    directory = tmp_path_factory.mktemp("liars")
    certificate, key = directory / "server.pem", directory / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "5", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    program = Path(__file__).with_name("lying_mail_server.py")
    with subprocess.Popen([sys.executable, program, certificate, key, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield Liars(directory, json.loads(server.stdout.readline()), certificate)
        server.kill()


def run(checks: list[Check], **limits: float) -> tuple[list[Finding], float, float]:
    job = CheckJob(tuple(checks), **limits)  # type: ignore[arg-type]
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=dump_check_job(job), capture_output=True, text=True, timeout=100, env={"PYTHONPATH": str(COLLECTIONS)}, check=False
    )
    assert done.returncode == 0 and done.stderr.count("\n") == 1, done.stderr
    seconds, megabytes = map(float, done.stderr.split())
    return [found[0] for found in load_check_answer(done.stdout.strip(), job).findings], seconds, megabytes


@pytest.fixture(scope="module")
def ran(liars: Liars) -> tuple[dict[str, Finding], float, float]:
    """What was found, in how many seconds where the server keeps silent or drips, and how many MB the others took."""
    late = {name: case for name, case in CASES.items() if case[1] == "timeout"}
    quick = {name: case for name, case in CASES.items() if name not in late}
    found, seconds, _megabytes = run(liars.checks(late), timeout=3)
    others, _seconds, megabytes = run(liars.checks(quick), parallel=30, per_server=30)
    return {**dict(zip(late, found)), **dict(zip(quick, others))}, seconds, megabytes


@pytest.mark.parametrize("case", CASES)
def test_what_is_said(ran: tuple[dict[str, Finding], float, float], case: str) -> None:
    finding = ran[0][case]
    _security, outcome, sentence = CASES[case]
    assert finding.outcome == outcome and sentence in finding.msg, finding
    for text in (finding.msg, finding.hint, *finding.mechanisms):
        assert text.isprintable() and len(text) <= 500, text
    assert "(the server says: " not in finding.msg or len(finding.msg.partition("(the server says: ")[2]) <= 201
    shown = "".join(map(str, finding)).lower()
    assert PASSWORD.lower() not in shown and PASSWORD.lower()[::-1] not in shown


def test_time_and_memory(ran: tuple[dict[str, Finding], float, float]) -> None:
    """3 seconds for the checks, and 5 for each of the probes of a server, which go on side by side."""
    _found, seconds, megabytes = ran
    assert seconds < 30 and megabytes < 100


@pytest.mark.parametrize("case", [name for name, (security, *_rest) in CASES.items() if security == "starttls"])
def test_no_password_before_tls(liars: Liars, ran: object, case: str) -> None:
    told = liars.told(case)
    encoded = [base64.b64encode(b"\0anna%d\0" % number + PASSWORD.encode()) for number in range(len(CASES))]
    assert b"LOGIN" not in told and b"AUTHENTICATE" not in told and PASSWORD.encode() not in told and not any(text in told for text in encoded)


@pytest.mark.parametrize("case", [name for name, (_security, outcome, _sentence) in CASES.items() if outcome == "password_refused"])
def test_one_attempt(liars: Liars, ran: object, case: str) -> None:
    assert liars.told(case).count(b"AUTHENTICATE") == 1 and liars.told(case).count(b"LOGOUT") == 1


def test_a_server_that_greets_late_is_waited_for(liars: Liars) -> None:
    found, seconds, _megabytes = run(liars.checks({"greets late": ("tls", "ok", "")}), timeout=20)
    assert found[0].outcome == "ok" and "greets after 6 seconds" in found[0].hint and 6 < seconds < 15


@pytest.mark.long
def test_fifteen_seconds_are_waited_for_without_an_option(liars: Liars) -> None:
    found, _seconds, _megabytes = run(liars.checks({"greets after 15 seconds": ("tls", "ok", "")}))
    assert found[0].outcome == "ok"


def test_all_checks_end_with_the_total(liars: Liars) -> None:
    checks = [each._replace(username=f"user{number}") for number in range(200) for each in liars.checks({"silent": ("starttls", "", "")})]
    found, seconds, _megabytes = run(checks, timeout=30, parallel=5, per_server=3, total=2)
    assert {finding.outcome for finding in found} == {"timeout"} and seconds < 10


def test_a_server_that_fails_is_left_alone(liars: Liars) -> None:
    """After three times in a row; those that run at the same time, and two looks at what else it offers, come on top."""
    checks = [each._replace(username=f"user{number}") for number in range(200) for each in liars.checks({"closes for everybody": ("starttls", "", "")})]
    found, _seconds, _megabytes = run(checks, parallel=5, per_server=3)
    assert {finding.outcome for finding in found} == {"refused"}
    assert 3 <= liars.told("closes for everybody").count(b"connected") <= 3 + 5 + 2


def test_few_connections_at_a_time(liars: Liars) -> None:
    checks = [each._replace(username=f"user{number}") for number in range(40) for each in liars.checks({"greets after a moment": ("tls", "", "")})]
    found, _seconds, _megabytes = run(checks, parallel=20, per_server=3)
    assert {finding.outcome for finding in found} == {"ok"}
    open_ = [int(number) for number in re.findall(rb"connected, (\d+) in all", liars.told("greets after a moment"))]
    # The server hears of the end of a conversation a little later than the next one begins.
    assert len(open_) == 40 and max(open_) <= 3 + 2


def test_a_server_repeats_what_another_user_said(liars: Liars) -> None:
    check, = liars.checks({"echo of the first one's": ("tls", "", "")})
    found, _seconds, _megabytes = run([check, *(check._replace(username=f"user{number}", password=f"secret {number}!") for number in range(5))], parallel=1)
    assert len(found) == 6 and all("not shown: it repeats the password" in finding.msg for finding in found), found
