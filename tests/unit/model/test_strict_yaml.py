# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML for people: written so that it is easy to read, and read back as it was."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.strict_yaml import MAX_DEPTH, dump, load


def test_yaml_is_readable_and_reads_back():
    data = {"b": "x", "a": ["{UserEmail}", 1, None], "text": "żółć\n  indented\nend\n", "trap": "yes"}
    written = dump(data)
    assert yaml.safe_load(written) == data == load(written)
    assert written.splitlines()[0] == "b: x" and "text: |" in written and "żółć" in written


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("{a: ", "}"), ("[{a: ", "}]")])
def test_how_deep_a_document_may_be(begin, end):
    levels = MAX_DEPTH // 2 if begin == "[{a: " else MAX_DEPTH
    assert load(begin * levels + "x" + end * levels)
    with pytest.raises(ValueError, match="nested|deep"):
        load(begin * (levels + 1) + "x" + end * (levels + 1))
