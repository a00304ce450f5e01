# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What K-9 Mail and Thunderbird for Android have in common."""

from __future__ import annotations

from typing import Iterable

from .._model.account import Account
from ._accounts import servers

WITHOUT_CA_FILE = "the app cannot get ca_file: users have to install the authority's certificate on the phone"


def cautions(account: Account) -> Iterable[str]:
    authentications = {server.authentication for _side, server in servers(account)}
    if "oauth2" in authentications:
        yield "the app asks the user to log in at the provider (OAuth 2), which works with the providers that the app knows"
    if "client_certificate" in authentications:
        yield "the certificate has to be installed on the phone, and the user chooses it in the settings of the account"
