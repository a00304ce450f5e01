# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site with the users' pages, behind a real nginx and a real Apache: who gets what, and what is gone when."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User
from ansible_collections.mailops.profiles.plugins.plugin_utils._secrets.links import LinkSecret

from ...browser import PROGRAM, Browser
from .conftest import PROFILE, Project, Run, user
from .sites import DOMAIN, Server, free_port

VISITOR = ("--user", "visitor:sesame")
SECRET, OTHER = "the secret of links in these tests", "another secret of links in these tests"
CLIENTS = ["setup_page", "mobileconfig", "k9_settings", "thunderbird_android"]
PUBLIC_HEADERS = {
    "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive", "strict-transport-security": "max-age=31536000",
}  # fmt: skip
TYPES = {
    "": "text/html; charset=utf-8", "index.html": "text/html; charset=utf-8", "index.pl.html": "text/html; charset=utf-8",
    "mail.mobileconfig": "application/x-apple-aspen-config", "thunderbird-android-1-of-1.png": "image/png",
    "mail.k9s": "application/octet-stream", "note.txt": "text/plain; charset=utf-8",
}  # fmt: skip


class Site:
    """A server, and runs of the playbook that make its site."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.server = project, server
        project.write("templates/note.j2", "{{ user.name }}\n")
        self.lists = project.path / "lists"
        self.lists.mkdir()
        self.variables: dict[str, Any] = {
            **server.variables(), "profile_definitions": [PROFILE], "link_secret": SECRET, "users": [user("anna"), user("bob")],
            "clients": CLIENTS, "client_options": {"setup_page": {"languages": ["en", "pl"]}},
            "templates": [{"src": "note.j2", "dest": "note.txt"}], "list_directory": str(self.lists),
            "layout": "debian",
        }  # fmt: skip

    def run(self, *arguments: str, fails: bool = False, **variables: Any) -> Run:
        """The playbook with these variables from now on."""
        self.variables.update(variables)
        common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        mine = {f"mail_setup_site_{name}": value for name, value in self.variables.items()}
        inventory = self.project.write("hosts.json", {"mail_setup_site": {"hosts": {"web": {**common, **mine}}}})
        done = self.project.play("mailops.profiles.setup_site", "-i", inventory, *arguments)
        assert (done.status != 0) == fails, done.output[-3000:]
        return done

    def token(self, name: str, secret: str = SECRET, **changes: Any) -> str:
        found = LinkSecret(secret).token("default", User(name, **{"email": f"{name}@example.org", **changes}))
        assert found
        return found


@pytest.fixture
def project(collections_path: str) -> Iterator[Project]:
    """In a directory that the server's user may pass through."""
    from ...mounts import own_var_lib

    if os.geteuid() != 0:
        pytest.skip("a web server of the system's own needs root")
    path = Path(tempfile.mkdtemp(prefix="mailops-site-"))
    path.chmod(0o755)
    yield Project(path, collections_path, own_var_lib(path))
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(params=["nginx", "apache"])
def site(request: pytest.FixtureRequest, project: Project) -> Iterator[Site]:
    base = project.path / "server"
    base.mkdir()
    server = Server(request.param, base, free_port(), free_port())
    missing = [name for name in (server.program, "curl", PROGRAM) if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    server.prepare()
    yield Site(project, server)
    server.stop()


def changed(run: Run) -> int:
    return int(run.output.split("changed=")[1].split()[0])


def test_the_life_of_a_site(site: Site) -> None:
    server = site.server
    outputs = [site.run("--diff").output]
    anna, bob = site.token("anna"), site.token("bob")
    whoever_has_the_address_gets_that_page_alone(server, anna, bob)
    everything_else_is_not_there(site, anna)
    if server.kind == "nginx":
        a_browser_shows_the_page(server, anna)
    the_lists_are_the_administrators(site, anna, bob)
    # Another e-mail address, and a password in front of everything.
    passwords = server.base / "passwords"
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "sesame"], capture_output=True, text=True, check=True).stdout
    passwords.write_text(f"visitor:{hashed}")
    outputs.append(site.run(users=[user("anna", email="a.nowak@example.org"), user("bob")], password_file=str(passwords)).output)
    new = site.token("anna", email="a.nowak@example.org")
    a_password_is_asked_for(server, new)
    assert [server.get(f"{token}/", *VISITOR).status for token in (anna, new, bob)] == [404, 200, 200]
    assert server.get(f"{anna}/mail.k9s", *VISITOR).status == 404 and not (server.base / "site" / anna).exists()
    # Another secret, and a user who leaves.
    outputs.append(site.run(link_secret=OTHER, users=[user("anna"), user("bob", state="absent")]).output)
    rotated = site.token("anna", OTHER)
    found = [server.get(f"{token}/", *VISITOR).status for token in (new, bob, rotated, site.token("bob", OTHER))]
    assert found == [404, 404, 200, 404]
    assert [path.name for path in (server.base / "site").iterdir()] == [rotated]
    # The whole site, though nobody is listed.
    outputs.append(site.run("--diff", state="absent", users=[]).output)
    assert server.settle(f"{rotated}/", 0) == 0
    assert not (server.base / "site").exists() and not list(site.lists.iterdir()) and not list((server.base / "sites").iterdir())
    assert not list((site.project.path / "lib").rglob("*.json"))
    written = " ".join(outputs) + server.logs()
    assert "{LinkToken of anna}" in written and "GET 200" in written  # that there are visitors is written
    assert not [secret for secret in (anna, bob, new, rotated, SECRET, OTHER, "visitor") if secret in written]


