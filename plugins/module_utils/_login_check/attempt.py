# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One check: connects, secures the connection, logs in once, and looks whether the account can be used."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional, Sequence

from .._login_wire import IMAP, OK, POP, SMTP, Check, Finding
from .clock import Clock
from .failure import CheckFailed
from .imap import ImapSession
from .network import Network, connect
from .pop import PopSession
from .session import Session
from .smtp import SmtpSession
from .stream import Stream
from .tls import certificate_names, days_left

SESSIONS = {IMAP: ImapSession, POP: PopSession, SMTP: SmtpSession}
_ABOUT_ONE_SENDER = (OK, "sender_refused", "recipient_refused")
_SLOW = 5  # seconds until the greeting that are worth a word


class Seen:
    """What has been found out about a server so far, for the finding, however the check ends."""

    def __init__(self) -> None:
        self.known = Finding(OK, "")
        self.tried: Dict[str, str] = {}
        self.hint = ""

    def note(self, **facts: object) -> None:
        self.known = self.known._replace(**facts)

    def finding(self, outcome: str, msg: str, hint: str = "") -> Finding:
        tried = tuple(f"{address}: {result}" for address, result in sorted(self.tried.items()))
        return self.known._replace(outcome=outcome, msg=msg, hint=hint or self.hint, tried=tried)


@contextmanager
def conversation(check: Check, network: Network, clock: Clock, seen: Seen, lenient: bool = False) -> Iterator[Session]:
    """A session with everything done that comes before a log-in. ``lenient``: with a certificate that has expired or another name."""
    context = network.context(check.ca_file, lenient) if check.security != "none" else None
    connection, address = connect(network.addresses(check.host, check.port), clock, seen.tried)
    seen.note(address=address)
    stream = Stream(connection, clock)
    session: Session = SESSIONS[check.protocol](stream, check)
    said_hello = False
    try:
        if context is not None and check.security == "tls":
            _secure(session, context, seen)
        started = time.monotonic()
        session.greet()
        said_hello = True
        waited = time.monotonic() - started
        if waited > _SLOW:
            seen.hint = f"the server greets after {waited:.0f} seconds only, which some programs do not wait for"
        session.ask()
        if context is not None and check.security == "starttls":
            if not session.offers_starttls:
                raise CheckFailed("starttls_missing", "the server does not offer STARTTLS")
            session.request_tls()
            said_hello = False
            _secure(session, context, seen)
            said_hello = True
            session.ask()
        seen.note(mechanisms=session.mechanisms)
        yield session
    finally:
        if said_hello:
            session.leave()
        session.stream.close()


def _secure(session: Session, context: object, seen: Seen) -> None:
    session.stream.start_tls(context, session.check.host)  # type: ignore[arg-type]
    encrypted = session.stream.tls
    if encrypted is not None:
        seen.note(tls_version=encrypted.version() or "", certificate_days=days_left(encrypted))


def attempt(check: Check, network: Network, clock: Clock, refused: Optional[Finding] = None, messages: Sequence[Optional[bytes]] = ()) -> List[Finding]:
    """One finding, or one for each sender. ``refused``: another server refused the same name and password, which are not tried here then.
    ``messages``: what to send as each sender."""
    seen = Seen()
    count = max(len(check.senders), 1)
    try:
        with conversation(check, network, clock, seen) as session:
            mechanism = session.chosen()
            seen.note(mechanism=mechanism, reached=True)
            if refused is not None:
                return [seen.finding(refused.outcome, f"not tried, because another server refused the same user name and password: {refused.msg}")] * count
            if check.password is not None:
                if check.security == "none" and not check.in_clear:
                    raise CheckFailed("login_disabled", "no password is sent without TLS", "set security: tls or starttls")
                session.log_in(mechanism)
                if not isinstance(session, SmtpSession):
                    session.open_mailbox()
            if isinstance(session, SmtpSession) and check.senders:
                return _offers(session, check.senders, [*messages, *[None] * count], seen)
            return [seen.finding(OK, _fine(check))] * count
    except CheckFailed as exc:
        return [seen.finding(exc.outcome, exc.msg, exc.hint)] * count


def _fine(check: Check) -> str:
    if check.password is None:
        return "the server answers as the profile says; no log-in was tried"
    return "the log-in works" if check.protocol == SMTP else "the log-in works, and the inbox can be read"


def _offers(session: SmtpSession, senders: Sequence[str], messages: Sequence[Optional[bytes]], seen: Seen) -> List[Finding]:
    found: List[Finding] = []
    for sender, message in zip(senders, messages):
        found.append(_offer(session, sender, message, seen))
        if found[-1].outcome not in _ABOUT_ONE_SENDER:
            break  # the conversation is over
    return found + found[-1:] * (len(senders) - len(found))


def _offer(session: SmtpSession, sender: str, message: Optional[bytes], seen: Seen) -> Finding:
    session.stream.renew()
    try:
        session.offer(sender, message)
    except CheckFailed as exc:
        if exc.outcome in _ABOUT_ONE_SENDER:
            session.forget_sender()
        return seen.finding(exc.outcome, exc.msg, exc.hint)
    log_in = "the log-in works, and the server" if session.check.password is not None else "the server"
    return seen.finding(OK, f"{log_in} takes mail from and to the account's address")


def certificate_facts(check: Check, network: Network, clock: Clock) -> Finding:
    """The names and the days of a certificate that has expired or has another name: as ``hint`` and ``certificate_days``. No log-in."""
    seen = Seen()
    with conversation(check, network, clock, seen, lenient=True) as session:
        encrypted = session.stream.tls
        names = certificate_names(encrypted) if encrypted is not None else []
        return seen.finding(OK, "", ", ".join(names))
