# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, addresses and connections. Each address has its share of the time, so that a dead IPv6 address does not keep IPv4 from being tried."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import threading
import time
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .clock import Clock
from .failure import CheckFailed
from .tls import make_context

CONNECT_SECONDS = 10.0
_HEAD_START = 0.3  # seconds before the next address is tried as well (RFC 8305 has 0.25)
_MAX_ADDRESSES = 6
_NO_ANSWER = "no answer"

Address = Tuple[int, Any]  # family, what socket.connect takes


class Network:
    """Looks each name up once, and reads each CA file once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: Dict[Any, Any] = {}
        self._known: Dict[Any, Any] = {}

    def addresses(self, host: str, port: int) -> List[Address]:
        return self._once(("address", host, port), lambda: _look_up(host, port))

    def context(self, ca_file: Optional[str], lenient: bool = False) -> ssl.SSLContext:
        return self._once(("context", ca_file, lenient), lambda: make_context(ca_file, lenient))

    def _once(self, key: Any, make: Any) -> Any:
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._known:
                try:
                    self._known[key] = make()
                except CheckFailed as exc:
                    self._known[key] = exc
        found = self._known[key]
        if isinstance(found, CheckFailed):
            raise CheckFailed(found.outcome, found.msg, found.hint)
        return found


def _look_up(host: str, port: int) -> List[Address]:
    """A name server that does not answer cannot be waited for with a limit, but in a thread."""
    found: List[Any] = []

    def work() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            found.append(exc)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if not found:
        raise CheckFailed("timeout", f"the host's name servers did not answer within {CONNECT_SECONDS:g} seconds")
    if isinstance(found[0], Exception):
        reason = getattr(found[0], "strerror", None) or "not a valid name"
        raise CheckFailed("unreachable", f"the host finds no address for {host} ({reason})", "check the name, and the host's name servers")
    return _alternating(dict.fromkeys((family, address) for family, _type, _protocol, _name, address in found[0]))[:_MAX_ADDRESSES]


def _alternating(addresses: Mapping[Address, Any]) -> List[Address]:
    """IPv6 and IPv4 in turn, the family first that the system prefers."""
    first = next(iter(addresses))[0]
    own = [address for address in addresses if address[0] == first]
    others = [address for address in addresses if address[0] != first]
    mixed = [address for pair in zip(own, others) for address in pair]
    return mixed + own[len(others) :] + others[len(own) :]


def connect(addresses: List[Address], clock: Clock, tried: Dict[str, str]) -> Tuple[socket.socket, str]:
    """The first connection that comes about, and its address. ``tried``: gets what became of each."""
    waiting, pending = list(addresses), {}
    end = time.monotonic() + min(CONNECT_SECONDS, clock.left())
    next_start = 0.0
    selector = selectors.DefaultSelector()
    try:
        while (waiting or pending) and time.monotonic() < end:
            if waiting and (not pending or time.monotonic() >= next_start):
                next_start = time.monotonic() + _HEAD_START
                family, address = waiting.pop(0)
                name = address[0]
                tried[name] = _NO_ANSWER
                connection = _start(family, address, name, tried)
                if connection is not None:
                    pending[connection] = name
                    selector.register(connection, selectors.EVENT_WRITE)
                continue
            until = min(end, next_start) if waiting else end
            for key, _events in selector.select(max(until - time.monotonic(), 0)):
                name = pending.pop(key.fileobj)
                selector.unregister(key.fileobj)
                error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not error:
                    tried[name] = "connected"
                    return key.fileobj, name
                tried[name] = os.strerror(error)
                key.fileobj.close()
    finally:
        for connection in pending:
            connection.close()
        selector.close()
    raise _no_connection(tried)


def _start(family: int, address: Any, name: str, tried: Dict[str, str]) -> Optional[socket.socket]:
    try:
        connection = socket.socket(family, socket.SOCK_STREAM)
    except OSError as exc:  # no such family on this host
        tried[name] = os.strerror(exc.errno or 0)
        return None
    connection.setblocking(False)
    error = connection.connect_ex(address)
    if error in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        return connection
    tried[name] = os.strerror(error)
    connection.close()
    return None


def _no_connection(tried: Mapping[str, str]) -> CheckFailed:
    if not tried:
        return CheckFailed("timeout", "no time was left to connect")
    reasons = "; ".join(f"{address}: {reason}" for address, reason in tried.items())
    if os.strerror(errno.ECONNREFUSED) in tried.values():
        return CheckFailed("refused", f"no server listens on the port ({reasons})")
    if _NO_ANSWER in tried.values():
        return CheckFailed("timeout", f"no connection within {CONNECT_SECONDS:g} seconds ({reasons})", "look for a firewall between the host and the server")
    return CheckFailed("unreachable", f"the server cannot be reached ({reasons})")
