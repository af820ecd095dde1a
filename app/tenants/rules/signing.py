"""How guessing is slowed down, how long links live, and what the token in a link is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
import uuid
from datetime import datetime, timedelta

# Attempts that cost nothing; people mistype. Many share one address, nobody shares an account.
FREE = {"account": 10, "address": 50, "reset": 5, "factor": 10}
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(minutes=15)
# A counter nobody added to for so long starts anew; offices share an address, so theirs forgets sooner.
FORGET_AFTER = {
    "account": timedelta(hours=24),
    "address": timedelta(hours=1),
    "reset": timedelta(hours=1),
    "factor": timedelta(hours=24),
}
# Wrong codes after one password; then the password is asked for again.
FACTOR_TRIES = 5

INVITATION, PASSWORD_RESET = "invitation", "password_reset"
LIFETIME = {INVITATION: timedelta(days=7), PASSWORD_RESET: timedelta(hours=1)}

_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@.<>()\[\]\\,;:\"]+(\.[^\s@.<>()\[\]\\,;:\"]+)+")


def delay_after(kind: str, attempts: int) -> timedelta:
    """How long the next attempt must wait after `attempts` without success: nothing at first, then doubling."""
    over = attempts - FREE[kind]
    if over < 0:
        return timedelta(0)
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(over, 10))


def normal_email(text: str) -> str:
    """The form in which e-mails are compared."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_email(text: str) -> bool:
    """Whether `text` has the shape of an e-mail address that fits into a mail's head."""
    return len(text) <= 254 and text.isprintable() and _EMAIL.fullmatch(text) is not None


def link_token(secret: str, tenant_id: str, link_id: uuid.UUID, expires_at: datetime, host: str) -> str:
    """The token of a link: bound to its row, its expiry, its tenant and the tenant's host; stored nowhere."""
    key = hashlib.sha256(b"link\0" + secret.encode()).digest()
    text = "\0".join((tenant_id, str(link_id), str(int(expires_at.timestamp())), host)).encode()
    return base64.urlsafe_b64encode(hmac.digest(key, text, hashlib.sha256)).decode().rstrip("=")


_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip
_OTHER = "Browser"


def agent_label(user_agent: str) -> str:
    """Browser and system out of a User-Agent, for the list of one's own sessions; nothing finer is kept."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), _OTHER)
    return _label(browser, next((name for mark, name in _SYSTEMS.items() if mark in user_agent), ""))


def agent_labels() -> list[str]:
    """Everything `agent_label` may say."""
    return [_label(browser, system) for browser in (*_BROWSERS.values(), _OTHER) for system in (*_SYSTEMS.values(), "")]


def _label(browser: str, system: str) -> str:
    return f"{browser}, {system}" if system else browser
