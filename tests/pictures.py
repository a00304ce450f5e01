# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make pictures`: what docs/setup-page.md shows, taken by Chromium of a page as a task writes it."""

from __future__ import annotations

import io
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from .browser import Browser
from .unit.clients.setup_pages import OPTIONS, PHONES, THREE, files

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        for path, file in files(THREE, None, PHONES, **OPTIONS).items():
            (place / path).write_bytes(file.content or b"")
        browser = Browser()
        try:
            with browser.tab(360, 780, scale=1.5) as tab:
                _write("phone", tab.open((place / "index.html").as_uri()).screenshot(whole=False))
            with browser.tab(1100, 900, dark=True) as tab:
                _write("dark", tab.open((place / "index.pl.html").as_uri()).screenshot(whole=False))
            with browser.tab(1100) as tab:
                (place / "page.pdf").write_bytes(tab.open((place / "index.html").as_uri()).pdf())
        finally:
            browser.close()
        subprocess.run(["pdftoppm", "-r", "90", "-png", "-singlefile", place / "page.pdf", place / "print"], check=True)
        _write("print", (place / "print.png").read_bytes())


def _write(name: str, png: bytes) -> None:
    # Few colors make small files.
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(DOCS / f"setup-page-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