@pytest.mark.long
def test_dry_runs_second_runs_and_what_the_server_does_not_accept(site: Site) -> None:
    sites = site.server.base / "sites"
    run = site.run(certificate_file="/nowhere/site.pem", fails=True)
    assert "there is no /nowhere/site.pem on the host" in run.output and not (site.server.base / "site").exists()
    good, good_key, nonsense = (site.server.base / name for name in ("site.pem", "site.key", "nonsense.pem"))
    nonsense.write_text("no certificate")
    for check in ((), ("--check",)):
        assert f"{nonsense} on the host is no certificate" in site.run(*check, certificate_file=str(nonsense), fails=True).output
    other = site.server.base / "other.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", other], check=True)
    run = site.run(certificate_file=str(good), certificate_key_file=str(other), fails=True)
    assert f"{other} on the host is not the private key" in run.output, run.output[-1500:]
    assert not list(sites.iterdir())
    broken = sites / "zz-broken.conf"
    broken.write_text("nonsense\n")
    assert "the server does not accept the site's configuration, which was taken back" in site.run(certificate_key_file=str(good_key), fails=True).output
    assert list(sites.iterdir()) == [broken]
    broken.unlink()
    assert changed(site.run("--check", "--diff", certificate_file=str(good))) and not list(sites.iterdir())
    assert changed(site.run()) and not changed(site.run()) and not changed(site.run("--check"))
    before = [path.read_text() for path in sites.iterdir()]
    site.run(certificate_file=str(nonsense), fails=True)
    assert [path.read_text() for path in sites.iterdir()] == before and site.server.get(f"{site.token('anna')}/").status == 200
    assert changed(site.run("--check", state="absent", users=[])) and site.server.get(f"{site.token('anna')}/").status == 200
    assert changed(site.run()) and not changed(site.run())


def a_password_is_asked_for(server: Server, token: str) -> None:
    """Without a difference between an address that is somebody's and one that is nobody's."""
    assert server.settle(f"{token}/", 401) == 401
    assert [server.get(path).status for path in (f"{token}/mail.k9s", "a" * 26 + "/")] == [401, 401]
    assert server.get(f"{token}/", "--user", "visitor:wrong").status == 401


def whoever_has_the_address_gets_that_page_alone(server: Server, anna: str, bob: str) -> None:
    assert server.settle(f"{anna}/", 200) == 200
    for name, kind in TYPES.items():
        for token, who in ((anna, "anna"), (bob, "bob")):
            reply = server.get(f"{token}/{name}")
            assert (reply.status, reply.headers.get("content-type") or "application/octet-stream") == (200, kind), name
            assert who.encode() in reply.body.lower() or name.endswith(".png")
            assert {header: reply.headers.get(header) for header in PUBLIC_HEADERS} == PUBLIC_HEADERS
            assert (reply.headers.get("content-disposition") == "attachment") == name.endswith(".k9s")
            assert not {"etag", "last-modified", "set-cookie"} & set(reply.headers)
    assert b"bob" not in server.get(f"{anna}/").body.lower()
    assert server.get(f"{anna}/", "--head").status == 200


