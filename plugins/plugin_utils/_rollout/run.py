# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of this ansible-playbook run itself. Never its extra variables, which may be secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from ansible import context
from ansible.release import __version__ as core_version

from .report import clean

_GALAXY = Path(__file__).resolve().parents[3]


def this_run(environ: Mapping[str, str]) -> dict[str, Any]:
    """For the head of a rollout's document. ``environ``: AWX names the job there."""
    options = context.CLIARGS
    job, server = environ.get("JOB_ID", ""), environ.get("AWX_HOST") or environ.get("TOWER_HOST") or ""
    is_job = bool(server) and job.isdecimal()
    return {
        "playbooks": [clean(name) for name in _playbooks()],
        "inventory": [clean(name) for name in _inventories()],
        "limit": clean(options.get("subset") or "") or None,
        "check_mode": bool(options.get("check")),
        "core_version": core_version,
        "collection_version": _collection_version(),
        "job": int(job) if is_job else None,
        "job_url": f"{clean(server).rstrip('/')}/#/jobs/playbook/{job}" if is_job and server.startswith(("https://", "http://")) else None,
    }


def arguments() -> list[str]:
    """The playbooks and inventories, as they were given."""
    playbooks = _playbooks()
    return [*playbooks, *(part for name in _inventories() for part in ("-i", name))] if playbooks else []


def _playbooks() -> list[str]:
    found = context.CLIARGS.get("args") or ()
    return [] if isinstance(found, str) else [str(name) for name in found]


def _inventories() -> list[str]:
    return [str(name) for name in context.CLIARGS.get("inventory") or ()]


def _collection_version() -> str | None:
    """An installed collection has a manifest, a checkout has the file that it is made of."""
    try:
        return clean(json.loads((_GALAXY / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]["version"])
    except (OSError, ValueError, KeyError):
        pass
    try:
        lines = (_GALAXY / "galaxy.yml").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((clean(line.partition(":")[2].strip()) for line in lines if line.startswith("version:")), None)
