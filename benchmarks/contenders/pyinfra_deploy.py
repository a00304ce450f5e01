# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same with pyinfra: pyinfra INVENTORY pyinfra_deploy.py -y"""

from pathlib import Path

from pyinfra import host
from pyinfra.operations import files

TEMPLATES = Path(__file__).resolve().parent / "templates"

for user in host.data.mail_accounts_users:
    for name in ("muttrc", "msmtprc", "mbsyncrc", "fetchmailrc"):
        files.template(
            name=f"{name} of {user['name']}",
            src=str(TEMPLATES / f"{name}.j2"),
            dest=f"{host.data.homes}/{user['name']}/.{name}",
            user=user["name"],
            group=user["name"],
            mode="600",
            item=user,
        )
