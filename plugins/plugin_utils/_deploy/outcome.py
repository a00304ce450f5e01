# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account`` returns and reports, made of what the target said, and small whatever the number of users."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.profiles.plugins.module_utils._writer._diff import limited
from ansible_collections.mailops.profiles.plugins.plugin_utils._deploy.deployment import Deployment
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError

MOST_LISTED = 100


def warnings(deployment: Deployment) -> list[str]:
    """Those of the profiles, and what is skipped."""
    found = list(deployment.warnings)[:MOST_LISTED]
    if not deployment.skipped:
        return found
    reasons = {f"{item['client']}, profile '{item['profile']}': {item['reason']}" for item in deployment.skipped}
    listed = sorted(reasons)[:10]
    return [*found, f"mail_account skips {len(deployment.skipped)} accounts: {'; '.join(listed)}{'; ...' if len(reasons) > 10 else ''}"]


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """What the target said of two batches, as if they had been one."""
    summed = (
        "changes", "drifted", "failed_users", "failed_count", "missing_users", "changed_accounts", "diffs", "diffs_left_out", "notices",
        "elsewhere",
    )  # fmt: skip
    return {
        **first,
        **{name: first[name] + second[name] for name in summed},
        "changed": first["changed"] or second["changed"],
        "files": {action: count + second["files"][action] for action, count in first["files"].items()},
    }


def result(
    deployment: Deployment, found: Mapping[str, Any], skipped: Sequence[Mapping[str, str]] = (), told: Sequence[str] = ()
) -> dict[str, Any]:
    """The return value; its shape is the same for one user and many, check mode and validate_only."""
    returned: dict[str, Any] = {
        "changed": found.get("changed", False),
        "accounts": {
            "total": sum(len(accounts) for accounts in deployment.accounts.values()),
            "changed": found.get("changed_accounts", 0),
        },
        "files": found.get("files", {"created": 0, "updated": 0, "removed": 0, "unchanged": 0}),
        "changes": found.get("changes", []),
        "drifted": found.get("drifted", []),
        "dropped": deployment.dropped,
        # Not "skipped": Ansible takes a task whose result has that key for one that did not run.
        "skipped_accounts": [*deployment.skipped, *skipped],
        "failed_users": found.get("failed_users", []),
    }
    if told:
        returned["warnings"] = list(told)
    diffs, left_out = limited(found.get("diffs", []))
    left_out += found.get("diffs_left_out", 0)
    if left_out:
        diffs.append({"prepared": f"({left_out} more files differ; their diffs are left out)\n"})
    if diffs:
        returned["diff"] = diffs
    return returned


def shortened(returned: dict[str, Any]) -> dict[str, Any]:
    """What a task can return of it; the report file has it all."""
    lists = ("changes", "drifted", "skipped_accounts", "failed_users")
    return {key: value[:MOST_LISTED] if key in lists else value for key, value in returned.items()}


def check_report_path(path: Any) -> None:
    if path is not None and (not isinstance(path, str) or not path.startswith("/") or not os.path.isdir(os.path.dirname(path))):
        raise MailopsError("report_path: must be an absolute path in an existing directory of the controller")


def write_report(path: str, returned: Mapping[str, Any]) -> None:
    """The whole result as JSON on the controller, 0600, old or new at any time."""
    try:
        fd, temp = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".mailops-")
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump({key: value for key, value in returned.items() if key != "diff"}, file, indent=2, sort_keys=True)
            os.replace(temp, path)
        except OSError:
            os.unlink(temp)
            raise
    except OSError as exc:
        raise MailopsError(f"report_path {path}: cannot be written: {os.strerror(exc.errno or 0)}") from None
