"""The list of appraisals."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, allows, scope_clause
from app.core.lists.parts import Outgoing, Target, Under, View
from app.core.lists.search import SearchKind, Word, among, declare_search
from app.core.lists.search.asking import Meaning
from app.core.lists.search.models import SearchEntry
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.inventory import queries
from app.inventory.models import Appraisal, Photo, Vehicle
from app.inventory.queries import finding
from app.inventory.queries.finding import vehicle_name
from app.inventory.rules import vin
from app.inventory.rules.appraisals import EXPIRED, AppraisalStatus
from app.inventory.rules.words import APPRAISAL_LABELS
from app.tenants import queries as tenants

_STATUSES = tuple(APPRAISAL_LABELS.items())


def _has_run_out(timezone: Any) -> ColumnElement[bool]:
    approved = Appraisal.status == AppraisalStatus.APPROVED.value
    return and_(approved, Appraisal.valid_until < queries.store_today(timezone))


def _appraisals(actor: Actor) -> Select:
    stores, users = tenants.store_facts(), tenants.user_facts()
    photos = select(func.count()).where(Photo.appraisal_id == Appraisal.id).correlate(Appraisal).scalar_subquery()
    return (
        select(
            Appraisal.id,
            Appraisal.version,
            Appraisal.vehicle_id,
            Appraisal.store_id,
            Appraisal.appraiser_id,
            Appraisal.status.label("stored_status"),
            case((_has_run_out(stores.c.timezone), EXPIRED), else_=Appraisal.status).label("status"),
            Appraisal.odometer,
            Appraisal.odometer_unit,
            Appraisal.recon_estimate,
            Appraisal.acv,
            Appraisal.currency,
            Appraisal.valid_until,
            Appraisal.created_at,
            Appraisal.updated_at,
            Vehicle.vin,
            Vehicle.make,
            Vehicle.model,
            Vehicle.trim,
            Vehicle.model_year,
            stores.c.store_name,
            users.c.name.label("appraiser"),
            photos.label("photos"),
        )
        .select_from(Appraisal)
        .join(Vehicle, Vehicle.id == Appraisal.vehicle_id)
        .join(stores, stores.c.store_id == Appraisal.store_id)
        .outerjoin(users, users.c.user_id == Appraisal.appraiser_id)
        .where(scope_clause(actor, "appraisal.see", owner=Appraisal.appraiser_id, store=Appraisal.store_id))
    )


def _page(row: Any) -> Target:
    return Target("inventory.show_appraisal", {"appraisal_id": to_public("apr", row.id)})


def _tail(row: Any) -> Under:
    return Under(None if row.vin is None else vin.tail(row.vin))


APPRAISALS = declare_list(
    ListSpec(
        name="appraisals",
        label=N_("Appraisals"),
        permission="appraisal.see",
        source=_appraisals,
        columns=(
            Column(
                "vehicle", N_("Vehicle"), value=vehicle_name, url=_page, under=_tail, out=Outgoing(INTERNAL),
                under_out=Outgoing(INTERNAL),
            ),
            Column("status", N_("Status"), "status", labels=APPRAISAL_LABELS, out=Outgoing(INTERNAL)),
            Column("acv", N_("Cash value"), "money", currency=lambda row: row.currency, field=("appraisal", "acv")),
            Column("valid_until", N_("Valid until"), "date"),
            Column("appraiser", N_("Appraiser"), out=Outgoing(PERSONAL, "name", person=lambda row: row.appraiser_id)),
            Column("store_name", N_("Store")),
            Column("photos", N_("Photos"), "number", out=Outgoing(INTERNAL)),
            Column("created_at", N_("Added"), "instant", sort="created"),
            Column(
                "recon_estimate", N_("Reconditioning estimate"), "money", currency=lambda row: row.currency,
                field=("appraisal", "recon_estimate"), shown=False,
            ),
            Column("odometer", N_("Odometer"), "measure", currency=lambda row: row.odometer_unit, shown=False),
            Column("vin", N_("VIN"), "vin", shown=False),
        ),
        filters=(
            Filter("status", N_("Status"), "choices", column="status", choices=_STATUSES),
            Filter("vin", N_("VIN or its last characters"), normalise=vin.normalise, apply=queries.vin_tail_clause),
            Filter("make", N_("Make"), column=Vehicle.make_key),
            Filter("model", N_("Model"), column=Vehicle.model_key),
            Filter("store", N_("Store"), "id", column=Appraisal.store_id, prefix="store"),
            Filter("appraiser", N_("Appraiser"), "id", column=Appraisal.appraiser_id, prefix="usr", words=("me",)),
            Filter("vehicle", N_("Vehicle"), "id", column=Appraisal.vehicle_id, prefix="veh"),
            Filter("valid", N_("Valid until"), "date_range", column=Appraisal.valid_until),
        ),
        sorts=(
            Sort("created", N_("Added"), (By(Appraisal.created_at),), words=(N_("Added first"), N_("Added last"))),
        ),
        default_sort="-created",
        views=(
            View("all", N_("All appraisals")),
            View("waiting", N_("Waiting for approval"), {"status": (AppraisalStatus.SUBMITTED.value,)}),
            View("mine", N_("My drafts"), {"status": (AppraisalStatus.DRAFT.value,), "appraiser": ("me",)}),
        ),
        id_prefix="apr",
        endpoint="inventory.list_appraisals",
        row_url=_page,
    )
)  # fmt: skip


def _found_by(actor: Actor) -> ColumnElement[bool]:
    """An appraisal is opened by whoever may see it and its car."""
    if not allows(actor, "vehicle.see"):
        return false()
    return scope_clause(actor, "appraisal.see", owner=SearchEntry.owner_id, store=SearchEntry.store_id)


def _describe(_actor: Actor, appraisal_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    stores = tenants.store_facts()
    rows = db.session.execute(
        select(
            Appraisal.id, Vehicle.vin, stores.c.store_name,
            case((_has_run_out(stores.c.timezone), EXPIRED), else_=Appraisal.status).label("status"),
        )
        .select_from(Appraisal)
        .join(Vehicle, Vehicle.id == Appraisal.vehicle_id)
        .join(stores, stores.c.store_id == Appraisal.store_id)
        .where(among(Appraisal.id, appraisal_ids))
    )  # fmt: skip
    return {
        row.id: [
            part for part in (Word(APPRAISAL_LABELS[row.status]), row.store_name, finding.vin_tail(row.vin)) if part
        ]
        for row in rows
    }


declare_search(
    SearchKind(
        name="appraisal",
        label=N_("Appraisals"),
        permission="appraisal.see",
        prefix="apr",
        endpoint="inventory.show_appraisal",
        argument="appraisal_id",
        icon="clipboard",
        key=Appraisal.id,
        load=finding.appraisal_entries,
        follows={"vehicle": finding.appraisals_of},
        codes=Meaning.VIN,
        secrets={"plate": ("vehicle", "plate")},
        scope=_found_by,
        describe=_describe,
    )
)
