# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""QR codes (ISO/IEC 18004), as PNG and SVG: dark on light with the quiet zone of four modules, error correction L.

Always with mask 2: in trials with zbar and zxing it was read as well as the best one of each code, and looking for that takes four times as long.
"""

from __future__ import annotations

import functools
import io
import struct
import zlib
from typing import Any

from .._model.errors import Invalid
from . import _qr_modules

MAX_VERSION = 20  # 97 modules wide: 2.5 pixels each on the smallest phone, half a millimetre on paper
MAX_BYTES = 858  # of version 20 with error correction L
QUIET_ZONE = 4  # modules
_PNG_SCALE = 8  # pixels of a module
_LIGHT = b"\xff"
_PIXELS = bytes([0xFF, 0x00]) + bytes(254)  # of a light and of a dark module


def check_library() -> None:
    """Invalid when segno is missing."""
    _qr_modules.segno()


def version(payload: bytes) -> int:
    """1 (21 modules wide) to 20 (97); Invalid for a payload that is too large for a phone."""
    return _qr_modules.version(len(_checked(payload)))


def _checked(payload: bytes) -> bytes:
    if len(payload) > MAX_BYTES:
        raise Invalid(f"the code would need {len(payload)} bytes, and phones read {MAX_BYTES} at most")
    return payload


@functools.lru_cache(maxsize=32)
def png(payload: bytes) -> bytes:
    """The code as an image of two colours, made once for all files of a user that have it; Invalid as for ``version``."""
    # Much faster than segno's own writer, which counts with 10,000 users: a pixel is a bit, and a module as wide as a byte.
    rows = [row.translate(_PIXELS) for row in _qr_modules.modules(_checked(payload))]
    side, above = _LIGHT * QUIET_ZONE, [_LIGHT * len(rows)] * QUIET_ZONE
    lines = b"".join((b"\0" + side + row + side) * _PNG_SCALE for row in (*above, *rows, *above))
    width = (len(rows) + 2 * QUIET_ZONE) * _PNG_SCALE
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)  # one bit of grey for each pixel
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def svg(payload: bytes, **more: Any) -> bytes:
    """The code as an SVG document without an XML declaration. ``more``: arguments of segno's serialiser."""
    file = io.BytesIO()
    code = _qr_modules.segno().make_qr(_checked(payload), error="l", mask=2, boost_error=False, mode="byte")
    code.save(file, kind="svg", border=QUIET_ZONE, **{"dark": "#000", "light": "#fff", "xmldecl": False, "omitsize": True, **more})
    return file.getvalue()
