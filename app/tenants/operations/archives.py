"""The file a whole dealership is carried in: members one after the other, encrypted in pieces under a passphrase.

A readable head says how the key is made of the passphrase (scrypt) and is itself part of what the pieces are bound to.
The manifest comes last, as counts and digests are known only then: nothing is believed before it has been read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.core.errors import N_, DomainError
from app.core.guard.keys import SealBroken, derived
from app.core.lists.exports.sealing import open_stream, pulled, seal_stream

FORMAT: Final = "forecourt-tenant-1"
MANIFEST: Final = "manifest"
SHORTEST_PASSPHRASE: Final = 16
_MARK: Final = b"FCT1"
_COST: Final = {"n": 2**17, "r": 8, "p": 1}
# What a foreign file may make us spend on its head alone.
_DEAREST: Final = {"n": 2**20, "r": 16, "p": 4}
_LONGEST_HEAD: Final = 4096
_LONGEST_PIECE: Final = 256 * 1024 * 1024


class ArchiveBroken(DomainError):
    """Not such a file, another passphrase, or changed: which of them nobody can tell."""

    code = "archive_broken"
    message = N_("This is no export of a dealership, or the passphrase is another, or it was changed or cut off.")


class PassphraseShort(DomainError):
    """The passphrase is all that protects the file."""

    code = "passphrase_short"
    message = N_("Use a passphrase of at least {shortest} characters.")


class Digest:
    """What the manifest says of a member: bytes, lines and SHA-256 of all that passed through."""

    def __init__(self) -> None:
        self.size = self.lines = 0
        self._hash = hashlib.sha256()

    def over(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """`pieces` again, counted on their way."""
        for piece in pieces:
            self.size += len(piece)
            self.lines += piece.count(b"\n")
            self._hash.update(piece)
            yield piece

    @property
    def sha256(self) -> str:
        """Of what has passed so far."""
        return self._hash.hexdigest()


def member(kind: str, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """One member as it stands in the stream: a line that names it, its pieces each after their length, and a zero."""
    yield from _framed(json.dumps({"kind": kind, "name": name}).encode())
    for piece in pieces:
        if piece:
            yield from _framed(piece)
    yield (0).to_bytes(4, "big")


def _framed(piece: bytes) -> Iterator[bytes]:
    yield len(piece).to_bytes(4, "big")
    yield piece


def write_archive(path: Path, passphrase: str, make: Callable[[bytes], Iterator[bytes]]) -> None:
    """Write the members that `make` yields to `path`, whole or not at all; it is given the key to wrap keys with.

    Raises PassphraseShort.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise PassphraseShort(shortest=SHORTEST_PASSPHRASE)
    facts = json.dumps({"format": FORMAT, **_COST, "salt": os.urandom(32).hex()}).encode()
    head = _MARK + len(facts).to_bytes(4, "big") + facts
    secret = _secret(passphrase, json.loads(facts))
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            target.write(head)
            for piece in seal_stream(derived(secret, "archive-stream"), head, make(derived(secret, "archive-keys"))):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class Archive:
    """A file that `write_archive` made; raises ArchiveBroken where it is not what was written."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self._path = path
        with path.open("rb") as stream:
            self._head = _read_head(stream)
        secret = _secret(passphrase, json.loads(self._head[len(_MARK) + 4 :]))
        self._key = derived(secret, "archive-stream")
        self.wrapping = derived(secret, "archive-keys")

    def members(self) -> Iterator[tuple[str, str, Iterator[bytes]]]:
        """Kind, name and pieces of each member; what of one is not read is passed over."""
        with self._path.open("rb") as file:
            file.seek(len(self._head))
            stream = pulled(open_stream(self._key, self._head, file))
            while line := _piece(stream, or_end=True):
                named = json.loads(line)
                pieces = iter(lambda: _piece(stream), b"")
                yield named["kind"], named["name"], pieces
                for _ in pieces:
                    pass

    def manifest(self) -> dict[str, Any]:
        """Read the file to its end: what its manifest says, once every member has been found as it says."""
        seen: dict[str, dict[str, Any]] = {"table": {}, "file": {}}
        found: dict[str, Any] = {}
        for kind, name, pieces in self.members():
            if found:
                raise ArchiveBroken
            if kind == MANIFEST:
                found = json.loads(b"".join(pieces))
                continue
            digest = Digest()
            for _ in digest.over(pieces):
                pass
            seen[kind][name] = (digest.lines if kind == "table" else digest.size, digest.sha256)
        if found.get("format") != FORMAT:
            raise ArchiveBroken
        said_tables = {item["table"]: (item["rows"], item["sha256"]) for item in found["tables"]}
        said_files = {name: (item["size"], item["sha256"]) for name, item in found["files"].items()}
        if seen != {"table": said_tables, "file": said_files}:
            raise ArchiveBroken
        return found


def _read_head(stream: BinaryIO) -> bytes:
    start = stream.read(len(_MARK) + 4)
    size = int.from_bytes(start[len(_MARK) :], "big")
    if not start.startswith(_MARK) or size > _LONGEST_HEAD:
        raise ArchiveBroken
    facts = stream.read(size)
    try:
        said = json.loads(facts)
        fits = all(0 < said[name] <= most for name, most in _DEAREST.items())
        bytes.fromhex(said["salt"])
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveBroken from error
    if not fits or said.get("format") != FORMAT:
        raise ArchiveBroken
    return start + facts


def _secret(passphrase: str, facts: dict[str, Any]) -> bytes:
    salt = bytes.fromhex(facts["salt"])
    return Scrypt(salt=salt, length=32, n=facts["n"], r=facts["r"], p=facts["p"]).derive(passphrase.encode())


def _piece(stream: BinaryIO, *, or_end: bool = False) -> bytes:
    """The next framed piece; nothing at the end of a member, or where `or_end` allows it at the end of the stream."""
    size = _exactly(stream, 4, or_end=or_end)
    length = int.from_bytes(size, "big")
    if length > _LONGEST_PIECE:
        raise ArchiveBroken
    return _exactly(stream, length) if length else b""


def _exactly(stream: BinaryIO, size: int, *, or_end: bool = False) -> bytes:
    found = bytearray()
    while len(found) < size:
        try:
            piece = stream.read(size - len(found))
        except SealBroken as error:  # Also while a caller reads the pieces of a member.
            raise ArchiveBroken from error
        if not piece:
            if or_end and not found:
                return b""
            raise ArchiveBroken
        found += piece
    return bytes(found)
