# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab keeps its word: who may log in, what is refused, what programs see, and that nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import Lab, load_users
from sandbox import HERE, LabError, Sandbox, process_identity

pytestmark = pytest.mark.own_release
SECURE = ("imaps", "imap", "pop3s", "pop3", "submissions", "submission")
IN_THE_CLEAR = ("imap-plaintext", "pop3-plaintext", "submission-plaintext")
ANNA = load_users()["anna"]
LOGIN = {"email": ANNA.email, "password": ANNA.password}


# --- Log-ins

@pytest.mark.parametrize("user", load_users().values(), ids=lambda user: user.name)
def test_every_user_logs_in_everywhere(lab: Lab, user):
    attempts = [{"service": service, "email": user.email, "password": user.password} for service in SECURE]
    assert lab.try_logins(attempts) == [None] * len(SECURE)
    received = lab.messages(user.email)
    assert sorted(message["Subject"] for message in received) == ["by submission", "by submissions"]
    assert "Authenticated sender: " + user.email in "".join(map(str, received[0].get_all("Received")))


# Dovecot answers a failed log-in at its next half-second, hence few of them.
WRONG = {"imaps": ANNA.password + " ", "imap": ANNA.password.lower(), "pop3s": ANNA.password[:-1], "pop3": "",
         "submissions": ANNA.password + "\\", "submission": "x"}


def test_a_wrong_password_is_refused(lab: Lab):
    refusals = lab.try_logins([{"service": service, "email": ANNA.email, "password": password}
                               for service, password in WRONG.items()])
    assert all(re.search("AUTHENTICATIONFAILED|-ERR .AUTH|535", refusal or "") for refusal in refusals), refusals


def test_a_password_in_the_clear_is_refused(lab: Lab):
    refusals = lab.try_logins([{"service": service, **LOGIN} for service in IN_THE_CLEAR])
    assert all(re.search("until SSL/TLS is enabled|STARTTLS", refusal or "") for refusal in refusals), refusals


@pytest.mark.parametrize(("change", "reason"), [
    ({"ca_file": Lab.wrong_ca_file}, "CERTIFICATE_VERIFY_FAILED"),
    ({"ca_file": "/etc/ssl/certs/ca-certificates.crt"}, "CERTIFICATE_VERIFY_FAILED"),
    ({"host": "wrong-name.example.org"}, "Hostname mismatch"),
], ids=["wrong CA", "system's CAs", "wrong name"])
def test_a_client_that_verifies_refuses_an_impostor(lab: Lab, change: dict, reason: str):
    refusals = lab.try_logins([{"service": service, **LOGIN, **change} for service in SECURE])
    assert all(reason in (refusal or "") for refusal in refusals), refusals


def test_the_international_name_is_served(lab: Lab):
    assert lab.try_logins([{"service": "imaps", "host": "imap.xn--bcher-kva.example", **LOGIN}]) == [None]


def test_submission_needs_a_login(lab: Lab):
    program = ("import smtplib, ssl; c = smtplib.SMTP_SSL('smtp.example.org', 465, "
               f"context=ssl.create_default_context(cafile='{lab.ca_file}'));"
               "c.sendmail('anna@example.org', ['anna@example.org'], 'x')")
    assert "554" in lab.run(["/usr/bin/python3", "-c", program], user="anna").stderr


def test_accounts_are_added_and_replaced_at_once(lab: Lab):
    emails = [f"new+{number}@example.org" for number in range(20)]
    for password in ("first", "second"):
        lab.set_accounts({email: f"{password} ł\"'\\ {email}" for email in emails})
        assert lab.try_logins([{"service": "imaps", "email": email, "password": f"{password} ł\"'\\ {email}"}
                               for email in emails]) == [None] * len(emails)
    assert lab.try_logins([{"service": "imaps", "email": emails[0], "password": f"first ł\"'\\ {emails[0]}"}])[0]


# --- Mailboxes

def test_what_is_delivered_can_be_read_and_deleted(lab: Lab):
    lab.set_accounts({"reader@example.org": "secret"})
    lab.deliver("reader@example.org", "Zażółć", "ü\n")
    [message] = lab.messages("reader@example.org")
    assert (message["Subject"], message.get_content()) == ("Zażółć", "ü\n")
    lab.empty("reader@example.org")
    assert lab.messages("reader@example.org") == lab.messages("reader@example.org", folder="Sent") == []


