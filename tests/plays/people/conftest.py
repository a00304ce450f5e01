# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of docs/users.md in a project of their own, and a directory service."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ...checkout import ROOT
from ...mounts import own_var_lib
from ..rollout.conftest import Project

COMMUNITY = ROOT / "build/community"
_PAGE = (ROOT / "docs/users.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, str] = dict(re.findall(r"^```(?:csv|yaml)\n# (\S+\.(?:csv|yml))\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL))
PEOPLE = 5000
PASSWORD = "reader-sesame"


@pytest.fixture
def project(tmp_path: Path, collections_path: str) -> Project:
    """With the files of the page, the CSV file as Excel writes it."""
    if not COMMUNITY.is_dir():
        pytest.skip("community.general is missing: .ci/community fetches it")
    found = Project(tmp_path, f"{collections_path}:{COMMUNITY}", own_var_lib(tmp_path))
    for name, text in EXAMPLES.items():
        found.write(name, text)
    (tmp_path / "people.csv").write_bytes(b"\xef\xbb\xbf" + EXAMPLES["people.csv"].replace("\n", "\r\n").encode())
    return found


@dataclass(frozen=True)
class Directory:
    uri: str


SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
objectclass ( 1.3.6.1.4.1.5322.17.1.1 NAME 'hostObject' DESC 'as in ldapns.schema of libpam-ldap' SUP top AUXILIARY MAY host )
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited
database mdb
suffix dc=example,dc=org
rootdn cn=admin,dc=example,dc=org
maxsize 268435456
directory {data}
access to attrs=userPassword by anonymous auth by * none
access to * by dn=cn=reader,dc=example,dc=org read by * none
"""


def entries() -> Iterator[str]:
    yield "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n"
    yield "dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n"
    yield f"dn: cn=reader,dc=example,dc=org\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {PASSWORD}\n"
    for number in range(PEOPLE):
        lines = [f"dn: uid=u{number},ou=people,dc=example,dc=org", "objectClass: inetOrgPerson", "objectClass: hostObject", f"uid: u{number}",
                 f"cn: Person {number}", f"sn: {number}", f"host: desk-{number % 100}"]  # fmt: skip
        if number % 5:  # of the others nobody knows the address
            lines.append(f"mail: u{number}@example.org")
        if number % 3 == 0:
            lines.append(f"mail: second{number}@example.org")
        if number % 2:
            lines.append(f"displayName: Shown {number}")
        if number % 10 == 0:
            lines.append("employeeType: disabled")
        yield "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """A real slapd with 5,000 people, which gives 500 at once."""
    slapd = shutil.which("slapd", path="/usr/sbin:/usr/bin")
    if slapd is None or subprocess.run(["/usr/bin/python3", "-c", "import ldap"], check=False, capture_output=True).returncode:
        pytest.skip("needs slapd and python3-ldap")
    path = tmp_path_factory.mktemp("slapd")
    (path / "data").mkdir()
    (path / "slapd.conf").write_text(SLAPD.format(data=path / "data"))
    (path / "people.ldif").write_text("\n".join(entries()))
    subprocess.run([slapd, "-T", "add", "-q", "-f", str(path / "slapd.conf"), "-l", str(path / "people.ldif")], check=True, timeout=120)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uri = f"ldap://127.0.0.1:{port}"
    with (path / "log").open("w") as log:
        process = subprocess.Popen([slapd, "-d", "0", "-f", str(path / "slapd.conf"), "-h", uri], stdout=log, stderr=log)
    try:
        for _attempt in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (path / "log").read_text()
            time.sleep(0.1)
        yield Directory(uri)
    finally:
        process.terminate()
        process.wait(10)
