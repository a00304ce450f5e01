"""usage: summary.py [RESULT]

What the parts of `make test` came to, from build/logs: PART.log, and PART.result with its name, exit status and seconds.
With the path of one result: that part only. Exit status 1: a part failed, or left out under CI=true what is not excused.
"""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
LOGS = Path(os.environ.get("logs", ROOT / "build/logs"))
UNTESTED = ROOT / "tests/not-tested-here.yml"
CLOSING = re.compile(r"^(=+ (.*\b(?:passed|failed|skipped|deselected|errors?)\b.* in [\d.]+s.*?) =+)$", re.MULTILINE)
NOT_TESTED = re.compile(r"^not tested: (.+)$", re.MULTILINE)  # .ci/matrix and .ci/sanity
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] (?:\S+:\d+: )?(.+)$", re.MULTILINE)  # pytest -ra; under CI=true: only what is excused


class Part:
    def __init__(self, result: Path) -> None:
        self.name, status, seconds = result.read_text().split()
        self.seconds = int(seconds)
        self.log = result.with_suffix(".log").read_text(errors="replace")
        self.closing = [match.groups() for match in CLOSING.finditer(self.log)]
        self.left_out = NOT_TESTED.findall(self.log)
        skipped: Counter[str] = Counter()
        for number, reason in SKIPPED.findall(self.log):
            skipped[reason] += int(number)
        self.skipped = [f"{number} tests: {reason}" for reason, number in skipped.items()]
        words = "; ".join(text for _line, text in self.closing)
        nothing = any(what.startswith(f"{self.name}: ") for what in self.left_out) or (self.closing and "passed" not in words)
        inexcusable = [what for what in self.left_out if not excused(what)] if os.environ.get("CI") == "true" else []
        self.result = "FAILED" if int(status) or inexcusable else "skipped" if nothing else "passed"
        self.detail = f"not excused by {UNTESTED.name}: {'; '.join(inexcusable)}" if inexcusable else words

    def line(self) -> str:
        return f"{self.name:<12} {self.result:<7} {self.seconds:4d} s  {self.detail}".rstrip()


def untested() -> list[dict]:
    return yaml.safe_load(UNTESTED.read_text(encoding="utf-8"))


def excused(what: str) -> bool:
    return any(fnmatch.fnmatchcase(what, pattern) for entry in untested() for pattern in entry.get("skipped", ()))


def main() -> int:
    if len(sys.argv) > 1:
        part = Part(Path(sys.argv[1]))
        # What pytest says last is kept as it is, for programs that read the output.
        print(part.line(), *(line for line, _words in part.closing), sep="\n", flush=True)
        return part.result == "FAILED"
    parts = [Part(path) for path in sorted(LOGS.glob("*.result"))]
    failed = [part for part in parts if part.result == "FAILED"]
    for part in failed:
        print(f"\n=== {part.name} ===\n{part.log}")

    print("\n=== summary ===")
    for part in parts:
        print(part.line())
    print()
    for part in parts:
        for what in (*part.left_out, *(f"{part.name}: {each}" for each in part.skipped)):
            print(f"not tested: {what}")
    for entry in untested():
        print(f"{'may be skipped' if 'skipped' in entry else 'not tested anywhere'}: {entry['what']}: {entry['why']}")
    if not os.environ.get("LONG"):
        print("left to make test-all: the tests that are marked long, more random cases, and the other versions of ansible-core")
    counts = Counter(part.result for part in parts)
    print(f"\n{counts['passed']} parts passed, {counts['skipped']} skipped, {counts['FAILED']} failed", *(part.name for part in failed))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
