"""Adding, correcting and deleting customers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.bulk import adopt
from app.core.db.columns import new_id, values_of
from app.core.errors import Stale
from app.core.guard import audit, indexes, undo, vault
from app.core.guard.permissions import Actor, check
from app.core.jobs.events import publish
from app.core.lists import search
from app.crm import queries
from app.crm.errors import ChoiceUnknown, CustomerHasActivities, CustomerReferredTo, NameMissing
from app.crm.events import CustomerCreated
from app.crm.models import Activity, ContactPoint, Customer
from app.crm.operations import contacts, identities
from app.crm.queries import finding
from app.crm.queries.identity import id_number_of
from app.crm.rules.customers import CustomerKind, fold_name, full_name

_FOREIGN_KEY_VIOLATION = "23503"
# Who was a customer is personal; where and whose is not.
_PERSONAL = ("name", "given_name", "family_name", "notes")
_PLAIN = ("kind", "store_id", "owner_id", "language")


def create_customer(
    *,
    actor: Actor,
    kind: str,
    store_id: uuid.UUID,
    name: str = "",
    given_name: str = "",
    family_name: str = "",
    owner_id: uuid.UUID | None = None,
    language: str = "",
    notes: str = "",
    id_number: str = "",
    contact_points: Sequence[contacts.ContactInput] = (),
) -> Customer:
    """Add a customer with any number of contact points; raises NameMissing, ContactEmpty, FieldClosed and Invalid.

    Publishes CustomerCreated. Possible duplicates do not stop it: `queries.find_duplicates` shows them afterwards.
    """
    check(actor, "customer.create", owner_id=owner_id, store_id=store_id)
    customer = Customer(id=new_id(), store_id=store_id, owner_id=owner_id, language=language, notes=notes.strip())
    _set_names(customer, kind, name, given_name, family_name)
    # All that is kept of him is sealed under this key, what the audit says of his names at the least.
    key = vault.new_subject(customer.id)
    number = identities.set_id_number(actor, customer, id_number) if id_number else None
    for entry in contact_points:
        contacts.check_sight(actor, entry.kind)
    points, secrets = contacts.first_points(customer, contact_points)
    found_by = search.new_entry("customer", customer.id, finding.entry_of(customer, secrets))
    changes, personal = _differences({}, _state(customer), number)
    with _known_choices():
        audit.record(
            actor, "customer.create", "customer", customer.id, changes, personal, subject_id=customer.id,
            beside=[customer, key, *points, found_by],
        )  # fmt: skip
    adopt(customer)
    publish(CustomerCreated(customer.id))
    return customer


def edit_customer(
    *,
    actor: Actor,
    customer_id: uuid.UUID,
    version: int,
    kind: str,
    store_id: uuid.UUID,
    name: str = "",
    given_name: str = "",
    family_name: str = "",
    owner_id: uuid.UUID | None = None,
    language: str = "",
    notes: str = "",
    id_number: str | None = None,
) -> Customer:
    """Correct a customer's own fields; raises Stale when somebody else saved since `version` was read.

    `id_number` comes from whoever sees it in full, None leaves it as it is. Raises NameMissing, FieldClosed, Invalid.
    """
    customer = queries.get_customer(actor, customer_id)
    check(actor, "customer.edit", owner_id=customer.owner_id, store_id=customer.store_id)
    if (owner_id, store_id) != (customer.owner_id, customer.store_id):
        # Nobody hands a record to where he could not have made it.
        check(actor, "customer.edit", owner_id=owner_id, store_id=store_id)
    if customer.version != version:
        raise Stale
    before = _state(customer)
    customer.store_id, customer.owner_id = store_id, owner_id
    customer.language, customer.notes = language, notes.strip()
    _set_names(customer, kind, name, given_name, family_name)
    number = identities.set_id_number(actor, customer, id_number) if id_number is not None else None
    if number is not None:
        before["id_number"] = number[0]
    changes, personal = _differences(before, _state(customer), number)
    if changes or personal:
        _flush_choices()
        audit.record(actor, "customer.edit", "customer", customer.id, changes, personal, subject_id=customer.id)
        kept = {"id": customer.id, "version": customer.version, "name": customer.name, "before": before}
        undo.offer(actor, "customer.edit", kept)
        search.refresh("customer", [customer.id])
    return customer


def delete_customer(*, actor: Actor, customer_id: uuid.UUID, version: int | None = None) -> None:
    """Delete a customer nobody refers to; raises CustomerHasActivities, CustomerReferredTo and Stale."""
    customer = queries.get_customer(actor, customer_id)
    check(actor, "customer.delete", owner_id=customer.owner_id, store_id=customer.store_id)
    if version is not None and customer.version != version:
        raise Stale
    activities = db.session.scalar(select(func.count()).where(Activity.customer_id == customer_id)) or 0
    if activities:
        raise CustomerHasActivities(count=activities)
    number = id_number_of(customer)
    changes, personal = _differences(_state(customer), {}, (number, None))
    kept = {"name": customer.name, "row": values_of(customer), "points": [values_of(p) for p in _points(customer_id)]}
    db.session.delete(customer)
    try:
        db.session.flush()
    except IntegrityError as error:
        # The modules above are unknown here; their foreign keys are what says "in use".
        if getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY_VIOLATION:
            raise CustomerReferredTo from error
        raise
    audit.record(actor, "customer.delete", "customer", customer_id, changes, personal, subject_id=customer_id)
    undo.offer(actor, "customer.delete", kept)
    search.refresh("customer", [customer_id])


def restore_customer(*, actor: Actor, row: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> Customer:
    """Bring a deleted customer back with the same id and contact points, for whoever may delete one there.

    Raises Stale when there is one of this id, and ChoiceUnknown when its owner or store is gone.
    """
    check(actor, "customer.delete", owner_id=row["owner_id"], store_id=row["store_id"])
    if db.session.get(Customer, row["id"]) is not None:
        raise Stale
    customer = Customer(**indexes.renewed(Customer.__table__, row))
    db.session.add(customer)
    _flush_choices()
    db.session.add_all(ContactPoint(**indexes.renewed(ContactPoint.__table__, point)) for point in points)
    db.session.flush()
    changes, personal = _differences({}, _state(customer), (None, id_number_of(customer)))
    audit.record(actor, "customer.restore", "customer", customer.id, changes, personal, subject_id=customer.id)
    search.refresh("customer", [customer.id])
    publish(CustomerCreated(customer.id))
    return customer


def _points(customer_id: uuid.UUID) -> Sequence[ContactPoint]:
    return db.session.scalars(select(ContactPoint).where(ContactPoint.customer_id == customer_id)).all()


def _set_names(customer: Customer, kind: str, name: str, given_name: str, family_name: str) -> None:
    is_person = CustomerKind(kind) is CustomerKind.INDIVIDUAL
    given, family = (given_name.strip(), family_name.strip()) if is_person else ("", "")
    display = full_name(given, family) or " ".join(name.split())
    key = fold_name(display)
    if not key:
        raise NameMissing(field="name")
    customer.kind = CustomerKind(kind).value
    customer.name, customer.name_key = display, key
    customer.given_name, customer.family_name = given or None, family or None


def _flush_choices() -> None:
    with _known_choices():
        db.session.flush()


@contextmanager
def _known_choices() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY_VIOLATION:
            column = "owner_id" if "owner_id" in str(error.orig.diag.constraint_name) else "store_id"  # type: ignore[union-attr]
            raise ChoiceUnknown(field=column) from error
        raise


def _state(customer: Customer) -> dict[str, object]:
    return {name: getattr(customer, name) for name in (*_PLAIN, *_PERSONAL)}


Changes = dict[str, tuple[object, object]]


def _differences(
    before: dict[str, object], after: dict[str, object], number: identities.Change | None
) -> tuple[Changes, Changes]:
    def changed(names: tuple[str, ...]) -> Changes:
        pairs = {name: (before.get(name), after.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if (pair[0] or None) != (pair[1] or None)}

    told = {"id_number": number} if number is not None and number[0] != number[1] else {}
    return changed(_PLAIN), {**changed(_PERSONAL), **told}
