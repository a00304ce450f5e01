# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which store an option, the environment or the default names."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._store import open_store


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "profiles.db"), {})


LOCATIONS = [
    ("/srv/mail/p.db", {}, "/srv/mail/p.db"),
    ("sqlite:///srv/mail/p.db", {"MAILOPS_STORE": "/x"}, "/srv/mail/p.db"),
    ("sqlite:////srv/mail/p.db", {}, "/srv/mail/p.db"),
    (None, {"MAILOPS_STORE": "/srv/p.db", "HOME": "/h"}, "/srv/p.db"),
    (None, {"XDG_DATA_HOME": "/data", "HOME": "/h", "MAILOPS_STORE": ""}, "/data/mailops/profiles.db"),
    (None, {"XDG_DATA_HOME": "data", "HOME": "/h"}, "/h/.local/share/mailops/profiles.db"),
    (None, {"HOME": "/h"}, "/h/.local/share/mailops/profiles.db"),
    ("", {"MAILOPS_STORE": "/srv/p.db"}, "/srv/p.db"),
    (" ", {"HOME": "/h", "MAILOPS_STORE": " "}, "/h/.local/share/mailops/profiles.db"),
]


@pytest.mark.parametrize("option, environ, path", LOCATIONS)
def test_location(option, environ, path):
    assert open_store(option, environ).location == path


BAD_LOCATIONS = [
    (5, "store: must be an absolute path, sqlite:///PATH, postgresql://HOST/DATABASE or directory:///PATH"),
    ("p.db", "store: must be an absolute path"),
    ("~/p.db", "~ is not expanded"),
    ("sqlite://p.db", "store: must be an absolute path"),
    ("/srv/../p.db", "store: must be an absolute path without '..'"),
    ("/srv/p\n.db", "store: holds a newline"),
    ("mysql://u:s3cret@db/x", "store: there is no such kind of store"),
    ("directory://srv/mail", "store: must be an absolute path"),
    ("postgresql://u:s3cret@db/x", "the URL holds a password"),
    ("postgres://u:s3/cr@et@db/x", "the URL holds a password"),
    ("postgresql://db/x?sslmode=require&password=s3cret", "the URL holds a password"),
    ("host=db password=s3cret", "store: must be an absolute path"),
]


@pytest.mark.parametrize("option, message", BAD_LOCATIONS)
def test_bad_location(option, message):
    for value, environ in [(option, {}), (None, {"MAILOPS_STORE": option})]:
        if value is None and not (option and isinstance(option, str)):
            continue
        with pytest.raises(MailopsError) as refused:
            open_store(value, environ)
        assert message.replace("store:", "store:" if value else refused.value.problems[0].split(":")[0] + ":") in str(refused.value)
        assert "s3" not in str(refused.value) and "cr@et" not in str(refused.value)