def test_a_local_user_gets_mail_into_the_spool(lab: Lab):
    lab.run(["/usr/sbin/sendmail", "anna@localhost"], user="petra", input="Subject: to the spool\n\nHello\n")
    lab.wait_for_delivery()
    assert "Subject: to the spool" in lab.path("/var/mail/anna").read_text()


def test_no_mail_leaves_the_lab(lab: Lab):
    lab.run(["/usr/sbin/sendmail", "-f", ANNA.email, "someone@elsewhere.example"], user="anna",
            input="Subject: away\n\n")
    assert lab.messages(ANNA.email)[-1]["Subject"] == "Undelivered Mail Returned to Sender"


# --- Programs

def test_a_user_has_a_clean_log_in_environment(lab: Lab, monkeypatch):
    monkeypatch.setenv("MAILOPS_OF_THE_CALLER", "1")
    shown = lab.run(["sh", "-c", "pwd; id -un; id -gn; groups; env"], user="jan.kowalski", env={"X": "a=b c"})
    assert shown.stdout.splitlines()[:4] == ["/home/jan.kowalski", *["jan.kowalski"] * 3]
    assert set(shown.stdout.splitlines()[4:]) == {
        "HOME=/home/jan.kowalski", "USER=jan.kowalski", "LOGNAME=jan.kowalski", "SHELL=/bin/bash",
        "PWD=/home/jan.kowalski", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games", "LANG=C.UTF-8", "TERM=xterm",
        "X=a=b c"}


def test_input_output_and_exit_status_pass_through(lab: Lab):
    answer = lab.run(["sh", "-c", "cat; echo err >&2; exit 7"], user="anna", input="zażółć\n")
    assert (answer.returncode, answer.stdout, answer.stderr) == (7, "zażółć\n", "err\n")


def test_a_command_that_takes_too_long_is_ended(lab: Lab):
    with pytest.raises(subprocess.TimeoutExpired):
        lab.run(["sleep", "1234"], user="anna", timeout=0.3)
    assert lab.run(["pgrep", "-f", "^sleep 1234"]).stdout == ""


def test_the_machine_and_the_sandbox_share_no_temporary_files(lab: Lab, tmp_path: Path):
    lab.run(["touch", "/tmp/only-inside", "/home/anna/only-inside", "/run/only-inside", f"{tmp_path}/shared"])
    assert lab.path("/tmp/only-inside").exists() and lab.path("/home/anna/only-inside").exists()
    assert not any(Path(top, "only-inside").exists() for top in ("/tmp", "/run", "/home/anna"))
    assert (tmp_path / "shared").exists()


def test_there_is_no_way_out(lab: Lab):
    assert lab.run(["ip", "-o", "link"]).stdout.count("\n") == 1
    assert lab.run(["getent", "hosts", "elsewhere.example"], timeout=5).returncode == 2


def test_a_full_screen_program_is_typed_to(lab: Lab):
    lab.path("/home/anna/box").write_text("From a@b Thu Jan  1 00:00:00 2026\nSubject: In the box\n\nSay cheese\n\n")
    status, output = lab.pty(["mutt", "-n", "-R", "-f", "box"], user="anna", input=[
        (b"Mail does not exist. Create it?", b"n"), (b"In the box", b"\n"), (b"Say cheese", b"q"),
        (b"In the box", b"q")])
    assert status == 0, output
    status, output = lab.pty(["sh", "-c", "tty; stty size; read line; echo \"$line!\"; exit 3"], user="anna",
                             input=b"typed\n")
    assert status == 3 and b"/dev/pts/" in output and b"50 160" in output and b"typed!" in output


# --- Start and stop

def state_of_the_machine() -> dict[str, object]:
    """Where a lab could leave something. (Not the depths of /run and /home: a machine is alive while tests run.)"""
    tops = ("/etc", "/etc/dovecot", "/etc/postfix", "/home", "/srv", "/var/lib", "/var/log", "/var/mail", "/var/spool")
    files = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/hosts", "/etc/dovecot/dovecot.conf")
    return {
        "names": {top: sorted(os.listdir(top)) for top in tops},
        "contents": [Path(path).read_text() for path in files],
        "network namespaces": subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout,
    }


def namespaces_of(process: int | str) -> set[str]:
    return {os.readlink(f"/proc/{process}/ns/{kind}") for kind in ("mnt", "net", "pid", "uts", "ipc")}


