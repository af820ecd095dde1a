"""Signing up: how often, for how long, what a country usually means, and the token in the mail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.errors import N_

LIFETIME = timedelta(hours=24)
# Afterwards nothing is left of it; until then the mail's link leads to the dealership that was made.
KEPT = timedelta(days=7)
# Of an address or an e-mail within a window: mails that may be sent, dealerships that may be made.
LIMITS: Mapping[str, tuple[int, timedelta]] = {
    "address": (20, timedelta(hours=1)),
    "email": (5, timedelta(days=1)),
    "made": (10, timedelta(days=1)),
}


@dataclass(frozen=True)
class Country:
    """What a dealership of a country begins with; both can be chosen differently."""

    name: str
    currency: str
    timezone: str


COUNTRIES: Mapping[str, Country] = {
    "US": Country(N_("United States"), "USD", "America/Chicago"),
    "CN": Country(N_("China"), "CNY", "Asia/Shanghai"),
    "GB": Country(N_("United Kingdom"), "GBP", "Europe/London"),
    "AU": Country(N_("Australia"), "AUD", "Australia/Sydney"),
    "CA": Country(N_("Canada"), "CAD", "America/Toronto"),
    "DE": Country(N_("Germany"), "EUR", "Europe/Berlin"),
    "ES": Country(N_("Spain"), "EUR", "Europe/Madrid"),
    "FR": Country(N_("France"), "EUR", "Europe/Paris"),
    "HK": Country(N_("Hong Kong"), "HKD", "Asia/Hong_Kong"),
    "IE": Country(N_("Ireland"), "EUR", "Europe/Dublin"),
    "MX": Country(N_("Mexico"), "MXN", "America/Mexico_City"),
    "NZ": Country(N_("New Zealand"), "NZD", "Pacific/Auckland"),
    "SG": Country(N_("Singapore"), "SGD", "Asia/Singapore"),
}
USUAL_COUNTRY: Mapping[str, str] = {"zh": "CN"}
TIMEZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Toronto", "America/Halifax", "America/Winnipeg",
    "America/Edmonton", "America/Vancouver", "America/Mexico_City", "America/Tijuana", "Asia/Shanghai", "Asia/Urumqi",
    "Asia/Hong_Kong", "Asia/Singapore", "Australia/Perth", "Australia/Adelaide", "Australia/Brisbane",
    "Australia/Sydney", "Pacific/Auckland", "Europe/London", "Europe/Dublin", "Europe/Madrid", "Europe/Paris",
    "Europe/Berlin",
)  # fmt: skip


def token(secret: str, sign_up_id: uuid.UUID, expires_at: datetime, base_host: str) -> str:
    """The token in the mail: bound to its row, its expiry and this platform; stored nowhere."""
    key = hashlib.sha256(b"sign-up\0" + secret.encode()).digest()
    text = f"{sign_up_id}\0{int(expires_at.timestamp())}\0{base_host}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key, text, hashlib.sha256)).decode().rstrip("=")


def fingerprint(secret: str, kind: str, value: str) -> bytes:
    """A keyed fingerprint by which attempts are counted without storing from where or for whom."""
    key = hashlib.sha256(b"sign-up-index\0" + secret.encode()).digest()
    return hmac.digest(key, f"{kind}\0{value}".encode(), hashlib.sha256)[:16]
