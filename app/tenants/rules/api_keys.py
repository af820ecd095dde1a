"""What an API key looks like, how long it lives, and from which networks it may be used."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import string
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from app.tenants.rules.roles import ALL, STORE

# What scanners for leaked secrets look for.
START = "dms_live_"
# 32 of 62 letters are 190 bits; the checksum tells a mistyped or made-up key without asking the database.
SECRET_LETTERS, CHECK_LETTERS = 32, 6
SHOWN_LETTERS = 4
DAYS = (30, 90, 180, 365)
# How long the key before a replacement is taken still, so that programs can be changed one after the other.
OVERLAP = timedelta(hours=24)
MOST_NETWORKS = 20
# No key makes keys, or agrees to something in the dealership's name.
NEVER = frozenset({"api_key", "dealership"})
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_key() -> str:
    """A fresh key, random but for its beginning and its checksum."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(SECRET_LETTERS))
    return f"{START}{secret}{_checksum(secret)}"


def is_well_formed(text: str) -> bool:
    """Whether `text` could be a key at all."""
    secret, check = text[len(START) : -CHECK_LETTERS], text[-CHECK_LETTERS:]
    if not text.startswith(START) or len(secret) != SECRET_LETTERS:
        return False
    return secret.isascii() and secret.isalnum() and check == _checksum(secret)


def may_hold(permission: str) -> bool:
    """Whether a key may be given this right at all."""
    return permission.partition(".")[0] not in NEVER


def at_one_store(grants: Mapping[str, str], whole: Collection[str]) -> dict[str, str]:
    """What is left of `grants` at one store: `all` opens that store alone, but for the `whole` dealership's records."""
    return {name: STORE if scope == ALL and name not in whole else scope for name, scope in grants.items()}


def hash_of(key: str) -> bytes:
    """What the row holds of a key. A random key needs no slow hash."""
    return hashlib.sha256(key.encode()).digest()


def beginning_of(key: str) -> str:
    """By what people tell keys apart; far too little to use one."""
    return key[: len(START) + SHOWN_LETTERS]


def read_networks(text: str) -> list[str]:
    """Networks out of what was typed, one a line or parted by commas; raises ValueError naming the first bad one."""
    found: list[str] = []
    for part in text.replace(",", "\n").split():
        try:
            found.append(str(ipaddress.ip_network(part, strict=False)))
        except ValueError as error:
            raise ValueError(part) from error
    return list(dict.fromkeys(found))


def comes_from(address: str, networks: Iterable[str]) -> bool:
    """Whether `address` lies in one of the networks; no networks mean everywhere."""
    wanted: Sequence[str] = list(networks)
    if not wanted:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ipaddress.ip_network(network) for network in wanted)


def _checksum(secret: str) -> str:
    number, letters = zlib.crc32(secret.encode("ascii", "replace")), []
    for _ in range(CHECK_LETTERS):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(reversed(letters))
