# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: survey_list
short_description: Read a list that may be text, as surveys and the command line give it
version_added: 0.1.0
description:
  - A survey of AWX answers with text. This filter makes a list of it. What is blank is an empty list.
positional: key
options:
  _input:
    description: A list, or text with an item in each line, or with commas between them, or a list as JSON or YAML.
    type: raw
    required: true
  key:
    description: Without it, the items are texts. With it, each is a dictionary with the text under this key.
    type: str
author:
  - The mailops.profiles authors (@mailops)
"""

EXAMPLES = r"""
- name: Show who is meant
  vars:
    answer: |
      jkowalska
      anowak
  ansible.builtin.debug:
    msg: "{{ answer | mailops.profiles.survey_list }} {{ answer | mailops.profiles.survey_list('name') }}"
"""

RETURN = r"""
_value:
  description: The items.
  type: list
  elements: raw
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._text import internal_error
from ..plugin_utils._action import plain
from ..plugin_utils._model.errors import MailopsError
from ..plugin_utils._model.given import is_blank, text_list


def survey_list(value: Any, key: Any = None) -> list[Any]:
    try:
        value, key = plain(value), plain(key)
        # A single number, as of serial, may be one.
        listed = [value] if isinstance(value, int) and not isinstance(value, bool) else value
        items = [] if is_blank(value) else [item.strip() for item in text_list(listed, numbers=True)]
        return items if key is None else [{key: item} for item in items]
    except MailopsError as exc:
        raise AnsibleFilterError(f"survey_list: {exc}") from None
    except Exception as exc:
        raise AnsibleFilterError(f"survey_list: {internal_error(exc)}") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"survey_list": survey_list}
