# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One spelling of a folder, whatever the server has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._model.account import resolve
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid, MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.folders import folder, modified_utf7
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile import Incoming
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.profile_reader import read_profile
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.user import User

from ...profiles import bare_profile

DOT = {"separator": ".", "namespace": "INBOX."}


def read(path, **server):
    return read_profile(bare_profile(incoming={"host": "imap.example.org", **server}, folders={"sent": path}))


def problem(path, **server):
    with pytest.raises(MailopsError) as refused:
        read(path, **server)
    (text,) = refused.value.problems
    return text


@pytest.mark.parametrize(
    ("server", "written", "path"),
    [
        ({}, "Gesendet", "Gesendet"),
        ({}, "INBOX/Gesendet", "INBOX/Gesendet"),
        ({}, "Mr. Smith", "Mr. Smith"),
        ({}, "[Gmail]/Wysłane", "[Gmail]/Wysłane"),
        (DOT, "Gesendet", "Gesendet"),
        (DOT, "INBOX/Gesendet", "Gesendet"),
        (DOT, "Inbox/Gesendet", "Gesendet"),
        (DOT, "INBOX.Gesendet", "Gesendet"),
        (DOT, "INBOX", "INBOX"),
        (DOT, "INBOXES/Gesendet", "INBOXES/Gesendet"),
        ({"namespace": "INBOX."}, "INBOX/A/B", "A/B"),
        ({"namespace": "INBOX/"}, "INBOX/A.B", "A.B"),
        ({"namespace": "Mail/Ä/"}, "Mail/Ä/B", "B"),
        ({"namespace": "Mail/"}, "mail/B", "mail/B"),
        ({"separator": "."}, "A/B", "A/B"),
    ],
)
def test_the_stored_form(server, written, path):
    profile = read(written, **server)
    assert profile.folders == {"sent": path}
    assert read_profile(profile.as_data()) == profile


@pytest.mark.parametrize(
    ("server", "written", "right"),
    [
        (DOT, "Gesendet.2026", "'Gesendet/2026'"),
        (DOT, "INBOX.Gesendet.2026", "'Gesendet/2026'"),
        (DOT, "INBOX/Mr. Smith", "'Mr/ Smith'"),
        ({"separator": "."}, "INBOX.Sent", "'INBOX/Sent'"),
        (DOT, "INBOX/INBOX.Gesendet", "'Gesendet'"),
        ({}, "[Gmail]/Wys&AUI-ane", "'[Gmail]/Wysłane'"),
        ({}, "Entw&APw-rfe &- Co", "'Entwürfe & Co'"),
        ({}, "&ZeVnLIqe-", "'日本語'"),
        ({}, "Q&-A", "'Q&A'"),
        ({}, "/Sent", "Parent/Child"),
        ({}, "Sent/", "Parent/Child"),
        ({}, "A//B", "Parent/Child"),
    ],
)
def test_another_spelling_is_refused_with_the_right_one(server, written, right):
    text = problem(written, **server)
    assert text.startswith("profile 'work': folders.sent: ") and text.endswith(right)


@pytest.mark.parametrize("name", ["R&D", "R&D-Team", "B&B - Gäste", "a&b-c", "&", "Müller & Söhne"])
def test_an_ampersand_is_one(name):
    assert read(name).folders == {"sent": name}


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(lambda text: "&" in text or not text.isascii()))
def test_what_imap_writes_is_never_taken_as_it_is(name):
    """Neither name nor encoding is mixed up: of the two, only one is accepted."""
    encoded = modified_utf7(name.replace("/", ""))
    if encoded != name.replace("/", ""):
        with pytest.raises(Invalid):
            folder(encoded, Incoming(""))


@pytest.mark.parametrize(
    ("server", "stored"),
    [
        ({"namespace": "INBOX."}, (None, "INBOX.")),
        ({"namespace": "INBOX", "separator": "."}, (".", "INBOX.")),
        ({"namespace": "INBOX", "separator": "/"}, ("/", "INBOX/")),
        ({"namespace": "Mail.Ä.", "separator": "."}, (".", "Mail.Ä.")),
        ({"namespace": "", "separator": " "}, (None, None)),
    ],
)
def test_separator_and_namespace(server, stored):
    incoming = read("A", **server).incoming
    assert (incoming.separator, incoming.namespace) == stored


@pytest.mark.parametrize(
    ("server", "text"),
    [
        ({"namespace": "INBOX"}, "incoming.namespace: 'INBOX' does not end with a separator: write INBOX/ or INBOX., as the server has it"),
        ({"namespace": "INBOX/", "separator": "."}, "incoming.namespace: 'INBOX/' ends with '/', and incoming.separator is '.': write INBOX."),
        ({"namespace": "."}, "incoming.namespace: '.' has a level without a name: write it as the server does, such as INBOX."),
        ({"namespace": "Wys&AUI-ane/"}, "incoming.namespace: 'Wys&AUI-ane/' is the name as IMAP encodes it: write it as people see it, 'Wysłane/'"),
        ({"separator": "dot"}, "incoming.separator: must be / or ., as the server has it between the levels of a folder's name"),
    ],
)
def test_a_wrong_one_is_the_only_problem(server, text):
    assert problem("INBOX.Sent", **server) == f"profile 'work': {text}"


def test_they_are_for_imap_only():
    with pytest.raises(MailopsError) as refused:
        read_profile(bare_profile(account_type="pop", incoming={"host": "pop.example.org", **DOT}))
    assert refused.value.problems == [f"profile 'work': incoming.{name}: is for IMAP only, and account_type is pop" for name in DOT]
    with pytest.raises(MailopsError, match="outgoing.separator: there is no such field"):
        read_profile(bare_profile(outgoing={"host": "smtp.example.org", "separator": "."}))


def test_what_variables_are_filled_with_is_judged_for_each_user():
    profile = read_profile(
        bare_profile(incoming={"host": "imap.example.org", **DOT}, folders={"sent": "INBOX/{Box}"}, variables={"Box": None})
    )
    user = User("jan", email="jan@example.org", display_name="Jan", variables={"Box": "Gesendet"})
    assert resolve(profile, user).folders == {"sent": "Gesendet"}
    for box, right in (("Entw&APw-rfe", "'INBOX/Entwürfe'"), ("A.B", "'A/B'")):
        with pytest.raises(MailopsError, match=f"user 'jan', profile 'work': folders.sent: .*{right}"):
            resolve(profile, User("jan", email="jan@example.org", display_name="Jan", variables={"Box": box}))


def test_a_name_that_gives_away_such_a_server_is_a_warning():
    (warning,) = read("INBOX.Sent.2026").warnings
    assert warning.startswith("profile 'work': folders.sent: 'INBOX.Sent.2026' looks like") and warning.endswith("write 'Sent/2026'")
    assert read("INBOX.Sent", separator="/").warnings == ()
