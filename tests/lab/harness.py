# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as the tests use it."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import credentials
import mailserver
from sandbox import HERE, REPOSITORY, Sandbox
from terminal import Dialogue, run_in_terminal

from tests.releases import Release, mount_command

# What the programs of another release find as those of the lab's own machine do: its users, its network, its CA, what a run writes for all
# users of a machine, what tests hand over.
COMMON = ("/dev", "/etc/group", "/etc/hosts", "/etc/mailops-lab", "/etc/passwd", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt",
          "/etc/thunderbird", "/home", "/proc", "/run", "/tmp", "/var/mail", str(REPOSITORY))  # fmt: skip
QUEUES = ("maildrop", "incoming", "active")
SECONDS_TO_DELIVER = 60


@dataclass(frozen=True)
class User:
    name: str
    email: str
    display_name: str
    password: str

    @property
    def home(self) -> str:
        return f"/home/{self.name}"


def load_users() -> dict[str, User]:
    return {entry["name"]: User(**entry) for entry in json.loads((HERE / "users.json").read_text(encoding="utf-8"))}


class Lab:
    """A running lab: its users, its mailboxes, and programs run in it."""

    ca_file = str(mailserver.CA_FILE)
    wrong_ca_file = str(mailserver.WRONG_CA_FILE)

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self.users = load_users()
        self._passwords = {user.email: user.password for user in self.users.values()}

    def use_programs_of(self, release: Release) -> None:
        """From now on, what users run. Root's commands stay the machine's."""
        if release.root:
            # Empty on every system, and the sandbox needs it at its start only.
            done = self.run(mount_command(release, "/mnt", COMMON))
            if done.returncode:
                raise RuntimeError(f"the root of {release} cannot be mounted: {done.stderr}")
            self.sandbox.users_root = "/mnt/root"

    def run(self, argv: Sequence[str], user: str | None = None, input: str | None = None,
            env: Mapping[str, str] | None = None, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Run a command as root, or as a user who has just logged in. Its failure is for the caller to judge."""
        stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
        return subprocess.run(self.sandbox.command(argv, user, env), capture_output=True, timeout=timeout,
                              check=False, encoding="utf-8", errors="backslashreplace", **stdin)

    def pty(self, argv: Sequence[str], user: str | None = None, input: bytes | Dialogue = b"",
            env: Mapping[str, str] | None = None, timeout: float = 60, always: Dialogue = ()) -> tuple[int, bytes]:
        """Run a full-screen program, and type: all at once when it first waits, or in steps of (expected, keys), and ``always`` in between."""
        dialogue = [(b"", input)] if isinstance(input, bytes) else input
        # The terminal is opened outside; setsid makes it the controlling one of a session inside.
        argv = self.sandbox.command(["setsid", "--ctty", *argv], user, env)
        try:
            return run_in_terminal(argv, dialogue, timeout, always)
        except subprocess.TimeoutExpired as reason:
            reason.add_note(f"The servers' log ends with:\n{self.log()[-4000:]}")
            raise

    def path(self, inside: str) -> Path:
        """A file of the lab, to read or to write from outside. (An absolute symbolic link in there leads outside.)"""
        return self.sandbox.path(inside)

    def deliver(self, email: str, subject: str, body: str) -> None:
        """Put a message into a mailbox; it is there when this returns."""
        message = _message(email, subject, body)
        self._order("deliver", email=email, message=base64.b64encode(message.as_bytes()).decode())

    def messages(self, email: str, folder: str = "INBOX") -> list[EmailMessage]:
        """What the mailbox holds once all mail that has been handed over is delivered."""
        self.wait_for_delivery()
        raw = self._order("messages", email=email, password=self._passwords[email], folder=folder)
        return [_parse(base64.b64decode(each)) for each in raw]

    def empty(self, email: str) -> None:
        """Delete all messages of all folders."""
        self.wait_for_delivery()
        self._order("empty", email=email, password=self._passwords[email])

    def new_mailbox(self, email: str) -> None:
        """As the server makes it at the first log-in: no messages, and no folders but those that it makes itself."""
        self.wait_for_delivery()
        name, domain = email.lower().split("@")
        # Connections of programs that were killed: they would go on with what they know.
        self.run(["doveadm", "kick", email])
        done = self.run(["rm", "-rf", f"/var/mail/mailops-lab/{domain}/{name}"])
        assert done.returncode == 0, done.stderr

    def create_folders(self, email: str, *names: str) -> None:
        """The names as the server has them, in modified UTF-7."""
        self._order("create", email=email, password=self._passwords[email], folders=names)

    def folders(self, email: str) -> list[str]:
        """Those that are subscribed to, in the order in which the server lists them, in modified UTF-7."""
        return self._order("folders", email=email, password=self._passwords[email])

    @contextmanager
    def hierarchy(self, separator: str, prefix: str, marks: bool = True) -> Iterator[None]:
        """The IMAP server has another separator between levels, and a prefix before the users' folders; it does, or does not, mark the
        folders that it makes itself with what they are for (RFC 6154)."""
        config = self.path("/etc/dovecot/dovecot.conf")
        before = config.read_text(encoding="utf-8")
        try:
            changed = before.replace("  separator = /\n", f"  separator = {separator}\n  prefix = {prefix}\n")
            config.write_text(changed if marks else re.sub(" +special_use = .*\n", "", changed), encoding="utf-8")
            self._reload_dovecot(separator, prefix, marks)
            yield
        finally:
            config.write_text(before, encoding="utf-8")
            self._reload_dovecot("/", "", marks=True)

    def _reload_dovecot(self, separator: str, prefix: str, marks: bool) -> None:
        done = self.run(["doveadm", "reload"])
        assert done.returncode == 0, done.stderr
        email, password = next(iter(self._passwords.items()))
        deadline = time.monotonic() + SECONDS_TO_DELIVER
        wanted = f'(("{prefix}" "{separator}"))'
        while True:
            namespace, marked = self._order("namespace", email=email, password=password)
            if namespace.startswith(wanted) and marked == marks:
                return
            assert time.monotonic() < deadline, "Dovecot did not reload its configuration"
            time.sleep(0.05)

    def try_logins(self, attempts: Sequence[Mapping[str, str]]) -> list[str | None]:
        """Log in, by the book, once for each attempt: service (one of logins.PORTS), email, password, and if they are
        not the usual ones host and ca_file. For each the server's or the TLS library's refusal, or None."""
        usual = {"ca_file": self.ca_file}
        return self._inside("logins.py", [{**usual, **attempt} for attempt in attempts])

    def set_accounts(self, accounts: Mapping[str, str]) -> None:
        """Add log-ins, e-mail to password, or give existing ones another password. In effect at once."""
        directory = self.path(str(mailserver.ACCOUNTS))
        for email, password in accounts.items():
            mailserver.write_account(directory, email, password)
        self._passwords.update(accounts)

    def log(self) -> str:
        """What the servers logged."""
        return self.path(str(mailserver.LOG)).read_text(encoding="utf-8", errors="replace")

    def seen_by(self, domain: str, since: int = 0) -> list[tuple[str, str]]:
        """Each (log-in name, password) that the servers of example.org, or of own.example, were given since ``mark``."""
        return credentials.seen(self._credentials_log()[since:], domain, self._passwords.values())

    def mark(self) -> int:
        return len(self._credentials_log())

    def _credentials_log(self) -> str:
        return self.path(str(mailserver.CREDENTIALS_LOG)).read_text(encoding="utf-8", errors="backslashreplace")

    def wait_for_delivery(self) -> None:
        """Return when the mail queue is empty."""
        deadline = time.monotonic() + SECONDS_TO_DELIVER
        # In the order in which a message passes through them, so that none slips by.
        while any(path.is_file() for name in QUEUES for path in (self.path(mailserver.QUEUE) / name).rglob("*")):
            if time.monotonic() > deadline:
                raise TimeoutError(f"mail is still in the queue after {SECONDS_TO_DELIVER} seconds:\n{self.log()}")
            time.sleep(0.02)

    def _order(self, action: str, **arguments: str):
        return self._inside("postman.py", {"action": action, **arguments})

    def _inside(self, program: str, order):
        answer = self.run([sys.executable, "-B", str(HERE / program)], input=json.dumps(order))
        if answer.returncode:
            raise RuntimeError(f"{program} failed at {order}:\n{answer.stderr}")
        return json.loads(answer.stdout)


def _message(email: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "The Sender <sender@example.net>"
    message["To"] = email
    message["Subject"] = subject
    message.set_content(body)
    return message


def _parse(raw: bytes) -> EmailMessage:
    # On the wire a line ends with CR LF, which a decoded text part would keep.
    return message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=policy.default)
