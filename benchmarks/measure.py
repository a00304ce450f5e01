# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time, processor time and memory of processes, and the table that they end up in."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """Of a command and all its descendants. Memory is that of the largest process of a kind, and only there when asked for."""

    seconds: float
    cpu: float
    output: str
    controller_mb: float = 0.0
    target_mb: float = 0.0


def run(argv: Sequence[str], env: Mapping[str, str], memory: bool = False, cwd: os.PathLike | str | None = None) -> Cost:
    """A command as the administrator starts it, which must succeed."""
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(argv, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        peaks = Peaks(process.pid) if memory else None
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it again
        if peaks:
            peaks.end()
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise RuntimeError(f"{argv[0]} ended with {process.returncode}:\n{text[-4000:]}")
    cost = Cost(seconds, usage.ru_utime + usage.ru_stime, text)
    return cost if peaks is None else Cost(**{**vars(cost), "controller_mb": peaks.controller, "target_mb": peaks.target})


class Peaks(threading.Thread):
    """The largest resident size that any process below ``pid`` ever had. The kernel keeps each one's peak, so looking now and then
    is enough. What runs as an Ansible module is the target, all else the controller."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.controller = self.target = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            for process in self._family():
                try:
                    command = Path(f"/proc/{process}/cmdline").read_bytes()
                    status = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                peak = next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)
                if b"AnsiballZ_" in command:
                    self.target = max(self.target, peak)
                else:
                    self.controller = max(self.controller, peak)

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _family(self) -> list[int]:
        found, new = [], [self._pid]
        while new:
            found += new
            children = []
            for pid in new:
                try:
                    children += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
                except OSError:
                    continue
            new = children
        return found


def interleaved(contenders: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """A, B, A, B, ...: whatever else the machine does meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _run in range(runs):
        for name, contender in contenders.items():
            found[name].append(contender())
    return found


@dataclass
class Results:
    """What was measured: rows of the table, points of the plot, and who could not take part."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    points: list[tuple[str, int, float]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def at_most(self, what: str, ours: Sequence[float], peer: str, theirs: Sequence[float], bound: float | None) -> None:
        """Ours over theirs; without a bound it is only reported."""
        self._ratio(what, ours, peer, theirs, statistics.median(ours) / statistics.median(theirs), bound, "at most")

    def at_least(self, what: str, ours: Sequence[float], peer: str, theirs: Sequence[float], bound: float | None) -> None:
        """How many times faster ours is."""
        self._ratio(what, ours, peer, theirs, statistics.median(theirs) / statistics.median(ours), bound, "at least")

    def _ratio(
        self,
        what: str,
        ours: Sequence[float],
        peer: str,
        theirs: Sequence[float],
        ratio: float,
        bound: float | None,
        side: str,
    ) -> None:
        met = None if bound is None else ratio <= bound if side == "at most" else ratio >= bound
        self._add(
            what=what, ours=list(ours), peer=peer, theirs=list(theirs), ratio=ratio, bound=bound, side=side, met=met, unit="s"
        )

    def value(
        self, what: str, value: float, unit: str, below: float | None = None, peer: str = "", theirs: float | None = None
    ) -> None:
        """A size or a count, with another one for comparison."""
        self._add(what=what, ours=[value], peer=peer, theirs=[] if theirs is None else [theirs], ratio=None, bound=below, side="below",
                  met=None if below is None else value < below, unit=unit)  # fmt: skip

    def point(self, contender: str, users: int, seconds: Sequence[float]) -> None:
        self.points.append((contender, users, statistics.median(seconds)))

    def _add(self, **row: Any) -> None:
        self.rows.append(row)
        compared = f", {row['peer']} {statistics.median(row['theirs']):.3g}" if row["theirs"] else ""
        ratio = f", ratio {row['ratio']:.2f}" if row["ratio"] else ""
        bound = f" ({row['side']} {row['bound']:g}: {'met' if row['met'] else 'NOT met'})" if row["bound"] else ""
        print(f"  {row['what']}: {statistics.median(row['ours']):.3g} {row['unit']}{compared}{ratio}{bound}", flush=True)

    def to_data(self) -> dict[str, Any]:
        return asdict(self)
