# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a PostgreSQL server refuses, as an administrator reads it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError


@contextmanager
def refused(message, store):
    """One sentence with the place of the store, and nothing of what libpq or the server says."""
    with pytest.raises(MailopsError) as found:
        yield
    (text,) = found.value.problems
    assert text.startswith(f"store {store.location}: {message}"), text
    for raw in ("FATAL", "ERROR", "\n", "connection to", "psycopg"):
        assert raw not in text.removeprefix(f"store {store.location}"), text
