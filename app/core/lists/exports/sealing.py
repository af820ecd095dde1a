"""Files sealed in pieces, so that neither writing nor reading one holds more than a piece of it.

Each piece is AES-256-GCM under a key of this one stream; its number and whether it is the last are in the nonce, so
that pieces cannot be changed, left out, exchanged or cut off at the end. The stream's key is derived from the file's
key, a random salt in the head, and the place the stream belongs to.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.guard.keys import SealBroken

KEY_BYTES: Final = 32
PIECE: Final = 64 * 1024
_MARK: Final = b"FCX1"
_SALT: Final = 16
_TAG: Final = 16


def new_key() -> bytes:
    """A random key for one file."""
    return os.urandom(KEY_BYTES)


def seal_stream(key: bytes, place: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """`pieces`, of any size, as a sealed stream that opens at the same `place` only."""
    salt = os.urandom(_SALT)
    cipher, number = _cipher(key, salt, place), 0
    yield _MARK + salt
    held = bytearray()
    for piece in pieces:
        held += piece
        # The last piece is marked as such, so one is always held back.
        while len(held) > PIECE:
            yield cipher.encrypt(_nonce(number, last=False), bytes(held[:PIECE]), None)
            del held[:PIECE]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(held), None)


def open_stream(key: bytes, place: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The pieces of what `seal_stream` wrote; raises SealBroken where anything was changed or is missing."""
    head = stream.read(len(_MARK) + _SALT)
    if len(head) != len(_MARK) + _SALT or not head.startswith(_MARK):
        raise SealBroken
    cipher, number = _cipher(key, head[len(_MARK) :], place), 0
    piece = stream.read(PIECE + _TAG)
    while True:
        following = stream.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), piece, None)
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error
        if not following:
            return
        piece, number = following, number + 1


def pulled(pieces: Iterable[bytes]) -> BinaryIO:
    """Pieces that are made as they are read: a stream for whoever reads files, without a file."""
    return cast(BinaryIO, _Pulled(pieces))


class _Pulled(io.RawIOBase):
    """What `pulled` gives."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of what comes next; nothing at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        found = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(found) :]
        return found


def _cipher(key: bytes, salt: bytes, place: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=b"forecourt.stream" + place).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
