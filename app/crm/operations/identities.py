"""ID numbers: checked, sealed under the customer's key, found by a keyed token of the whole, listed masked."""

from __future__ import annotations

import uuid

from app.core.db import current_tenant
from app.core.errors import FieldClosed, FieldError, Invalid
from app.core.guard import audit, reveals, vault
from app.core.guard.masks import MaskKind, mask
from app.core.guard.permissions import Actor, check, covers
from app.core.guard.policy import Sight, policy_for
from app.crm import queries
from app.crm.models import Customer
from app.crm.queries.identity import COLUMN, TABLE, id_number_of
from app.crm.rules.customers import ID_NUMBER_WORDS, clean_id_number, id_number_problem, normalize_id_number

GROUP = "identity"
Change = tuple[str | None, str | None]


def find_error(text: str, kind: str) -> FieldError | None:
    """Why this cannot be the number of a document in the dealership's country; None when it can."""
    problem = id_number_problem(text, current_tenant().country, kind)
    return FieldError("id_number", f"id_number_{problem}", ID_NUMBER_WORDS[problem]) if problem is not None else None


def check_sight(actor: Actor) -> None:
    """Raise FieldClosed unless `actor` sees ID numbers in full: what one does not see one does not set."""
    policy_for(actor).check_write("customer", "id_number", field="id_number")


def set_id_number(actor: Actor, customer: Customer, text: str) -> Change | None:
    """Give `customer`, who has an id and a kind, another ID number, or none; for operations that will audit.

    Returns what it was and is, None where nothing changes. Raises FieldClosed and Invalid.
    """
    check_sight(actor)
    before, after = id_number_of(customer), clean_id_number(text) or None
    if before == after:
        return None
    if after is None:
        customer.id_number_enc = customer.id_number_index = customer.id_number_masked = None
        return before, None
    error = find_error(after, customer.kind)
    if error is not None:
        raise Invalid([error])
    customer.id_number_enc = vault.seal(customer.id, TABLE, COLUMN, customer.id, after)
    customer.id_number_index, customer.id_number_masked = made_of(after)
    return before, after


def made_of(number: str) -> tuple[bytes, str]:
    """What stands beside an ID number: its index and its mask."""
    normal = normalize_id_number(number)
    return vault.blind_index("id_number", normal), mask(MaskKind.NATIONAL_ID, normal)


def reveal_id_number(*, actor: Actor, customer_id: uuid.UUID) -> str | None:
    """The ID number in full, for whoever may see it so; leaves an audit entry."""
    customer = queries.get_customer(actor, customer_id)
    if not policy_for(actor).may_query("customer", "id_number"):
        raise FieldClosed
    audit.record(actor, "customer.reveal_id_number", "customer", customer.id, subject_id=customer.id)
    return id_number_of(customer)


def open_id_number(*, actor: Actor, customer_id: uuid.UUID, reason: str) -> None:
    """Show the actor, who sees a mask, the customer's ID number in full for some minutes (see `core.guard.reveals`).

    Raises FieldClosed where nothing is masked but hidden, ReasonMissing and TooManyReveals.
    """
    customer = queries.get_customer(actor, customer_id)
    check(actor, "customer.reveal", owner_id=customer.owner_id, store_id=customer.store_id)
    if policy_for(actor).field("customer", "id_number") is Sight.HIDDEN:
        raise FieldClosed
    reveals.open_reveal(actor, "customer", customer.id, reason, group=GROUP, subject_id=customer.id)


def opened_id_number(actor: Actor, customer: Customer) -> str | None:
    """The customer's ID number in full while a reveal of the actor's is open; else None."""
    still = covers(actor, "customer.reveal", owner_id=customer.owner_id, store_id=customer.store_id)
    if not still or policy_for(actor).field("customer", "id_number") is Sight.HIDDEN:
        return None
    if reveals.revealed_until(actor, "customer", customer.id, group=GROUP) is None:
        return None
    return id_number_of(customer)
