# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the configuration of a setup site goes, on Debian and on Red Hat. Those of Red Hat are rendered here, and were not run."""

from __future__ import annotations

import base64
import json
import os

import pytest

from ...checkout import ROOT
from .conftest import Project, user

ROLE = ROOT / "roles/mail_setup_site"
LAYOUTS = {
    ("debian", "nginx"): ("/etc/nginx/sites-available/mail-setup-x.conf", "/var/log/nginx", "www-data", ["nginx", "-t"], "nginx"),
    ("debian", "apache"): ("/etc/apache2/sites-available/mail-setup-x.conf", "/var/log/apache2", "www-data", ["apache2ctl", "configtest"], "apache2"),
    ("redhat", "nginx"): ("/etc/nginx/conf.d/mail-setup-x.conf", "/var/log/nginx", "nginx", ["nginx", "-t"], "nginx"),
    ("redhat", "apache"): ("/etc/httpd/conf.d/mail-setup-x.conf", "/var/log/httpd", "apache", ["httpd", "-t"], "httpd"),
}
LINKS = {
    ("debian", "nginx"): ["/etc/nginx/sites-enabled/mail-setup-x.conf"],
    ("debian", "apache"): ["/etc/apache2/sites-enabled/mail-setup-x.conf"],
}
BAD = {
    "server": ("lighttpd", "mail_setup_site_server: must be nginx or apache"),
    "layout": ("suse", "mail_setup_site_layout: must be debian or redhat"),
    "root": ("/srv/../etc", "mail_setup_site_root: must be an absolute path"),
    "domain": ("a b", "mail_setup_site_domain: must be the name of the site"),
    "base_url": ("http://setup.example.org/", "mail_setup_site_base_url: must begin with https://"),
    "certificate_file": (None, "mail_setup_site_certificate_file, mail_setup_site_certificate_key_file: must be absolute paths"),
    "password_file": ("/x; include y", "mail_setup_site_password_file: must be an absolute path"),
    "addresses": (["x;"], "mail_setup_site_addresses: must be a list of addresses"),
    "clients": (["msmtp"], "mail_setup_site_clients: must be some of setup_page, "),
    "templates": ([{"src": "x", "dest": "a/b"}], "mail_setup_site_templates: dest must be a name"),
    "list_directory": ("letters", "mail_setup_site_list_directory: must be an absolute path"),
}


def test_every_layout_has_its_paths(project: Project) -> None:
    cases = [{"mail_setup_site_layout": layout, "mail_setup_site_server": server} for layout, server in LAYOUTS]
    site = {
        "mail_setup_site_domain": "setup.example.org", "mail_setup_site_certificate_file": "/c.pem", "mail_setup_site_certificate_key_file": "/c.key",
        "mail_setup_site_instance": "x",
    }  # fmt: skip
    facts = "[_mail_setup_site_config, _mail_setup_site_logs, _mail_setup_site_layout.group, _mail_setup_site_layout.test_command, " \
        "_mail_setup_site_layout.service, _mail_setup_site_links, lookup('ansible.builtin.template', template)]"  # fmt: skip
    # A play for each case, because a variable of an item is not seen by templates of other variables.
    plays = [
        {
            "hosts": "localhost", "gather_facts": False, "vars": {**site, **case, "template": f"{ROLE}/templates/{case['mail_setup_site_server']}.conf.j2"},
            "vars_files": [f"{ROLE}/vars/main.yml"],
            "tasks": [{"ansible.builtin.debug": {"msg": f"RENDERED{{{{ {facts} | to_json | b64encode }}}}RENDERED"}}],
        }
        for case in cases
    ]  # fmt: skip
    defaults = (ROLE / "defaults/main.yml").read_text()
    project.write("group_vars/all.yml", defaults)
    run = project.play(project.write("play.json", plays), "-i", project.write("hosts", "localhost ansible_connection=local\n"))
    found = [json.loads(base64.b64decode(text)) for text in run.output.split("RENDERED")[1::2]]
    assert len(found) == len(LAYOUTS), run.output
    for (key, expected), (*paths, links, text) in zip(LAYOUTS.items(), found):
        assert (tuple(paths), links) == (expected, LINKS.get(key, []))
        assert f"{expected[1]}/mail-setup-x.log" in text and "setup.example.org" in text and "/c.key" in text and "[a-z2-7]{26}" in text
        assert ("Listen" not in text) and ("VirtualHost *:443" in text) == (key[1] == "apache")


def test_the_example_of_the_documentation_runs(project: Project) -> None:
    if os.geteuid() != 0:
        pytest.skip("the role needs root")
    text = (ROOT / "docs/setup-site.md").read_text().split("```yaml\n")[1].split("```")[0]
    here = {
        "ansible_connection": "local", "vault_link_secret": "the secret of links in these tests", "mail_setup_site_list_directory": str(project.path),
        "mail_setup_site_config_file": f"{project.path}/site.conf", "mail_setup_site_root": f"{project.path}/site", "mail_setup_site_layout": "debian",
    }  # fmt: skip
    run = project.play("mailops.profiles.setup_site", "-i", project.write("inventory.yml", text), "--check", "--diff", "-e", json.dumps(here))
    assert run.status == 0, run.output
    assert "2 users, 2 accounts: 10 files would be created" in run.output and "{LinkToken of jkowalska}/index.en.html" in run.output
    assert "server_name setup.example.org;" in run.output and "changed=5" in run.stdout


def test_all_mistakes_are_found_at_once_and_nothing_is_written(project: Project) -> None:
    variables = {"domain": "x.example.org", "certificate_file": "/c", "certificate_key_file": "/c", **{name: value for name, (value, _said) in BAD.items()}}
    hosts = {"web": {f"mail_setup_site_{name}": value for name, value in {**variables, "users": [user("anna")]}.items()}}
    inventory = project.write("hosts.json", {"mail_setup_site": {"hosts": hosts, "vars": {"ansible_connection": "local"}}})
    run = project.play("mailops.profiles.setup_site", "-i", inventory)
    assert run.status and [name for name, (_value, said) in BAD.items() if said not in run.output] == [], run.output
    assert "Write" not in run.output.split("TASK")[-1]
