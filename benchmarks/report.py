# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table and the plot."""

from __future__ import annotations

import datetime
import importlib.util
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ground import BUILD, REPOSITORY
from postgres import find_postgres

PACKAGES = ("ansible-core", "mitogen", "pyinfra", "matplotlib")


def machine() -> dict[str, str]:
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ""
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    disk = _said("findmnt", "-n", "-o", "FSTYPE", "-T", str(BUILD))
    return {
        "Machine": f"{os.cpu_count()} cores ({cpu or platform.machine()}), {memory:.0f} GB, Linux {platform.release()}",
        "Homes": f"on {disk}",
        "Versions": ", ".join([f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in PACKAGES),
                               f"SQLite {sqlite3.sqlite_version}", _postgres(), _said("ssh", "-V").partition(",")[0].replace("_", " ")]),
        "Collection": _said("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"),
        "Date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }  # fmt: skip


def _said(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return " ".join((done.stdout or done.stderr).split())


def _postgres() -> str:
    programs = find_postgres()
    return _said(str(programs / "postgres"), "--version").replace("postgres (PostgreSQL)", "PostgreSQL") if programs else "no PostgreSQL"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(does not install)"


# An earlier module was Ansible's JSONARGS form, without AnsibleModule, and cost 0.54 times a ping on 100 hosts.
FORM = """\
The part on the host is an ordinary AnsibleModule. An earlier form without it, which loaded its own code from its arguments, took 0.54 times as
long as a `ping` on 100 hosts that shared two cores, because a host compiles AnsibleModule at each run. On hosts with processors of their own that
is a tenth of a second. The earlier form hid its code from the checks of the field (ansible-test), evaluated an argument, and left no line in the
host's log. So the module is ordinary now, and the bounds beside `ping` follow from that.
"""


def table(data: dict[str, Any]) -> str:
    lines = ["# Benchmarks", "", "Made by `make bench`, in one run; [benchmarks](../benchmarks) says how. Times are medians of whole runs, in",
             "brackets the number of runs and the range. A bound is one on the ratio, or on the value where there is no ratio.", "",
             "![Time over users](benchmarks.svg)", "", *FORM.splitlines(), ""]  # fmt: skip
    if data["quick"]:
        lines[2:4] = ["A quick run with small numbers: the bounds are meant for the full one."]
    lines += [f"- {name}: {text}" for name, text in data["machine"].items()]
    lines += [f"- Not measured, because it does not install: {name}" for name in data["missing"]]
    for title, rows in data["groups"].items():
        lines += ["", f"## {title}", "", "| what | ours | beside | | ratio | bound | |", "|---|---|---|---|---|---|---|"]
        lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any]) -> str:
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}" if row["ratio"] < 20 else f"{row['ratio']:.0f}"
    bound = "" if row["bound"] is None else f"{row['side']} {row['bound']:g}{'' if row['ratio'] else ' ' + row['unit']}"
    met = {None: "", True: "met", False: "**not met**"}[row["met"]]
    ours, theirs = (_amount(row[who], row["unit"]) for who in ("ours", "theirs"))
    return "| " + " | ".join([row["what"], ours, row["peer"], theirs, ratio, bound, met]) + " |"


def _amount(values: Sequence[float], unit: str) -> str:
    if not values:
        return ""
    text = f"{_number(statistics.median(values))} {unit}"
    return text if len(values) == 1 else f"{text} ({len(values)}: {_number(min(values))} to {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


STYLES = {"mailops.profiles": ("C0", "o-", 2.5), "mailops.profiles, mitogen": ("C0", "o:", 1.5)}


def plot(data: dict[str, Any], path: Path) -> bool:
    if not data["points"]:
        return True
    if importlib.util.find_spec("matplotlib") is None:
        return False
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "mailops.profiles", "font.size": 9})
    from matplotlib import pyplot

    curves: dict[str, dict[int, float]] = {}
    for name, users, seconds in data["points"]:
        curves.setdefault(name, {})[users] = seconds
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for number, (name, curve) in enumerate(sorted(curves.items(), key=lambda item: -max(item[1].values())), start=1):
        floor = "plain loop" in name or "ping" in name
        color, style, width = STYLES.get(name, ("0.5", ":" if "ping" in name else "--", 1.2) if floor else (f"C{number}", "s-", 1.5))
        axes.plot(
            sorted(curve), [curve[users] for users in sorted(curve)], style, color=color, linewidth=width, markersize=4, label=name
        )
    axes.set(xscale="log", yscale="log", xlabel="users (4 mail programs each), one host, connection local", ylabel="seconds")
    axes.grid(which="major", alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    return True


def write(data: dict[str, Any], directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "benchmarks.md").write_text(table(data))
    if not plot(data, directory / "benchmarks.svg"):
        print("no plot: matplotlib does not install", file=sys.stderr)
