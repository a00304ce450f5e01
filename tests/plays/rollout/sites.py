# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real web servers on the loopback, with a configuration of their own, and what a visitor gets from them over TLS."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

DOMAIN = "setup.example.org"

_NGINX = """\
user www-data;
worker_processes 1;
pid {base}/pid;
error_log {base}/log/all-errors.log info;
events {{ }}
http {{
    client_body_temp_path {base}/body;
    proxy_temp_path {base}/proxy;
    fastcgi_temp_path {base}/fastcgi;
    uwsgi_temp_path {base}/uwsgi;
    scgi_temp_path {base}/scgi;
    include /etc/nginx/mime.types;
    access_log {base}/log/all.log;
    include {base}/sites/*.conf;
}}
"""
_MODULES = (
    "alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex dir env headers mime mpm_event negotiation setenvif "
    "socache_shmcb ssl status"
).split()
_APACHE = """\
ServerRoot {base}
ServerName localhost
PidFile {base}/pid
# As the distributions have port 80: without any the server would end with its last site.
Listen 127.0.0.1:{idle}
DefaultRuntimeDir {base}
User www-data
Group www-data
ErrorLog {base}/log/all-errors.log
LogLevel info
TypesConfig /etc/mime.types
CustomLog {base}/log/all.log "%h %r %>s"
Alias /icons/ /usr/share/apache2/icons/
<Directory />
    Options Indexes FollowSymLinks MultiViews
    Require all granted
</Directory>
<Location /server-status>
    SetHandler server-status
</Location>
IncludeOptional {base}/sites/*.conf
"""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def certificate(base: Path) -> None:
    """``ca.pem``, and ``site.pem`` with ``site.key`` for the domain, which it has signed."""
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    for command in (
        f"{make} -subj '/CN=The tests' -keyout ca.key -out ca.pem",
        f"{make} -subj /CN={DOMAIN} -addext subjectAltName=DNS:{DOMAIN} -addext basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key "
        "-keyout site.key -out site.pem",
    ):
        subprocess.run(shlex.split(command), cwd=base, check=True, capture_output=True)


@dataclass(frozen=True)
class Server:
    """``kind``: nginx or apache. ``base`` has its configuration and logs; ``sites`` below it is what the role writes to."""

    kind: str
    base: Path
    port: int
    http_port: int

    @property
    def program(self) -> str:
        return "nginx" if self.kind == "nginx" else "apache2"

    def prepare(self) -> None:
        for name in ("sites", "log"):
            (self.base / name).mkdir()
        text = _NGINX if self.kind == "nginx" else _APACHE
        if self.kind == "apache":
            text = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in _MODULES) + text
        (self.base / "server.conf").write_text(text.format(base=self.base, idle=free_port()))
        start, reload = ("", "-s reload") if self.kind == "nginx" else ("-k start", "-k graceful")
        command = f"{shutil.which(self.program)} {'-c' if self.kind == 'nginx' else '-f'} {self.base}/server.conf"
        # Starts the server if it does not run yet, as the service's `reloaded` does.
        (self.base / "reload").write_text(f'#!/bin/sh\nif [ -s {self.base}/pid ]; then {command} {reload}; else {command} {start}; fi\n')
        (self.base / "test").write_text(f"#!/bin/sh\nexec {command} -t\n")
        for name in ("reload", "test"):
            (self.base / name).chmod(0o755)
        certificate(self.base)

    def variables(self) -> dict[str, object]:
        """Of the role."""
        return {
            "server": self.kind, "domain": DOMAIN, "port": self.port, "http_port": self.http_port, "addresses": ["127.0.0.1"],
            "certificate_file": f"{self.base}/site.pem", "certificate_key_file": f"{self.base}/site.key", "log_directory": f"{self.base}/log",
            "root": f"{self.base}/site", "config_file": f"{self.base}/sites/mail-setup.conf", "reload_command": [f"{self.base}/reload"],
            "test_command": [f"{self.base}/test"],
        }  # fmt: skip

    @property
    def url(self) -> str:
        return f"https://{DOMAIN}:{self.port}/"

    def get(self, path: str, *arguments: str, url: str = "") -> Reply:
        """What curl gets, with the path as it is; ``status`` 0: nothing."""
        address = url or self.url
        argv = [
            "curl", "--silent", "--show-error", "--include", "--path-as-is", "--noproxy", "*", "--max-time", "10", "--cacert", f"{self.base}/ca.pem",
            "--resolve", f"{DOMAIN}:{self.port}:127.0.0.1", "--resolve", f"{DOMAIN}:{self.http_port}:127.0.0.1", *arguments, address + path,
        ]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, check=False)
        if done.returncode:
            return Reply(0, {}, done.stderr)
        head, _blank, body = done.stdout.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
        return Reply(int(first.split()[1]), headers, body)

    def settle(self, path: str, status: int) -> int:
        """The status of a path after a reload, which the old workers outlive for a moment."""
        end = time.monotonic() + 10
        while (found := self.get(path).status) != status and time.monotonic() < end:
            time.sleep(0.1)
        return found

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted((self.base / "log").iterdir()))

    def stop(self) -> None:
        try:
            pid = int((self.base / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 10
        while (self.base / "pid").exists() and time.monotonic() < end:
            time.sleep(0.05)
