# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers of QR codes: zbar, and zxing-cpp, which is kin of what Thunderbird for Android uses."""

from __future__ import annotations

import io
import subprocess

import zxingcpp
from PIL import Image

from .programs import needs


def by_zbar(image: bytes) -> bytes:
    """The payload of the one code in an image."""
    needs("zbarimg")
    # It opens its input by name, and pipes are none of ImageMagick's formats without one.
    # QR codes only: it finds bars of CODE-39 in the modules of some.
    command = ["zbarimg", "--quiet", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-Sbinary", "--raw", "png:-"]
    return subprocess.run(command, input=image, capture_output=True, check=True, timeout=60).stdout


def by_zxing(image: bytes) -> bytes:
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(image)), formats=zxingcpp.BarcodeFormat.QRCode)
    return code.bytes


def modules(image: bytes) -> list[list[bool]]:
    """Whether each module is dark, with the quiet zone of four modules, behind which a finder pattern begins."""
    picture = Image.open(io.BytesIO(image)).convert("L")
    scale = next(place for place in range(picture.width) if picture.getpixel((place, place)) < 128) // 4
    places = range(0, picture.width, scale)
    return [[picture.getpixel((column, row)) < 128 for column in places] for row in places]
