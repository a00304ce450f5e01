# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""msmtp, mpop and mbsync where the user has an account of their own at another server: it works as before, ours works, and neither server
sees the other's name or password."""

from __future__ import annotations

import pytest
from deployed import USERS, deploy, pop, profile, redeploy
from harness import Lab

pytestmark = pytest.mark.usefixtures("no_command_ran")

OWN, OWN_PASSWORD = "anna@own.example", "the user's own"
ANNA = USERS["anna"]
SECRET = f'user {OWN}\npassword "{OWN_PASSWORD}"\n'
TRUST = f"tls on\ntls_starttls off\ntls_trust_file {Lab.ca_file}\n"


@pytest.fixture
def own_account(lab: Lab) -> None:
    deploy(lab, "anna", [], ["msmtp"])
    lab.set_accounts({OWN: OWN_PASSWORD})


def writes(lab: Lab, name: str, text: str) -> None:
    written = lab.run(["sh", "-c", f"umask 077; mkdir -p $(dirname {name}); cat > {name}"], user="anna", input=text)
    assert written.returncode == 0, written.stderr


MSMTPRC = {
    "no line account": f"host smtp.own.example\nport 465\nfrom {OWN}\nauth on\n{SECRET}{TRUST}",
    "everything in defaults": f"defaults\nhost smtp.own.example\nport 465\nfrom {OWN}\nauth on\n{SECRET}{TRUST}account default\n",
    "defaults that would redirect ours": f"defaults\nauth on\n{SECRET}{TRUST}proxy_host proxy.own.example\ntls_host_override smtp.own.example\n"
    f"auto_from on\nmaildomain own.example\nallow_from_override off\naccount default\nproxy_host\nhost smtp.own.example\nport 465\n"
    f"auto_from off\nallow_from_override on\nfrom {OWN}\n",
}


@pytest.mark.parametrize("own", MSMTPRC)
def test_msmtp(lab: Lab, own_account: None, own: str) -> None:
    writes(lab, ".msmtprc", MSMTPRC[own])
    for present in ([], [profile()], [profile(default=True)], [profile(outgoing__password=None)], []):
        accounts = redeploy(lab, "anna", present, ["msmtp"])
        since = lab.mark()
        sent = lab.run(["msmtp", ANNA.email], user="anna", input="Subject: own\n\nx\n")
        assert (sent.returncode, sent.stderr) == (0, "")
        assert lab.seen_by("own.example", since) == [(OWN, OWN_PASSWORD)] and lab.seen_by("example.org", since) == []
        since = lab.mark()
        for account in accounts:
            sent = lab.run(["msmtp", "-a", account.key, ANNA.email], user="anna", input="Subject: ours\n\nx\n")
            if account.outgoing.password is None:
                assert sent.returncode != 0
            else:
                assert (sent.returncode, sent.stderr) == (0, "")
                assert lab.seen_by("example.org", since) == [(ANNA.email, ANNA.password)]
                assert lab.messages(ANNA.email)[-1]["Return-Path"] == f"<{ANNA.email}>"
            assert lab.seen_by("own.example", since) == []
            lab.empty(ANNA.email)


MPOPRC = {
    "an account": f"account default\nhost pop.own.example\nport 995\ndelivery mbox ~/own\n{SECRET}{TRUST}",
    "everything in defaults": f"defaults\nhost pop.own.example\nport 995\ndelivery mbox ~/own\nfilter false\n{SECRET}{TRUST}account default\nfilter\n",
}


@pytest.mark.parametrize("own", MPOPRC)
def test_mpop(lab: Lab, own_account: None, own: str) -> None:
    writes(lab, ".mpoprc", MPOPRC[own])
    for present in ([], [pop()], [pop(default=True)], [pop(incoming__password=None)], []):
        accounts = redeploy(lab, "anna", present, ["mpop"])
        since = lab.mark()
        fetched = lab.run(["mpop"], user="anna")
        assert (fetched.returncode, fetched.stderr) == (0, "")
        assert lab.seen_by("own.example", since) == [(OWN, OWN_PASSWORD)] and lab.seen_by("example.org", since) == []
        since = lab.mark()
        for account in accounts:
            fetched = lab.run(["mpop", account.key], user="anna")
            if account.incoming.password is None:
                assert fetched.returncode != 0
            else:
                assert (fetched.returncode, fetched.stderr) == (0, "")
                assert lab.seen_by("example.org", since) == [(ANNA.email, ANNA.password)]
            assert lab.seen_by("own.example", since) == []


PASSWORDS = ['"', "'", "\\", " x ", "$(touch ~/pwned)", "%s\u0142\U0001f511", "\u00a0", "-n", *("p" * size for size in (500, 501, 502, 1001, 1002, 1024))]


