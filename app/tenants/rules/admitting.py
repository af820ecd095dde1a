"""The ticket with which an operator comes in: signed by the console, good once, for minutes, at one dealership."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURS = (1, 4, 8, 24, 72)
TICKET_LIFE = timedelta(minutes=2)
# However long the consent lasts: whoever stays longer comes in anew.
LONGEST_VISIT = timedelta(hours=1)
LONGEST_REASON = 300
# Whoever is let in to help can neither stay by another door, nor take data away, nor agree to anything.
WITHHELD = frozenset(
    {
        *(f"{resource}.{verb}" for resource in ("user", "role") for verb in ("create", "edit", "delete")),
        "dealership.admit_operator",
        "dealership.identity",
        "dealership.origins",
        "dealership.samples",
        "api_key.create",
        "api_key.edit",
        "export.edit",
    }
)
WITHHELD_VERBS = frozenset({"export", "approve", "reveal"})


@dataclass(frozen=True)
class Ticket:
    """Who may come in, by which consent, why, and until when the ticket itself is good."""

    id: uuid.UUID
    tenant_id: str
    consent_id: uuid.UUID
    operator_name: str
    reason: str
    expires_at: datetime


def write_ticket(secret_key: str, ticket: Ticket) -> str:
    """The ticket as part of an address."""
    plain = [
        str(ticket.id),
        ticket.tenant_id,
        str(ticket.consent_id),
        ticket.operator_name,
        ticket.reason,
        int(ticket.expires_at.timestamp()),
    ]
    body = base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"{body}.{_mac(secret_key, body)}"


def read_ticket(secret_key: str, text: str, tenant_id: str, now: datetime) -> Ticket | None:
    """The ticket in an address, when the console signed it for this dealership and its time is not over."""
    body, _, mac = text.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(secret_key, body).encode()):
        return None
    try:
        plain = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        ticket_id, for_tenant, consent_id, name, reason, expires = plain
        found = Ticket(
            uuid.UUID(ticket_id), for_tenant, uuid.UUID(consent_id), name, reason, datetime.fromtimestamp(expires, UTC)
        )
    except (ValueError, TypeError, binascii.Error):
        return None
    return found if for_tenant == tenant_id and now < found.expires_at else None


def _mac(secret_key: str, body: str) -> str:
    key = hashlib.sha256(b"operator-ticket\0" + secret_key.encode()).digest()
    return base64.urlsafe_b64encode(hmac.digest(key, body.encode(), hashlib.sha256)).decode().rstrip("=")
