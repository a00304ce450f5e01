# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""QR codes are read back byte for byte by two readers, and never become larger than a phone can read."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._clients import _qr, _qr_modules
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import Invalid

from .drawn import examples
from .qr_readers import by_zbar, by_zxing, modules

# What a code holds here is ASCII (JSON, URLs); other bytes are the readers' weakness.
ascii_payload = st.text("".join(map(chr, range(32, 127))), min_size=1, max_size=_qr.MAX_BYTES).map(str.encode)


@examples(8)
@given(ascii_payload)
def test_two_readers_read_what_was_written(payload: bytes) -> None:
    image = _qr.png(payload)
    assert by_zbar(image) == payload
    assert by_zxing(image) == payload


@pytest.mark.parametrize("size", [1, 100, 500, _qr.MAX_BYTES])
def test_the_smallest_and_the_largest_code(size: int) -> None:
    payload = (b'[1,[1,1],"\\u0142' * 100)[:size]
    assert by_zbar(_qr.png(payload)) == by_zxing(_qr.png(payload)) == payload
    assert _qr.version(payload) <= _qr.MAX_VERSION == segno.make_qr(b"x" * _qr.MAX_BYTES, error="l", boost_error=False).version


@pytest.mark.parametrize("version", range(1, _qr.MAX_VERSION + 1))
def test_the_modules_are_those_that_segno_makes(version: int) -> None:
    """Of the smallest and the largest payload of each version, so with and without padding, and of one between them."""
    sizes = [size for size in range(1, _qr.MAX_BYTES + 1) if _qr_modules.version(size) == version]
    for size in (sizes[0], sizes[len(sizes) // 2], sizes[-1]):
        payload = bytes((number * number + size) % 256 for number in range(size))
        code = segno.make_qr(payload, error="l", mask=2, boost_error=False, mode="byte")
        assert code.version == version == _qr.version(payload)
        assert _qr_modules.modules(payload) == [bytes(row) for row in code.matrix]


def test_a_code_that_no_phone_reads_is_not_made() -> None:
    for make in (_qr.png, _qr.svg, _qr.version):
        with pytest.raises(Invalid, match="would need 859 bytes, and phones read 858 at most"):
            make(b"x" * (_qr.MAX_BYTES + 1))


def test_the_same_payload_gives_the_same_code() -> None:
    first = _qr.png(b"payload"), _qr.svg(b"payload")
    _qr.png.cache_clear()
    assert (_qr.png(b"payload"), _qr.svg(b"payload")) == first


def test_dark_on_light_with_a_quiet_zone() -> None:
    dark = modules(_qr.png(b"payload"))
    width = 17 + 4 * _qr.version(b"payload") + 2 * _qr.QUIET_ZONE
    assert len(dark) == width and {len(row) for row in dark} == {width}
    assert {row[column] for row in dark for column in (*range(_qr.QUIET_ZONE), *range(-_qr.QUIET_ZONE, 0))} == {False}
    assert dark[_qr.QUIET_ZONE][_qr.QUIET_ZONE : _qr.QUIET_ZONE + 8] == [True] * 7 + [False]  # of the finder pattern


def test_both_files_have_the_same_modules() -> None:
    root = ElementTree.fromstring(_qr.svg(b"payload"))
    drawn = modules(_qr.png(b"payload"))
    assert root.attrib["viewBox"] == f"0 0 {len(drawn)} {len(drawn)}"
    assert drawn_by_path(root[-1].attrib["d"], len(drawn)) == drawn


def drawn_by_path(path: str, width: int) -> list[list[bool]]:
    """The modules that a path of strokes one unit wide covers: ``M4 4.5h7m1 0h2``."""
    dark = [[False] * width for _row in range(width)]
    x = y = 0.0
    for command, numbers in re.findall("([Mmh])([-0-9. ]+)", path):
        values = [float(each) for each in numbers.split()]
        if command == "h":
            for column in range(int(x), int(x + values[0])):
                dark[int(y)][column] = True
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return dark


def test_without_segno_the_reason_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    _qr_modules._layout.cache_clear()
    _qr.png.cache_clear()
    with pytest.raises(Invalid, match="segno.*for QR codes"):
        _qr.png(b"payload")
