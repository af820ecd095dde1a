"""Second factors without a device of ours: codes that change every 30 seconds, and recovery codes. Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp

INTERVAL = 30
DIGITS = 6
# Clocks of telephones go wrong by less than a step.
WINDOW = 1
# 80 bits: what the table holds of a code may be a quick hash, since nobody can try that many.
RECOVERY_LENGTH = 16
RECOVERY_GROUP = 4
# Letters and digits nobody takes for one another.
RECOVERY_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_secret() -> str:
    """A secret of 160 bits, in the base32 that authenticator apps read."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, name: str, issuer: str) -> str:
    """What a QR code says to an authenticator app."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=INTERVAL).provisioning_uri(name=name, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The step whose code `code` is, within one step of `now`, or None.

    A step at or before `last_step`, the last one accepted, never matches again: whoever looked over a shoulder comes
    too late. The caller stores the step in the same transaction, guarded against a second use at the same time.
    """
    given = "".join(code.split())
    if len(given) != DIGITS or not (given.isascii() and given.isdigit()):
        return None
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=INTERVAL)
    present = totp.timecode(now)
    found = None
    # All steps are compared, so that the time taken says nothing about which one it was.
    for step in range(present - WINDOW, present + WINDOW + 1):
        same = hmac.compare_digest(totp.generate_otp(step), given)
        if same and step > (-1 if last_step is None else last_step):
            found = step
    return found


def new_recovery_codes(n: int = 10) -> list[str]:
    """`n` codes, each to be used once instead of a second factor; shown once and kept as hashes."""
    return [_recovery_code() for _ in range(n)]


def hash_code(code: str) -> bytes:
    """What is stored of a recovery code: the same however it is typed, with or without lines, in either case."""
    plain = "".join(char for char in code.upper() if char.isalnum())
    return hashlib.sha256(b"recovery\0" + plain.encode()).digest()


def _recovery_code() -> str:
    letters = "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH))
    return "-".join(letters[at : at + RECOVERY_GROUP] for at in range(0, RECOVERY_LENGTH, RECOVERY_GROUP))
