# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules of a QR code of bytes, with error correction L and mask 2 (ISO/IEC 18004:2015; sections in brackets).

segno's own codes have the same modules, but it takes ten times as long for one, and codes were most of the time of a run with 10,000 users.
So segno draws what all codes of a version have alike, once, and only the bytes are placed here.
"""

from __future__ import annotations

import functools
from itertools import zip_longest
from typing import Any, NamedTuple, Sequence

from ansible.module_utils.basic import missing_required_lib

from .._model.errors import Invalid

# Bytes of error correction in each block, blocks, and bytes of data, for the versions from 1 (7.5.1, table 9, level L).
_BLOCKS = (
    (7, 1, 19), (10, 1, 34), (15, 1, 55), (20, 1, 80), (26, 1, 108), (18, 2, 136), (20, 2, 156), (24, 2, 194), (30, 2, 232), (18, 4, 274),
    (20, 4, 324), (24, 4, 370), (26, 4, 428), (30, 4, 461), (22, 6, 523), (24, 6, 589), (28, 6, 647), (30, 6, 721), (28, 7, 795), (28, 8, 861),
)  # fmt: skip
_BYTE_MODE = 0x4
_PADDING = b"\xec\x11"  # in turn, up to the end of the data
_FIELD = 0x11D  # the polynomial of the field GF(256) (7.5.2)


class Layout(NamedTuple):
    """What codes of a version have alike. ``modules``: row by row, with those of the fixed patterns and of the format. ``positions``: where the bits of
    the message go, in their order. ``mask``: which of these bits are turned round, as a number."""

    modules: bytes
    positions: Sequence[int]
    mask: int


def segno() -> Any:
    """The library; Invalid when it is missing."""
    try:
        import segno as found
    except ImportError as exc:
        raise Invalid(missing_required_lib("segno", reason="for QR codes")) from exc
    return found


def version(size: int) -> int:
    """The smallest version for so many bytes, 858 at most."""
    return next(number for number, (_correction, _blocks, data) in enumerate(_BLOCKS, start=1) if size + _head_size(number) <= data)


def modules(payload: bytes) -> list[bytes]:
    """The rows without a quiet zone; a byte for each module, 1 is dark. For 858 bytes at most; Invalid when segno is missing."""
    number = version(len(payload))
    layout, message = _layout(number), _message(payload, number)
    count = len(layout.positions)
    # A version may have some modules more than the message has bits: they are zeros, and masked like the others (7.6).
    masked = int.from_bytes(message, "big") << (count - 8 * len(message)) ^ layout.mask
    found = bytearray(layout.modules)
    for position, digit in zip(layout.positions, f"{masked:0{count}b}".encode()):
        found[position] = digit & 1  # of ASCII's 0 and 1
    width = 17 + 4 * number
    return [bytes(found[start : start + width]) for start in range(0, len(found), width)]


def _head_size(number: int) -> int:
    """Bytes that the mode, the number of bytes and the terminator need: 4 bits, 8 or 16, and 4."""
    return 2 if number < 10 else 3


def _message(payload: bytes, number: int) -> bytes:
    """Data and error correction, a byte of each block in turn (7.4, 7.6)."""
    correction, count, size = _BLOCKS[number - 1]
    head = _BYTE_MODE << 8 * (_head_size(number) - 1) | len(payload)
    data = ((head << 8 * len(payload) | int.from_bytes(payload, "big")) << 4).to_bytes(len(payload) + _head_size(number), "big")
    data += (b"\0" + _PADDING * size)[: size - len(data)]  # the zero, behind the terminator, is segno's: so the images stay what they were
    blocks, start = [], 0
    for index in range(count):
        end = start + (size + index) // count  # the last ones are longer by a byte
        blocks.append(data[start:end])
        start = end
    return _interleaved(blocks) + _interleaved([_error_correction(block, correction) for block in blocks])


def _interleaved(blocks: Sequence[bytes]) -> bytes:
    return bytes(byte for column in zip_longest(*blocks) for byte in column if byte is not None)


def _error_correction(block: bytes, size: int) -> bytes:
    """The remainder of the division by the generator polynomial (7.5.2). A polynomial is a number with a byte for each coefficient."""
    multiples, first, all_but_first = _multiples(size), 8 * (size - 1), (1 << 8 * (size - 1)) - 1
    remainder = 0
    for byte in block:
        remainder = (remainder & all_but_first) << 8 ^ multiples[byte ^ remainder >> first]
    return remainder.to_bytes(size, "big")


@functools.cache
def _multiples(size: int) -> Sequence[int]:
    """The generator polynomial, without its first coefficient, times each byte."""
    generator, root = [1], 1
    for _factor in range(size):
        generator = [one ^ _product(root, other) for one, other in zip([*generator, 0], [0, *generator])]
        root = _product(root, 2)
    return [int.from_bytes(bytes(_product(byte, each) for each in generator[1:]), "big") for byte in range(256)]


def _product(one: int, other: int) -> int:
    """In the field."""
    found = 0
    while other:
        if other & 1:
            found ^= one
        one = one << 1 ^ (_FIELD if one & 0x80 else 0)
        other >>= 1
    return found


@functools.cache
def _layout(number: int) -> Layout:
    library = segno()
    drawn = library.make_qr(b"0", version=number, error="l", mask=2, boost_error=False, mode="byte")
    kinds = [list(row) for row in drawn.matrix_iter(border=0, verbose=True)]
    width = len(kinds)
    of_data = (library.consts.TYPE_DATA_DARK, library.consts.TYPE_DATA_LIGHT)
    kinds[8][width - 9] = of_data[0]  # segno 1.6 takes it for a part of the format
    positions: list[int] = []
    # Columns of two modules from the right, upwards and downwards in turn; that of the timing pattern is left out (7.7.3).
    for index, right in enumerate((*range(width - 1, 6, -2), *range(5, 0, -2))):
        rows = range(width) if index % 2 else reversed(range(width))
        positions += [row * width + column for row in rows for column in (right, right - 1) if kinds[row][column] in of_data]
    mask = "".join("1" if position % width % 3 == 0 else "0" for position in positions)
    return Layout(b"".join(map(bytes, drawn.matrix)), positions, int(mask, 2))