def namespaces_in_use() -> set[str]:
    used = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # It has ended meanwhile.
            used |= namespaces_of(process.name)
    return used


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(HERE / "lab.py"), *arguments], capture_output=True, text=True,
                          check=False, timeout=60)


def test_start_and_stop_leave_nothing_behind(lab_possible, tmp_path: Path):
    here = ("--directory", str(tmp_path / "lab"))
    before = state_of_the_machine()
    started = cli("start", *here)
    assert started.returncode == 0, started.stderr
    try:
        namespaces = namespaces_of(Sandbox(tmp_path / "lab").pid())
        assert state_of_the_machine() == before
        assert namespaces.isdisjoint(namespaces_of("self"))
        assert "was running already" in cli("start", *here).stdout
        assert cli("status", *here).returncode == 0
        whoami = cli("exec", *here, "--user", "anna", "--", "sh", "-c", "whoami; exit 9")
        assert (whoami.stdout, whoami.returncode) == ("anna\n", 9)
    finally:
        stopped = cli("stop", *here)
    assert (stopped.returncode, "is stopped" in stopped.stdout) == (0, True)
    assert state_of_the_machine() == before
    assert namespaces.isdisjoint(namespaces_in_use())
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert not (tmp_path / "lab").exists()
    assert "was not running" in cli("stop", *here).stdout
    assert cli("status", *here).returncode == 1
    assert "no lab is running" in cli("exec", *here, "--", "true").stderr


def test_two_run_at_once_and_do_not_see_each_other(lab: Lab, tmp_path: Path):
    other = Sandbox(tmp_path / "other")
    assert other.start(die_with_caller=True)
    try:
        Lab(other).set_accounts({"only@example.org": "there"})
        attempt = [{"service": "imaps", "email": "only@example.org", "password": "there"}]
        assert Lab(other).try_logins(attempt) == [None]
        assert "AUTHENTICATIONFAILED" in lab.try_logins(attempt)[0]
    finally:
        other.stop()
    assert lab.try_logins([{"service": "imaps", **LOGIN}]) == [None]


@pytest.mark.parametrize("lie", [{"start_time": 1}, {"boot": "another"}, {"pid": 2 ** 22 + 1}], ids=str)
def test_the_state_of_a_dead_lab_is_not_believed(lab_possible, tmp_path: Path, lie: dict):
    sandbox = Sandbox(tmp_path)
    # Its number belongs to this process now, which must survive.
    sandbox.state_file.write_text(json.dumps({**process_identity(os.getpid()), **lie}))
    (tmp_path / "root").mkdir()
    (tmp_path / "lab.log").write_text("of the dead one")
    assert sandbox.pid() is None
    assert sandbox.stop() is False
    assert not tmp_path.exists()


def test_a_dead_labs_directory_can_be_used_again(lab_possible, tmp_path: Path):
    sandbox = Sandbox(tmp_path)
    sandbox.state_file.write_text(json.dumps({"pid": os.getpid(), "start_time": 1, "boot": "another"}))
    assert sandbox.start(die_with_caller=True)
    assert sandbox.stop()


def test_a_lab_that_cannot_start_says_why_and_leaves_nothing(lab_possible, tmp_path: Path):
    before = state_of_the_machine()
    with pytest.raises(LabError, match="/tmp/does/not/exist"):
        Sandbox(tmp_path / "lab").start(shared=["/tmp/does/not/exist"])
    assert state_of_the_machine() == before
    assert not (tmp_path / "lab").exists()


def test_a_lab_dies_with_the_process_that_wanted_it_so(lab_possible, tmp_path: Path):
    program = ("import sys; sys.path.insert(0, sys.argv[1]); from sandbox import Sandbox;"
               "Sandbox(sys.argv[2]).start(die_with_caller=True); print('started', flush=True); input()")
    sandbox = Sandbox(tmp_path / "lab")
    with subprocess.Popen([sys.executable, "-c", program, str(HERE), str(sandbox.directory)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout.readline() == b"started\n"
        namespaces = namespaces_of(sandbox.pid())
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while sandbox.pid() or not namespaces.isdisjoint(namespaces_in_use()):
        assert time.monotonic() < deadline, "the lab lives on"
        time.sleep(0.02)
    assert sandbox.stop() is False
