"""What the requests by hand (`bench/limit.py`) ask the database, and how its rows go out."""

from __future__ import annotations

import hmac
import uuid
from base64 import b32hexencode
from datetime import UTC, datetime
from typing import Any

from app.core.guard.keys import context_of

CROCKFORD, HEX = b"0123456789abcdefghjkmnpqrstvwxyz", b"0123456789ABCDEFGHIJKLMNOPQRSTUV"
OUT, IN = bytes.maketrans(HEX, CROCKFORD), bytes.maketrans(CROCKFORD, HEX)

KEY_ROW = """
SELECT k.id, k.name, k.permissions, k.networks, k.last_used_at, k.store_id,
  (SELECT json_agg(json_build_array(g.permission, g.scope)) FROM tenants_grants g WHERE g.role_id = r.id) AS grants,
  (SELECT json_agg(json_build_array(s.field_group, s.sight)) FROM tenants_role_sights s
    WHERE s.role_id = r.id) AS sights,
  (SELECT json_agg(json_build_array(t.id, t.code, t.name, t.timezone)) FROM tenants_stores t
    WHERE t.closed_at IS NULL AND (k.store_id IS NULL OR t.id = k.store_id)) AS stores
FROM tenants_api_keys k JOIN tenants_roles r ON r.id = k.role_id
WHERE k.revoked_at IS NULL AND k.expires_at > %(now)s
  AND (k.hash = %(hash)s OR k.old_hash = %(hash)s AND k.old_until > %(now)s)
"""
CUSTOMERS = """
SELECT c.id, c.version, c.kind, c.name, c.given_name, c.family_name,
  (SELECT p.value_masked FROM crm_contact_points p WHERE p.customer_id = c.id
    ORDER BY p.position, p.id LIMIT 1) AS contact,
  c.id_number_masked, c.store_id, c.owner_id, c.language, c.notes, coalesce(a.activities, 0) AS activities,
  a.last_at, a.gap_index, c.created_at, c.updated_at
FROM crm_customers c LEFT JOIN crm_activity_summaries a ON a.customer_id = c.id
"""
PAGE = CUSTOMERS + "WHERE {scope} ORDER BY c.created_at DESC, c.id DESC LIMIT %(rows)s"
ONE = CUSTOMERS + "WHERE c.id = %(id)s AND {scope}"
NEW_CUSTOMER = """
INSERT INTO crm_customers (id, kind, name, given_name, family_name, name_key, store_id, owner_id, language, notes)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
NEW_SUBJECT = "INSERT INTO core_subject_keys (subject_id, wrapped, key_version) VALUES (%s, %s, %s)"
NEW_CONTACT = """
INSERT INTO crm_contact_points (id, customer_id, kind, status, value_enc, value_index, value_masked, label, position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
NEW_ENTRY = """
INSERT INTO core_audit (id, actor_name, action, record_type, record_id, changes, sealed, subject_id, request_id, origin,
  agent, key_id)
VALUES (%s, %s, 'customer.create', 'customer', %s, %s, %s, %s, %s, %s, %s, %s)
"""
NEW_HINT = "INSERT INTO platform.outbox_hint (due_at) VALUES (now() + make_interval(secs => 0.3))"
NEW_FIND = """
INSERT INTO core_search_entries (kind, record_id, shown_id, store_id, owner_id, title, names, spellings, tokens)
VALUES ('customer', %s, %s, %s, %s, %s, %s, %s, %s)
"""


class Refused(Exception):
    """The status of a refusal: the product's say more, but none is measured."""


def dumped(row: Any, hidden: list[str], masked: list[str]) -> dict[str, Any]:
    """A customer as the API shows it."""
    found = {
        "id": public("cus", row.id),
        "version": row.version,
        "kind": row.kind,
        "name": row.name,
        "given_name": row.given_name,
        "family_name": row.family_name,
        "contact": row.contact,
        "id_number_masked": row.id_number_masked,
        "store_id": public("store", row.store_id),
        "owner_id": None if row.owner_id is None else public("usr", row.owner_id),
        "language": row.language,
        "notes": row.notes,
        "activities": row.activities,
        "last_activity_at": None if row.last_at is None else instant(row.last_at),
        "activity_index": None if row.gap_index is None else f"{row.gap_index:f}",
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
    }
    for field in hidden:
        del found[field]
    if hidden:
        found["_hidden"] = hidden
    if masked:
        found["_masked"] = masked
    return found


def public(prefix: str, value: uuid.UUID) -> str:
    """An identifier as it is shown."""
    # 26 digits of five bits are 130: two bits of nothing come first.
    text = b32hexencode(value.int.to_bytes(20, "big"))[6:].translate(OUT)
    return f"{prefix}_{text.decode()}"


def private(prefix: str, text: str) -> uuid.UUID:
    """The UUID behind an identifier that was sent."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 26:
        raise Refused("404 Not Found")
    return uuid.UUID(int=int(tail.encode().translate(IN), 32))


def blind(key: bytes, kind: str, value: str) -> bytes:
    """The keyed index of a value."""
    return hmac.digest(key, context_of(kind, value), "sha256")[:16]


def instant(value: datetime) -> str:
    """A point in time as the API writes it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
