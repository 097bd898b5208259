"""
The numbers of a private key in a usual PEM: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017), SEC 1 (RFC 5915).

The part of cryptography that reads every form takes longer to load than all else that signs; so it
is asked only for what is not usual.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import NamedTuple

BLOCK = re.compile(r"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----")
CURVES = {
    "2a8648ce3d030107": "P-256",
    "2b81040022": "P-384",
    "2b81040023": "P-521",
    "2b6570": "Ed25519",
    "2b6571": "Ed448",
}
RSA, EC = "2a864886f70d010101", "2a8648ce3d0201"
PARAMETERS = 0xA0  # the tag of what stands as [0]


class Numbers(NamedTuple):
    """The parts of a key, as they stand in its file: of RSA n e d p q, of the others the secret."""

    type: str
    curve: str
    parts: list[bytes]


def numbers_in(text: str) -> Numbers | None:
    """The numbers of the private key in *text*; None when its form is not a usual one."""
    found = BLOCK.search(text)
    try:
        return _FORMS[found[1]](base64.b64decode(found[2])) if found else None
    except (ValueError, IndexError, KeyError):
        return None


def _pkcs8(der: bytes) -> Numbers:
    _, (_, algorithm), (_, key), *_ = _inside(der)
    (_, name), *parameters = _elements(algorithm)
    if name.hex() == RSA:
        return _pkcs1(key)
    if name.hex() == EC:
        return _of_curve(key, parameters[0][1])
    return Numbers("OKP", CURVES[name.hex()], [_elements(key)[0][1]])


def _pkcs1(der: bytes) -> Numbers:
    numbers = [content for _, content in _inside(der)]
    return Numbers("RSA", "", numbers[1:6])


def _sec1(der: bytes) -> Numbers:
    named = dict(_inside(der))[PARAMETERS]
    return _of_curve(der, _elements(named)[0][1])


def _of_curve(der: bytes, name: bytes) -> Numbers:
    return Numbers("EC", CURVES[name.hex()], [_inside(der)[1][1]])


_FORMS: dict[str, Callable[[bytes], Numbers]] = {
    "PRIVATE KEY": _pkcs8,
    "RSA PRIVATE KEY": _pkcs1,
    "EC PRIVATE KEY": _sec1,
}


def _inside(der: bytes) -> list[tuple[int, bytes]]:
    """The elements of the one sequence that *der* is."""
    ((_, content),) = _elements(der)
    return _elements(content)


def _elements(der: bytes) -> list[tuple[int, bytes]]:
    """The elements in *der*, each by its tag and its content (X.690 section 8.1)."""
    found, at = list[tuple[int, bytes]](), 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size]), at + size
        if at + length > len(der):
            raise ValueError
        found.append((tag, der[at : at + length]))
        at += length
    return found
