# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture of Thunderbird in the documentation."""

from __future__ import annotations

import base64
import os

from deployed import USERS, deploy, pop, profile
from harness import Lab
from sandbox import REPOSITORY
from thunderbird import Thunderbird
from thunderbird_scripts import SERVICES, SUBJECTS, key_of, wait_for

if "MAILOPS_WRITE_EXPECTED" in os.environ:

    def test_the_picture_in_the_documentation(lab: Lab) -> None:
        anna = USERS["anna"]
        texts = {"reply_to": None, "signature": None}
        profiles = [
            profile(account_name="Anna Nowak (work)", **texts),
            {**pop(account_name="Anna Nowak (archive)", **texts), "name": "archive"},
        ]
        key = key_of(deploy(lab, "anna", profiles, ["thunderbird"])[0])
        lab.empty(anna.email)
        for subject in ("Welcome to Example Ltd", "Canteen: menu of the week", "Minutes of Monday's meeting", "Your new laptop"):
            lab.deliver(anna.email, subject, f"Dear Anna,\n\n{subject}.\n\nKind regards\nThe Sender\n")
        lab.run(["mkdir", "picture"], user="anna")
        # Nothing of Thunderbird's own that asks for the reader's attention.
        quiet = 'user_pref("mailnews.start_page.enabled", false);\nuser_pref("mail.rights.version", 1);\n'
        lab.path("/home/anna/picture/user.js").write_text(quiet)
        with Thunderbird(lab, "anna", "--profile", "/home/anna/picture") as thunderbird:
            wait_for(4, lambda: len(thunderbird.run(SUBJECTS, key)))
            thunderbird.run(
                f"""{SERVICES}
                const {{ incomingServer }} = MailServices.accounts.getAccount(args[0]);
                const pane = document.getElementById("tabmail").currentAbout3Pane;
                pane.displayFolder(incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox).URI);
                pane.threadTree.selectedIndex = 3;
                await new Promise(resolve => setTimeout(resolve, 3000));""",
                key,
            )
            (REPOSITORY / "docs" / "thunderbird.png").write_bytes(base64.b64decode(thunderbird.screenshot()))
