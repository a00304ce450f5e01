# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What judged what is written for each client, and by which test, for docs/clients.md. A client that is not here was judged by nothing."""

from __future__ import annotations

from typing import NamedTuple

NOBODY = "not judged by the program"
NO_PHONE = f"{NOBODY}: no phone was available"


class Judge(NamedTuple):
    """``what`` reads the files, in this test (below tests/)."""

    what: str
    test: str


class Verdict(NamedTuple):
    """``values``: whoever reads back what is written for any valid profile and user, and names it; ``log_in``: the program, with a
    real server. Where there is none, the reason may be given as text."""

    values: Judge | str
    log_in: Judge | str


def _unit(what: str, test: str) -> Judge:
    return Judge(what, f"unit/clients/test_parsers_{test}")


def _lab(test: str) -> Judge:
    return Judge("the program", f"lab/test_{test}")


JUDGES = {
    "aerc": Verdict(f"{NOBODY}, which needs a terminal", _lab("aerc.py::test_aerc_reads_and_sends")),
    "alpine": Verdict(
        f"{NOBODY}, but for one account full of odd characters that it writes anew as it was; a reader of the tests' own follows its source",
        _lab("alpine.py::test_alpine_reads_and_sends"),
    ),
    "delta_chat": Verdict(
        Judge(
            "zbar and zxing-cpp, and a reader of the tests' own that follows the app's source",
            "unit/clients/test_delta_chat.py::test_the_app_gets_every_value_as_it_was",
        ),
        NO_PHONE,
    ),
    "evolution": Verdict(
        Judge("GLib, by which it reads them", "unit/clients/test_keyfiles.py::test_evolution_reads_what_was_written"),
        _lab("evolution.py::test_evolution_reads_and_sends"),
    ),
    "fetchmail": Verdict(
        _unit("`fetchmail --configdump`, of texts in ASCII", "mail_tools.py::test_fetchmail_reads_what_was_written"),
        _lab("mail_tools.py::test_fetchmail_fetches"),
    ),
    "geary": Verdict(
        Judge("GLib, by which it reads them", "unit/clients/test_keyfiles.py::test_geary_reads_what_was_written"),
        _lab("geary.py::test_geary_reads_and_sends"),
    ),
    "getmail": Verdict(
        _unit("`getmail --dump`, which masks passwords", "fetchers.py::test_getmail_reads_what_was_written"),
        _lab("getmail.py::test_getmail_fetches"),
    ),
    "git_send_email": Verdict(
        _unit("`git config`, by which it reads them", "git_and_s_nail.py::test_git_reads_what_was_written"),
        _lab("git_send_email.py::test_git_sends"),
    ),
    "k9_settings": Verdict(
        Judge(
            "a reader of the tests' own that follows the app's parser and validators",
            "unit/clients/test_k9_settings.py::test_the_app_gets_every_value_as_it_was",
        ),
        NO_PHONE,
    ),
    "mbsync": Verdict(f"{NOBODY}, which prints nothing; it accepts the whole file", _lab("mail_tools.py::test_mbsync_syncs")),
    "mobileconfig": Verdict(
        Judge(
            "Python's plistlib and Apple's own schema; signatures by `openssl cms`",
            "unit/clients/test_mobileconfig.py::test_every_value_is_as_it_was_and_follows_the_schema",
        ),
        NO_PHONE,
    ),
    "mpop": Verdict(
        _unit("`mpop -P`, which masks passwords", "fetchers.py::test_mpop_reads_what_was_written"),
        _lab("mpop.py::test_mpop_fetches"),
    ),
    "msmtp": Verdict(
        _unit("`msmtp -P`, which masks passwords", "mail_tools.py::test_msmtp_reads_what_was_written"),
        _lab("mail_tools.py::test_msmtp_sends"),
    ),
    "neomutt": Verdict(
        _unit("`neomutt -D` and `mutt -D`", "mutt.py::test_mutt_reads_what_was_written"),
        _lab("mutt.py::test_mutt_opens_the_mailbox_and_sends"),
    ),
    "offlineimap": Verdict(
        _unit("its own classes", "offlineimap.py::test_offlineimap_reads_what_was_written"),
        _lab("offlineimap.py::test_offlineimap_syncs"),
    ),
    "s_nail": Verdict(
        _unit("the command `varshow` of the program", "git_and_s_nail.py::test_s_nail_reads_what_was_written"),
        _lab("s_nail.py::test_s_nail_reads_and_sends"),
    ),
    "setup_page": Verdict(
        Judge(
            "Python's parser of HTML; zbar and zxing read the codes in Chromium's pictures",
            "unit/clients/test_setup_page.py::test_every_text_of_a_person_and_a_profile_is_text",
        ),
        f"{NOBODY}: people read it. Chromium displays and prints it",
    ),
    "thunderbird_android": Verdict(
        Judge(
            "zbar and zxing-cpp, and a reader of the tests' own that follows the format's description and the app's checks",
            "unit/clients/test_thunderbird_android.py::test_the_app_gets_every_value_as_it_was",
        ),
        NO_PHONE,
    ),
    "thunderbird": Verdict(
        f"{NOBODY}, but for the accounts of the log-ins, whose values it tells",
        _lab("thunderbird_life.py::test_the_first_start_of_a_new_profile"),
    ),
}
