# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses: each with its share of the time, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from ansible_collections.mailops.profiles.plugins.module_utils._login_check import network
from ansible_collections.mailops.profiles.plugins.module_utils._login_check.clock import Clock
from ansible_collections.mailops.profiles.plugins.module_utils._login_check.failure import CheckFailed
from ansible_collections.mailops.profiles.plugins.module_utils._login_check.network import Network, connect


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose queue of connections is full, so that nothing answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        number = server.getsockname()[1]
        waiting = []
        for _number in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", number))
            waiting.append(client)
        time.sleep(0.1)
        yield number
        for client in waiting:
            client.close()


def test_an_address_that_does_not_answer_costs_little(port: int, silent: int) -> None:
    tried: dict[str, str] = {}
    start = time.monotonic()
    connection, address = connect([(socket.AF_INET, ("127.0.0.1", silent)), (socket.AF_INET, ("127.0.0.1", port))], Clock(10), tried)
    connection.close()
    assert address == "127.0.0.1" and 0.2 < time.monotonic() - start < 3


def test_an_address_that_refuses_costs_nothing(port: int) -> None:
    tried: dict[str, str] = {}
    connection, address = connect([(socket.AF_INET6, ("::1", 1, 0, 0)), (socket.AF_INET, ("127.0.0.1", port))], Clock(10), tried)
    connection.close()
    assert address == "127.0.0.1" and tried["127.0.0.1"] == "connected" and tried["::1"] not in ("connected", "no answer")


def test_nothing_answers(silent: int) -> None:
    tried: dict[str, str] = {}
    start = time.monotonic()
    with pytest.raises(CheckFailed) as caught:
        connect([(socket.AF_INET, ("127.0.0.1", silent))], Clock(1), tried)
    assert caught.value.outcome == "timeout" and tried == {"127.0.0.1": "no answer"} and time.monotonic() - start < 5


def test_both_families_in_turn() -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    given = dict.fromkeys([(six, ("a",)), (six, ("b",)), (six, ("c",)), (four, ("d",))])
    assert [address for _family, (address,) in network._alternating(given)] == ["a", "d", "b", "c"]


def test_a_name_is_looked_up_once(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: (asked.append(args), real(*args, **options))[1])
    known = Network()
    assert known.addresses("127.0.0.1", port) == known.addresses("127.0.0.1", port) and len(asked) == 1


def test_name_servers_that_do_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(5))
    with pytest.raises(CheckFailed) as caught:
        Network().addresses("imap.example.org", 993)
    assert caught.value.outcome == "timeout" and "name servers" in caught.value.msg