@pytest.mark.parametrize("password", PASSWORDS, ids=lambda text: f"{len(text)}{ascii(text[:3])}")
def test_any_password_comes_out_of_its_file(lab: Lab, password: str) -> None:
    lab.set_accounts({"any@example.org": password})
    secret = {f"{side}__password": "{Secret}" for side in ("incoming", "outgoing")}
    names = {f"{side}__username": "any@example.org" for side in ("incoming", "outgoing")}
    of_any = {"variables": {"Secret": None}, **secret, **names}
    deploy(lab, "anna", [profile(**of_any)], ["msmtp"], variables={"Secret": password})
    since = lab.mark()
    lab.run(["msmtp", ANNA.email], user="anna", input="Subject: x\n\nx\n")
    redeploy(lab, "anna", [pop(**of_any)], ["mpop"], variables={"Secret": password})
    lab.run(["mpop"], user="anna")
    assert lab.seen_by("example.org", since) == [("any@example.org", password)] * 2


HOSTILE_MBSYNC = (
    "Sync Push\nCreate Far\nRemove Both\nExpunge Both\nMaxMessages 1\nExpireUnread yes\nCopyArrivalDate no\nSyncState ~/own-state/\nFieldDelimiter ;\n"
)
MBSYNCRC = (
    f"\nIMAPAccount own\nHost imap.own.example\nUser {OWN}\nPass \"{OWN_PASSWORD}\"\nAuthMechs LOGIN\nSSLType IMAPS\nSystemCertificates no\n"
    f"CertificateFile {Lab.ca_file}\n\nIMAPStore own-far\nAccount own\n\nMaildirStore own-near\nPath ~/own/\nInbox ~/own/INBOX\n"
    "SubFolders Verbatim\n\nChannel own\nFar :own-far:\nNear :own-near:\nSync Pull New\nExpunge None\nRemove None\nCreate None\nMaxMessages 0\n"
    "SyncState *\n"
)


def isync_is_new(lab: Lab) -> bool:
    return "isync 1.4" not in lab.run(["mbsync", "--version"], user="anna").stdout


@pytest.mark.parametrize("places", [[".mbsyncrc"], [".config/isyncrc"], [".mbsyncrc", ".config/isyncrc"]], ids="+".join)
def test_mbsync(lab: Lab, own_account: None, places: list[str]) -> None:
    new = isync_is_new(lab)
    if not new and places == [".config/isyncrc"]:
        # isync 1.4 does not read this file; a newer one would, and then reads no other one.
        writes(lab, places[0], MBSYNCRC)
        redeploy(lab, "anna", [profile()], ["mbsync"])
        assert "BEGIN mailops.profiles" in lab.path(f"/home/anna/{places[0]}").read_text()
        assert not lab.path("/home/anna/.mbsyncrc").exists()
        redeploy(lab, "anna", [], ["mbsync"])
        assert lab.path(f"/home/anna/{places[0]}").read_text() == MBSYNCRC
        return
    for place in places:
        writes(lab, place, HOSTILE_MBSYNC + ("ExpungeSolo Both\n" if new else "") + MBSYNCRC)
    lab.run(["mkdir", "-p", "own/INBOX", "own-state"], user="anna")
    lab.empty(ANNA.email)
    for present in ([], [profile()], [profile(incoming__password=None)], []):
        accounts = redeploy(lab, "anna", present, ["mbsync"])
        for place in (".mbsyncrc", ".config/isyncrc"):
            assert lab.path(f"/home/anna/{place}").exists() == (place in places)
        since = lab.mark()
        synced = lab.run(["mbsync", "own"], user="anna")
        assert synced.returncode == 0, synced.stderr
        assert lab.seen_by("own.example", since) == [(OWN, OWN_PASSWORD)] and lab.seen_by("example.org", since) == []
        for account in accounts:
            since = lab.mark()
            if account.incoming.password is None:
                assert lab.run(["mbsync", account.key], user="anna").returncode != 0
                assert lab.seen_by("example.org", since) == lab.seen_by("own.example", since) == []
                continue
            lab.deliver(ANNA.email, "first", "Hello\n")
            lab.deliver(ANNA.email, "second", "Hello\n")
            box = lab.path(f"/home/anna/.local/share/mailops/mail/mbsync/{account.key}/INBOX")
            for _time in range(2):
                synced = lab.run(["mbsync", account.key], user="anna")
                assert synced.returncode == 0, synced.stderr
                names = sorted(path.name for path in box.glob("[nc]*/*"))
                assert len(names) == 2 and not any(";2," in name for name in names), names
            assert (box / ".mbsyncstate").exists()
            # Deleted here, by all rules of the Maildir format; on the server it stays.
            message = next(box.glob("[nc]*/*"))
            message.rename(box / "cur" / f"{message.name.partition(':')[0]}:2,ST")
            assert lab.run(["mbsync", account.key], user="anna").returncode == 0
            assert len(lab.messages(ANNA.email)) == 2
            assert set(lab.seen_by("example.org", since)) == {(ANNA.email, ANNA.password)} and lab.seen_by("own.example", since) == []
