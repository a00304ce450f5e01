# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Jinja environment of the administrator's templates: the settings of ansible.builtin.template, in a sandbox.

Not Ansible's own environment, which takes 2 ms a template, many times what the accounts of a user cost.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, MappingView
from typing import Any, Callable

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible.plugins.loader import filter_loader, test_loader


@functools.lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """An undefined name is an error, and None is written as nothing."""
    made = ImmutableSandboxedEnvironment(
        undefined=_Undefined, trim_blocks=True, keep_trailing_newline=True,
        finalize=_printed, optimized=False,
    )  # fmt: skip
    made.filters = _Filters(made.filters, filter_loader)
    made.tests = _Filters(made.tests, test_loader)
    return made


class _Filters(dict):
    """Jinja's own filters (or tests), and behind them Ansible's, loaded by name when a template uses them.

    Where both have one it is Jinja's, because some of Ansible's (``default``) work in its own environment only; but only Ansible's ``random``
    can give the same value twice. As in Ansible's environment a result is a list and not a generator, which would be true when it is
    empty, and empty when it is read again.
    """

    def __init__(self, of_jinja: dict[str, Callable[..., Any]], loader: Any) -> None:
        super().__init__({name: _listing(function) for name, function in of_jinja.items() if name != "random"})
        self._loader = loader

    def __missing__(self, name: str) -> Callable[..., Any]:
        plugin = self._loader.get(name)
        if plugin is None:
            raise KeyError(name)
        self[name] = _listing(plugin.j2_function)
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:  # Jinja's compiler calls it, and dict's own ignores __missing__
        try:
            return self[name]
        except KeyError:
            return default


def _listing(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def listing(*args: Any, **kwargs: Any) -> Any:
        return _listed(function(*args, **kwargs))

    return listing


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, (Iterator, MappingView)) else value


@jinja2.pass_context  # with optimized=False, this keeps Jinja from evaluating constants beforehand: they may be random, or warn
def _printed(context: Any, value: Any) -> Any:
    return "" if value is None else _listed(value)


class _Undefined(jinja2.StrictUndefined):
    __repr__ = jinja2.StrictUndefined.__str__  # an error in a list or a dictionary too