def a_browser_shows_the_page(server: Server, anna: str) -> None:
    """Chromium, which takes the site's key for this name and no other."""
    key = subprocess.run(
        "openssl x509 -in site.pem -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
        shell=True, cwd=server.base, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    browser = Browser(f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1", f"--ignore-certificate-errors-spki-list={key}")
    try:
        with browser.tab() as tab:
            page = f"{server.url}{anna}/"
            tab.open(page)
            assert tab.run("document.body.innerText").count("Anna") and not tab.messages
            assert {url for url in tab.requests if not url.startswith("data:")} == {page}
            links = [link for link in tab.run("[...document.links].map(link => link.href)") if link.startswith(server.url)]
            names = {link.removeprefix(page) for link in links if link.startswith(page) and "#" not in link}
            assert {"mail.mobileconfig", "mail.k9s", "index.pl.html"} <= names and [server.get(f"{anna}/{name}").status for name in names] == [200] * len(names)
            tab.run("document.querySelector('a[href=\"index.pl.html\"]').click()")
            tab.wait()
            assert tab.run("[document.documentElement.lang, document.referrer]") == ["pl", ""] and not tab.messages
            tab.open(server.url)
            assert "404" in tab.run("document.title") and not tab.run("document.links.length")
    finally:
        browser.close()


def everything_else_is_not_there(site: Site, anna: str) -> None:
    """What is on the disk beside the pages, by every way to write it."""
    server = site.server
    place = server.base / "site" / anna
    (place / ".mailops-0123456789abcdef.tmp").write_text("secret")
    (place / ".htpasswd").write_text("secret")
    (place / "default.json").write_text("secret")
    (place / "secret").mkdir()
    (place / "secret/index.html").write_text("secret")
    (server.base / "site/index.html").write_text("secret")
    (server.base / "site/secret.txt").write_text("secret")
    try:
        paths = [
            "", "index.html", "secret.txt", "robots.txt", "favicon.ico", "icons/", "server-status", ".well-known/x", f"{anna}", f"{anna}/secret/",
            f"{anna}/secret/index.html", f"{anna}/.htpasswd", f"{anna}/.mailops-0123456789abcdef.tmp", f"{anna}/default.json", f"{anna}/index",
            f"{anna}/index.html/", f"{anna}/index.html/x", f"{anna}//secret.txt", f"{anna.upper()}/", f"{anna[:25]}/", f"{anna}2/", "a" * 26 + "/",
            f"{anna}/..", f"{anna}/../", f"{anna}/../secret.txt", f"{anna}/%2e%2e/secret.txt", f"{anna}/%2e%2e%2fsecret.txt",
            f"{anna}/..%2f..%2fserver.conf", f"{anna}/../../server.conf", f"{anna}/%252e%252e/secret.txt", f"{anna}/..\\secret.txt",
            f"{anna}/.%00/secret.txt", f"{anna}/index.html%00.txt", f"{anna}/index.html%0a", f"{anna}/index.html%20", f"{anna}/;/../secret.txt",
            f"{'a' * 26}/../secret.txt", "%2e%2e/site.key", "..;/site.key", f"{anna}/index.xx.html", f"{anna}/mail.mobileconfig~", "?C=N;O=D",
        ]  # fmt: skip
        for path in paths:
            reply = server.get(path)
            assert reply.status in (404, 400) and b"secret" not in reply.body and anna.encode() not in reply.body, (path, reply)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
            assert server.get(f"{anna}/index.html", "--request", method, "--data", "x").status in (403, 405), method
        assert server.get(f"{anna}/", "--tls-max", "1.1").status == 0
        plain = f"http://setup.example.org:{server.http_port}/"
        assert server.get(f"{anna}/", url=plain).status == 404 and server.get(f"{anna}/", url=plain.replace("setup", "other")).status != 200
        assert server.get(f"{anna}/", url=server.url.replace("https", "http")).status != 200
    finally:
        shutil.rmtree(place / "secret")
        for path in (place / ".mailops-0123456789abcdef.tmp", place / ".htpasswd", place / "default.json"):
            path.unlink()
        for name in ("index.html", "secret.txt"):
            (server.base / "site" / name).unlink()


def the_lists_are_the_administrators(site: Site, anna: str, bob: str) -> None:
    files = {path.name: path for path in site.lists.iterdir()}
    assert {name: path.stat().st_mode & 0o777 for name, path in files.items()} == dict.fromkeys(("links.csv", "links.json", "letters.html"), 0o600)
    expected = [f"{site.server.url}{token}/" for token in (anna, bob)]
    assert [row["url"] for row in csv.DictReader(io.StringIO(files["links.csv"].read_text()))] == expected
    assert [link["url"] for link in json.loads(files["links.json"].read_text())] == expected
    assert all(url in files["letters.html"].read_text() for url in expected)
