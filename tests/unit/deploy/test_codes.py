# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A code costs more than the rest of a user's files, so it is made once."""

from __future__ import annotations

import base64

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import _qr

from .deployments import JOANNA, deployment


def test_a_code_is_made_once_for_its_file_and_the_page() -> None:
    clients = ["thunderbird_android", "setup_page"]
    found = deployment([JOANNA], dest="/srv/{UserName}", clients=clients, client_options={"setup_page": {"languages": ["en", "pl"]}})
    _qr.png.cache_clear()
    code, *pages = found.files(found.request.users[0])
    assert [file.path for file in pages] == ["index.html", "index.pl.html"]
    assert all(base64.b64encode(code.content) in file.content for file in pages)
    assert _qr.png.cache_info().misses == 1
