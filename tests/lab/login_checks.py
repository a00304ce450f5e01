# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Log-in checks in the lab, by the code that runs on hosts, with the lab's own Python; and servers that are set up wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import credentials
import mailserver
from controller import COLLECTIONS
from harness import Lab

from ansible_collections.mailops.profiles.plugins.module_utils._login_wire import Check, CheckAnswer, CheckJob, Finding, RoundTrip
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.check_exchange import dump_check_job, load_check_answer

_RUN = """
import sys
from ansible_collections.mailops.profiles.plugins.module_utils._login_check.run import run
print(run(sys.stdin.read()))
"""
_HOSTS = {"imap": "imap.example.org", "pop": "pop.example.org", "smtp": "smtp.example.org"}
PASSWORDS = ("PLAIN", "LOGIN")


def check(lab: Lab, protocol: str, port: int, security: str = "tls", /, **changes: Any) -> Check:
    """Anna's log-in, with some fields changed."""
    anna = lab.users["anna"]
    senders = (anna.email,) if protocol == "smtp" else ()
    usual = Check(protocol, _HOSTS[protocol], port, security, anna.email, anna.password, PASSWORDS, False, lab.ca_file, senders)
    return usual._replace(**changes)


def try_checks(lab: Lab, checks: Sequence[Check], round_trips: Sequence[RoundTrip] = (), **limits: Any) -> CheckAnswer:
    job = CheckJob(tuple(checks), tuple(round_trips), **limits)
    done = lab.run(["/usr/bin/python3", "-B", "-c", _RUN], input=dump_check_job(job), env={"PYTHONPATH": COLLECTIONS}, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return load_check_answer(done.stdout.strip(), job)


def findings(lab: Lab, checks: Sequence[Check], **limits: Any) -> list[Finding]:
    return [found[0] for found in try_checks(lab, checks, **limits).findings]


def start_dovecot(lab: Lab, name: str, address: str, changes: dict[str, str]) -> None:
    """One more Dovecot, at an address of its own, with some lines of the configuration replaced. ``lab.seen_by(name)`` is what it was given."""
    credentials.ADDRESSES[name] = address
    config = lab.path("/etc/dovecot/dovecot.conf").read_text(encoding="utf-8")
    directories = f"base_dir = /run/{name}\nstate_dir = /var/lib/{name}\n"
    own = {"listen = 127.0.0.2, 127.0.0.3\n": f"listen = {address}\n{directories}", "protocols = imap pop3 lmtp\n": "protocols = imap pop3\n"}
    for old, new in {**own, **changes}.items():
        assert old in config, old
        config = config.replace(old, new)
    # The sockets of the lab's own Dovecot and Postfix are not this one's.
    config = config[: config.index("service lmtp {")]
    lab.path(f"/etc/dovecot/{name}.conf").write_text(config, encoding="utf-8")
    lab.path(f"/var/lib/{name}").mkdir()
    # The daemon keeps what it has for standard output.
    done = lab.run(["sh", "-c", f"dovecot -c /etc/dovecot/{name}.conf >/tmp/{name}.out 2>&1 || cat /tmp/{name}.out"])
    assert not done.stdout, done.stdout


def add_hosts(lab: Lab, *lines: str) -> None:
    with lab.path("/etc/hosts").open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def add_submission(lab: Lab, address: str, *options: str) -> None:
    """One more submission service of the lab's Postfix, at port 465 of an address of its own, with the certificate "any"."""
    master = lab.path("/etc/postfix/master.cf")
    usual = (
        f"smtpd_tls_chain_files={mailserver.LAB}/any.key,{mailserver.LAB}/any.pem", "smtpd_tls_wrappermode=yes", "smtpd_sasl_auth_enable=yes",
        "smtpd_relay_restrictions=permit_sasl_authenticated,reject",
    )  # fmt: skip
    lines = [f"{address}:465 inet n - n - - smtpd", *(f"  -o {option}" for option in (*usual, *options))]
    master.write_text(master.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")
    os.utime(master, (0, 0))
    done = lab.run(["postfix", "reload"])
    assert done.returncode == 0, done.stderr


def make_certificate(lab: Lab, name: str, start: str, end: str) -> None:
    """NAME.pem and NAME.key of the lab's CA for the servers' names, valid between two moments (YYYYMMDDHHMMSSZ)."""
    at = mailserver.LAB
    config = f"""[ca]
default_ca = own
[own]
dir = {name}.ca
database = {name}.ca/index
serial = {name}.ca/serial
new_certs_dir = {name}.ca
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = DNS:*.example.org
"""
    lab.path(f"{at}/{name}.cnf").write_text(config, encoding="utf-8")
    script = f"""set -e
cd {at}
mkdir {name}.ca
touch {name}.ca/index
echo 01 >{name}.ca/serial
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mail.example.org -keyout {name}.key -out {name}.csr 2>/dev/null
openssl ca -batch -config {name}.cnf -cert ca.pem -keyfile ca.key -startdate {start} -enddate {end} -in {name}.csr -out {name}.pem -notext 2>&1
chmod 600 {name}.key
"""
    done = lab.run(["sh", "-c", script])
    assert done.returncode == 0, done.stdout + done.stderr
