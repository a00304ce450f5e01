# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evolution without its windows: its data server and its mail library. Runs inside the sandbox, in a user's D-Bus session, with
the system's Python. For each order, a line of JSON on standard input, one with the answer on standard output."""

from __future__ import annotations

import json
import sys

import gi

gi.require_version("Camel", "1.2")
gi.require_version("EDataServer", "1.2")
from gi.repository import Camel, EDataServer, GLib  # noqa: E402


class Session(Camel.Session):
    """What Evolution does between a service and its user: here the user knows one password, and trusts no certificate."""

    password = ""

    def do_authenticate_sync(self, service, mechanism, cancellable):
        service.set_password(self.password)
        result = service.authenticate_sync(mechanism, cancellable)
        if result != Camel.AuthenticationResult.ACCEPTED:
            raise GLib.Error(f"the log-in was refused: {result}")
        return True

    def do_trust_prompt(self, service, certificate, errors):
        return Camel.CertTrust.NEVER


class Evolution:
    def __init__(self) -> None:
        place = f"{GLib.get_home_dir()}/camel"
        Camel.init(place, False)
        Camel.Provider.list(True)
        EDataServer.SourceCamel.register_types()
        self._registry = EDataServer.SourceRegistry.new_sync(None)
        self._session = Session(user_data_dir=place, user_cache_dir=place, online=True)

    def sources(self) -> dict[str, dict]:
        """All mail accounts, each with its identity and transport and the signature's text."""
        # Changes are told by the service at any time.
        while GLib.MainContext.default().iteration(False):
            pass
        return {source.get_uid(): self._described(source) for source in self._registry.list_sources("Mail Account")}

    def work(self, uid: str, password: str) -> list[str]:
        """Log in with this account, send a message to its address; the subjects of the messages in its inbox before that."""
        self._session.password = password
        account = self._registry.ref_source(uid)
        identity = self._identity(account)
        subjects = self._read(account)
        self._send(identity)
        return subjects

    def keep(self, uid: str, password: str, kind: str) -> None:
        """Put a message into the folder for sent mail or for drafts, as Evolution does: it asks the store for the address in the identity."""
        self._session.password = password
        account = self._registry.ref_source(uid)
        identity = self._identity(account)
        addresses = {
            "sent": identity.get_extension("Mail Submission").get_sent_folder(),
            "drafts": identity.get_extension("Mail Composition").get_drafts_folder(),
        }
        store = self._store(account)
        _connect(store)
        # Evolution has a list of the folders before anybody writes.
        store.get_folder_info_sync(None, Camel.StoreGetFolderInfoFlags.RECURSIVE, None)
        folder = store.get_folder_sync(_folder(addresses[kind])[1], Camel.StoreGetFolderFlags(0), None)
        message = Camel.MimeMessage()
        message.set_subject("written")
        message.set_content(list(b"Hello\n"), "text/plain")
        folder.append_message_sync(message, None, None)
        folder.synchronize_sync(False, None)
        store.disconnect_sync(True, None)

    def connect(self, uid: str, password: str) -> list[str | None]:
        """For the account's store and its transport, why there is no connection, or None."""
        self._session.password = password
        account = self._registry.ref_source(uid)
        return [_refusal(service) for service in (self._store(account), self._transport(self._identity(account)))]

    def _described(self, account) -> dict:
        # While accounts change, the service has some of their sources already, and some still.
        described = _properties("account", account)
        identity = self._identity(account)
        if identity is None:
            return described
        transport = self._registry.ref_source(identity.get_extension("Mail Submission").get_transport_uid())
        described |= _properties("identity", identity)
        if transport is not None:
            described |= _properties("transport", transport)
        signature = self._registry.ref_source(identity.get_extension("Mail Identity").get_signature_uid())
        if signature is not None:
            described |= _properties("signature", signature) | {"signature text": _text(signature)}
        return described | _values("settings", self._store(account).ref_settings())

    def _identity(self, account):
        return self._registry.ref_source(account.get_extension("Mail Account").get_identity_uid())

    def _service(self, source, extension: str, kind):
        # One that is known already comes back with None.
        service = self._session.ref_service(source.get_uid())
        if service is None:
            service = self._session.add_service(source.get_uid(), source.get_extension(extension).get_backend_name(), kind)
        source.camel_configure_service(service)
        return service

    def _store(self, account):
        return self._service(account, "Mail Account", Camel.ProviderType.STORE)

    def _transport(self, identity):
        uid = identity.get_extension("Mail Submission").get_transport_uid()
        return self._service(self._registry.ref_source(uid), "Mail Transport", Camel.ProviderType.TRANSPORT)

    def _read(self, account) -> list[str]:
        store = self._store(account)
        _connect(store)
        inbox = store.get_folder_sync("INBOX", Camel.StoreGetFolderFlags(0), None)
        inbox.refresh_info_sync(None)
        subjects = [inbox.get_message_sync(uid, None).get_subject() for uid in inbox.get_uids()]
        store.disconnect_sync(True, None)
        return subjects

    def _send(self, identity) -> None:
        me = identity.get_extension("Mail Identity")
        address = Camel.InternetAddress()
        address.add(me.get_name(), me.get_address())
        message = Camel.MimeMessage()
        message.set_from(address)
        message.set_subject("by Evolution")
        message.set_content(list(b"Hello\n"), "text/plain")
        transport = self._transport(identity)
        _connect(transport)
        transport.send_to_sync(message, address, address, None)
        transport.disconnect_sync(True, None)


def _connect(service) -> None:
    if isinstance(service, Camel.OfflineStore):
        service.set_online_sync(True, None)
    service.connect_sync(None)


def _refusal(service) -> str | None:
    try:
        _connect(service)
    except GLib.Error as error:
        return error.message
    return None


EXTENSIONS = ("Mail Account", "Mail Identity", "Mail Submission", "Mail Composition", "Mail Transport", "Mail Signature",
              "Authentication", "Security", "Refresh")


def _properties(part: str, source) -> dict:
    described = {f"{part} display-name": source.get_display_name(), f"{part} enabled": source.get_enabled()}
    for name in filter(source.has_extension, EXTENSIONS):
        described |= _values(f"{part} {name}", source.get_extension(name))
    return described


def _values(part: str, instance) -> dict:
    """The properties, each after the part that it belongs to; an enumeration's by its name, a folder's address as Evolution reads it."""
    values = {each.name: instance.get_property(each.name) for each in instance.list_properties()}
    values = {f"{part} {name}": getattr(value, "value_nick", value) for name, value in values.items()}
    return {name: _folder(value) if str(value).startswith("folder:") else value for name, value in values.items()
            if isinstance(value, (str, int))}


def _text(signature) -> str | None:
    try:
        return signature.mail_signature_load_sync(None)[1]
    except GLib.Error:  # the file has gone before the source
        return None


def _folder(address: str) -> list[str]:
    url = Camel.URL.new(address)
    return [url.host, Camel.url_decode_path(url.path.removeprefix("/"))]


if __name__ == "__main__":
    evolution = Evolution()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(getattr(evolution, order.pop("do"))(**order)), flush=True)
