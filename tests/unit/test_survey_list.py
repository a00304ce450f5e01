# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists as a survey, the command line and an inventory give them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.profiles.plugins.filter.survey_list import survey_list


@pytest.mark.parametrize("value", ["", " ", "\n \n", None, [], "[]", [""]])
def test_blank_is_nothing(value: Any) -> None:
    assert survey_list(value) == [] and survey_list(value, "name") == []


@pytest.mark.parametrize("value", [
    "anna\nDOMAIN\\jan kowalski\n", "anna\r\nDOMAIN\\jan kowalski", "anna, DOMAIN\\jan kowalski", ["anna", " DOMAIN\\jan kowalski"],
    '["anna", "DOMAIN\\\\jan kowalski"]', "- anna\n- DOMAIN\\jan kowalski", "---\n- anna\n- DOMAIN\\jan kowalski",
])  # fmt: skip
def test_every_kind_of_text(value: Any) -> None:
    assert survey_list(value) == ["anna", "DOMAIN\\jan kowalski"]
    assert survey_list(value, "name") == [{"name": "anna"}, {"name": "DOMAIN\\jan kowalski"}]


@pytest.mark.parametrize("value", [[1, "50%"], "1\n50%", "[1, \"50%\"]", "- 1\n- 50%"])
def test_numbers_are_texts(value: Any) -> None:
    assert survey_list(value) == ["1", "50%"] and survey_list(500) == ["500"]


@pytest.mark.parametrize("value", [{"a": 1}, True, [True], [["a"]], "[1, ", [{"name": "anna"}]])
def test_what_is_no_list(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="survey_list: .*(must be|is not valid)"):
        survey_list(value)
