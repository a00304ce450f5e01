# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A signed message (CMS, RFC 5652) around its content, with the same bytes each time.

``cryptography``'s own builder adds the time to the signed attributes. Here these are the two that RFC 5652 demands, content type and digest; RSA
signs with PKCS #1 v1.5, and ECDSA with nonces after RFC 6979.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Sequence

from .._model.errors import Invalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

    Key = RSAPrivateKey | EllipticCurvePrivateKey

# Object identifiers, in DER.
_DATA = bytes.fromhex("06092a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SHA256 = bytes.fromhex("300d06096086480165030402010500")  # the algorithms, with their parameters
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
_ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_SEQUENCE, _SET, _OCTETS, _EXPLICIT = 0x30, 0x31, 0x04, 0xA0


def signed(content: bytes, key: Key, certificate: Certificate, chain: Sequence[Certificate]) -> bytes:
    """The message in DER. Invalid where ECDSA without random nonces is not possible."""
    from cryptography.hazmat.primitives.serialization import Encoding

    attributes = sorted([
        _tlv(_SEQUENCE, _CONTENT_TYPE, _tlv(_SET, _DATA)),
        _tlv(_SEQUENCE, _MESSAGE_DIGEST, _tlv(_SET, _tlv(_OCTETS, hashlib.sha256(content).digest()))),
    ])  # fmt: skip
    algorithm, signature = _signature(key, _tlv(_SET, *attributes))
    signer = _tlv(
        _SEQUENCE, _number(1), _tlv(_SEQUENCE, certificate.issuer.public_bytes(), _number(certificate.serial_number)),
        _SHA256, _tlv(_EXPLICIT, *attributes), algorithm, _tlv(_OCTETS, signature),
    )  # fmt: skip
    certificates = sorted({each.public_bytes(Encoding.DER) for each in (certificate, *chain)})
    data = _tlv(
        _SEQUENCE, _number(1), _tlv(_SET, _SHA256), _tlv(_SEQUENCE, _DATA, _tlv(_EXPLICIT, _tlv(_OCTETS, content))),
        _tlv(_EXPLICIT, *certificates), _tlv(_SET, signer),
    )  # fmt: skip
    return _tlv(_SEQUENCE, _SIGNED_DATA, _tlv(_EXPLICIT, data))


def _signature(key: Key, data: bytes) -> tuple[bytes, bytes]:
    """The algorithm in DER, and the signature."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return _RSA, key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    try:
        return _ECDSA_WITH_SHA256, key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    except (TypeError, UnsupportedAlgorithm):
        raise Invalid(
            "an EC key signs differently each time here, so that every run would change every file: use cryptography 43 or newer with OpenSSL 3.2 "
            "or newer (its wheels have that), or an RSA key"
        ) from None


def _tlv(tag: int, *contents: bytes) -> bytes:
    """Tag, length and contents (X.690)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _number(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
