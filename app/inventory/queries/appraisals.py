"""What can be asked of appraisals and photos."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from app.core.db import db
from app.core.errors import NotFound
from app.core.guard import vault
from app.core.guard.permissions import Actor, allows, scope_clause
from app.inventory.models import Appraisal, Photo, Vehicle
from app.inventory.queries import store_today
from app.inventory.rules import plates
from app.inventory.rules.appraisals import AppraisalStatus
from app.tenants import queries as tenants


@dataclass(frozen=True)
class ValidAcv:
    """What a car is worth to a store by an appraisal that was approved and still holds."""

    appraisal_id: uuid.UUID
    vehicle_id: uuid.UUID
    store_id: uuid.UUID
    acv: Decimal
    currency: str
    valid_until: date
    decided_by: uuid.UUID | None


def get_appraisal(actor: Actor, appraisal_id: uuid.UUID, *, lock: bool = False) -> Appraisal:
    """The appraisal, if `actor` may see it and its vehicle; raises NotFound. `lock` keeps others from changing it."""
    seen = scope_clause(actor, "appraisal.see", owner=Appraisal.appraiser_id, store=Appraisal.store_id)
    statement = select(Appraisal).where(Appraisal.id == appraisal_id, seen)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement) if allows(actor, "vehicle.see") else None
    if found is None:
        raise NotFound
    return found


def list_of_vehicle(actor: Actor, vehicle_id: uuid.UUID, limit: int = 20) -> Sequence[Row]:
    """What the car was valued at before, newest first: the appraisal, names of appraiser and store, count of photos."""
    if not allows(actor, "appraisal.see"):
        return []
    users, stores = tenants.user_facts(), tenants.store_facts()
    photos = select(func.count()).where(Photo.appraisal_id == Appraisal.id).correlate(Appraisal).scalar_subquery()
    return db.session.execute(
        select(
            Appraisal, users.c.name.label("appraiser"), stores.c.store_name, photos.label("photos"),
            store_today(stores.c.timezone).label("today"),
        )
        .outerjoin(users, users.c.user_id == Appraisal.appraiser_id)
        .join(stores, stores.c.store_id == Appraisal.store_id)
        .where(
            Appraisal.vehicle_id == vehicle_id,
            scope_clause(actor, "appraisal.see", owner=Appraisal.appraiser_id, store=Appraisal.store_id),
        )
        .order_by(Appraisal.created_at.desc(), Appraisal.id.desc())
        .limit(limit)
    ).all()  # fmt: skip


def photos_of(appraisal_id: uuid.UUID) -> Sequence[Photo]:
    """The photos of an appraisal the caller has shown to be visible, in their order."""
    return db.session.scalars(
        select(Photo).where(Photo.appraisal_id == appraisal_id).order_by(Photo.position, Photo.id)
    ).all()


def photos_of_vehicle(actor: Actor, vehicle_id: uuid.UUID, limit: int = 12) -> Sequence[Photo]:
    """The newest photos of a car out of the appraisals the actor may see."""
    if not allows(actor, "appraisal.see"):
        return []
    return db.session.scalars(
        _photos(actor)
        .where(Photo.vehicle_id == vehicle_id)
        .order_by(Photo.created_at.desc(), Photo.position)
        .limit(limit)
    ).all()


def get_photo(actor: Actor, photo_id: uuid.UUID) -> Photo:
    """A photo of an appraisal the actor may see; raises NotFound."""
    found: Photo | None = (
        db.session.scalar(_photos(actor).where(Photo.id == photo_id)) if allows(actor, "appraisal.see") else None
    )
    if found is None:
        raise NotFound
    return found


def valid_acv(
    *, vehicle_id: uuid.UUID | None = None, appraisal_id: uuid.UUID | None = None, store_id: uuid.UUID | None = None
) -> ValidAcv | None:
    """The latest approved value that still holds today (in its store's zone), of a car or of one appraisal; or None.

    It asks for no right: what a deal may rest on does not depend on who asks. Money in it is of the cost group.
    """
    statement = _valid().limit(1)
    if vehicle_id is not None:
        statement = statement.where(Appraisal.vehicle_id == vehicle_id)
    if appraisal_id is not None:
        statement = statement.where(Appraisal.id == appraisal_id)
    if store_id is not None:
        statement = statement.where(Appraisal.store_id == store_id)
    if vehicle_id is None and appraisal_id is None:
        raise TypeError("say of which car or which appraisal")
    row = db.session.execute(statement).one_or_none()
    return None if row is None else ValidAcv(**row._mapping)


def valid_acvs(vehicle_ids: Collection[uuid.UUID], store_id: uuid.UUID) -> Sequence[ValidAcv]:
    """Every approved value of these cars that holds today at the store, the latest first; asks for no right either."""
    if not vehicle_ids:
        return []
    statement = _valid().where(Appraisal.vehicle_id.in_(list(vehicle_ids)), Appraisal.store_id == store_id)
    return [ValidAcv(**row._mapping) for row in db.session.execute(statement)]


def is_there(appraisal_id: uuid.UUID) -> bool:
    """Whether there is an appraisal of this id, for whoever asks."""
    return db.session.scalar(select(Appraisal.id).where(Appraisal.id == appraisal_id)) is not None


def _valid() -> Any:
    stores = tenants.store_facts()
    return (
        select(
            Appraisal.id.label("appraisal_id"), Appraisal.vehicle_id, Appraisal.store_id, Appraisal.acv,
            Appraisal.currency, Appraisal.valid_until, Appraisal.decided_by,
        )
        .join(stores, stores.c.store_id == Appraisal.store_id)
        .where(
            Appraisal.status == AppraisalStatus.APPROVED.value,
            Appraisal.valid_until >= store_today(stores.c.timezone),
        )
        .order_by(Appraisal.decided_at.desc(), Appraisal.id.desc())
    )  # fmt: skip


def _photos(actor: Actor) -> Select[Any]:
    seen = scope_clause(actor, "appraisal.see", owner=Appraisal.appraiser_id, store=Appraisal.store_id)
    return select(Photo).join(Appraisal, and_(Appraisal.id == Photo.appraisal_id, seen))


def find_vehicle_by_plate(actor: Actor, text: str) -> Vehicle | None:
    """The car that carries this plate, however it is typed; the one known longest where several do."""
    if not text or not plates.is_possible(text) or not allows(actor, "vehicle.see"):
        return None
    tokens = vault.every_index("plate", plates.normalise(text))
    return db.session.scalar(select(Vehicle).where(Vehicle.plate_index.in_(tokens)).order_by(Vehicle.id).limit(1))
