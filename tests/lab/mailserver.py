# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail server of the lab: certificates, Dovecot, Postfix. Runs inside the sandbox."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

CONFIG = Path(__file__).resolve().parent / "config"
LAB = Path("/etc/mailops-lab")
CA_FILE = LAB / "ca.pem"
WRONG_CA_FILE = LAB / "wrong-ca.pem"
ACCOUNTS = LAB / "accounts"
LOG = Path("/var/log/mail.log")
CREDENTIALS_LOG = Path("/var/log/mailops-lab-credentials.log")
QUEUE = "/var/spool/mailops-lab"

# What each port says first; with implicit TLS, inside TLS.
BANNERS = {
    (address, port, port in (993, 995, 465)): banner
    for address in ("127.0.0.2", "127.0.0.3")
    for port, banner in {143: b"* OK", 993: b"* OK", 110: b"+OK", 995: b"+OK", 587: b"220", 465: b"220"}.items()
} | {("127.0.0.1", 25, False): b"220"}
SECONDS_TO_SERVE = 90


class NotServing(Exception):
    """A port gave no answer in time."""


def start(accounts: Mapping[str, str]) -> None:
    """Start everything for these e-mail addresses with their passwords, and return when every port answers."""
    LAB.mkdir()
    _make_certificates()
    ACCOUNTS.mkdir()
    for email, password in accounts.items():
        write_account(ACCOUNTS, email, password)
    for log in (LOG, CREDENTIALS_LOG):
        log.unlink(missing_ok=True)
    _start_dovecot()
    _start_postfix()
    _wait_for_banners()


def write_account(accounts: Path, email: str, password: str) -> None:
    """Add a log-in, or give it another password. Dovecot sees it at the next log-in."""
    # In base64: a password may contain anything that a scheme's name or JSON could be mistaken in.
    encoded = base64.b64encode(password.encode()).decode()
    new = accounts / f".new-{email.lower()}"
    new.write_text(json.dumps({"password": f"{{PLAIN.b64}}{encoded}"}))
    new.chmod(0o644)
    new.rename(accounts / email.lower())


def log_tail() -> str:
    return "\n".join(LOG.read_text(errors="replace").splitlines()[-20:]) if LOG.exists() else "(empty)"


def _make_certificates() -> None:
    for ca, subject in (("ca", "/CN=mailops lab CA"), ("wrong-ca", "/CN=mailops lab wrong CA")):
        _new_certificate(ca, "ca", subject)
    _new_certificate("server", "server", "/CN=mail.example.org", "-CA", str(CA_FILE), "-CAkey", f"{LAB}/ca.key")
    for key in LAB.glob("*.key"):
        key.chmod(0o600)


def _new_certificate(name: str, extensions: str, subject: str, *issuer: str) -> None:
    _run("openssl", "req", "-x509", "-config", str(CONFIG / "openssl.cnf"), "-extensions", extensions, "-days", "30",
         "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, *issuer,
         "-keyout", f"{LAB}/{name}.key", "-out", f"{LAB}/{name}.pem")


def _start_dovecot() -> None:
    shutil.copy(CONFIG / "dovecot.conf", "/etc/dovecot/dovecot.conf")
    shutil.copy(CONFIG / "dovecot-accounts.conf", LAB)
    _run("dovecot")


def _start_postfix() -> None:
    for name in ("main.cf", "master.cf"):
        shutil.copy(CONFIG / name, "/etc/postfix")
        # A file that has changed within the last two seconds is one that Postfix waits with, lest it be half written.
        os.utime(f"/etc/postfix/{name}", (0, 0))
    os.makedirs(QUEUE)
    _run("postfix", "start")


def _wait_for_banners() -> None:
    deadline = time.monotonic() + SECONDS_TO_SERVE
    for (address, port, implicit_tls), expected in BANNERS.items():
        while not _banner(address, port, implicit_tls).startswith(expected):
            if time.monotonic() > deadline:
                raise NotServing(f"the mail server does not answer at {address} port {port}")
            time.sleep(0.05)


def _banner(address: str, port: int, implicit_tls: bool) -> bytes:
    try:
        with socket.create_connection((address, port), timeout=5) as connection:
            if implicit_tls:
                with ssl.create_default_context(cafile=str(CA_FILE)).wrap_socket(
                        connection, server_hostname="mail.example.org") as encrypted:
                    return encrypted.recv(100)
            return connection.recv(100)
    except OSError:
        return b""


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
