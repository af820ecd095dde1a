"""The list of leads and the pipeline, its board: who waits for how long, whose they are, how far they have come."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, func, not_, select

from app.core import clock
from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import FINANCIAL, INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.jobs.topics import declare_subject
from app.core.lists.parts import Board, BulkAction, BulkField, Outgoing, Peek, Target, Under, View
from app.core.lists.search import SearchKind, declare_search
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.crm.models import Customer, Lead, LeadRules
from app.crm.operations import many_leads
from app.crm.queries import lead_search
from app.crm.queries import leads as lead_queries
from app.crm.rules.leads import (
    CHANNEL_LABELS,
    LEAD_STATUS_LABELS,
    LOST_LABELS,
    OPEN,
    PIPELINE,
    SOURCE_LABELS,
    LeadStatus,
    moves_from,
)
from app.crm.rules.waiting import TARGET_MINUTES, Urgency, urgency
from app.inventory import queries as inventory
from app.tenants import queries as tenants

ANSWERED = "answered"
WAIT_LABELS = {
    Urgency.FRESH.value: N_("Waits"),
    Urgency.SOON.value: N_("Waits, answer now"),
    Urgency.LATE.value: N_("Waits too long"),
    ANSWERED: N_("Answered"),
}
# Written into the statement, as the partial index has it: a plan made for any value cannot use that.
_NEW: BindParameter[Any] = bindparam("new_lead", LeadStatus.NEW.value, literal_execute=True)


def _leads(actor: Actor) -> Select:
    stores, users, vehicles, units = (
        tenants.store_facts(), tenants.user_facts(), inventory.vehicle_facts(), inventory.unit_facts(),
    )  # fmt: skip
    # Whoever may see the lead need not be allowed to see the customer.
    may_see = scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    return (
        select(
            Lead.id,
            Lead.version,
            Lead.customer_id,
            Lead.store_id,
            Lead.assignee_id,
            Lead.channel,
            Lead.source,
            Lead.stock_unit_id,
            Lead.vehicle_id,
            Lead.wanted,
            Lead.status,
            Lead.lost_reason,
            Lead.received_at,
            Lead.first_attempt_at,
            Lead.status_at,
            Lead.ended_at,
            case((may_see, Customer.name)).label("customer"),
            func.coalesce(LeadRules.target_minutes, TARGET_MINUTES).label("target_minutes"),
            vehicles.c.make,
            vehicles.c.model,
            vehicles.c.model_year,
            units.c.stock_number,
            units.c.asking_price.label("amount"),
            units.c.currency,
            stores.c.store_name,
            users.c.name.label("assignee"),
        )
        .select_from(Lead)
        .join(stores, stores.c.store_id == Lead.store_id)
        .join(Customer, Customer.id == Lead.customer_id)
        .outerjoin(users, users.c.user_id == Lead.assignee_id)
        .outerjoin(LeadRules, LeadRules.store_id == Lead.store_id)
        .outerjoin(vehicles, vehicles.c.vehicle_id == Lead.vehicle_id)
        .outerjoin(units, units.c.unit_id == Lead.stock_unit_id)
        .where(scope_clause(actor, "lead.see", owner=Lead.assignee_id, store=Lead.store_id))
    )


def waited(row: Any) -> timedelta:
    """How long the person waited, or waits."""
    lasted: timedelta = (row.first_attempt_at or row.ended_at or clock.now()) - row.received_at
    return max(lasted, timedelta(0))


def waiting_state(row: Any) -> str:
    """How the wait stands: answered, or how urgent it is; an ended one nobody answered was late for ever."""
    if row.first_attempt_at is not None:
        return ANSWERED
    return urgency(waited(row), timedelta(minutes=row.target_minutes)).value


def clock_words(lasted: timedelta) -> str:
    """A time as a clock shows it, in hours and minutes: the same in every language."""
    minutes = int(lasted.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02}"


def interest(row: Any) -> str:
    """What is asked for: the vehicle, else the words of whoever asked."""
    vehicle = " ".join(str(part) for part in (row.model_year, row.make, row.model) if part)
    return vehicle or row.wanted


def _open(wanted: bool) -> ColumnElement[bool]:
    is_open = Lead.status.in_(sorted(OPEN))
    return is_open if wanted else not_(is_open)


def _unanswered(wanted: bool) -> ColumnElement[bool]:
    waits = and_(Lead.first_attempt_at.is_(None), Lead.status == _NEW)
    return waits if wanted else not_(waits)


def lead_page(row: Any) -> Target:
    """The page of one lead."""
    return Target(lead_queries.PAGE, {"lead_id": to_public("lead", row.id)})


def _of(endpoint: str) -> Any:
    return lambda row: Target(endpoint, {"lead_id": to_public("lead", row.id)})


def _moves(row: Any) -> Sequence[str]:
    return [step.value for step in moves_from(LeadStatus(row.status), attempted=row.first_attempt_at is not None)]


def _glance(actor: Actor, lead_id: uuid.UUID) -> dict[str, Any]:
    """What the preview of a lead shows; raises NotFound for one the actor may not see."""
    lead_queries.get_lead(actor, lead_id)
    row = db.session.execute(_leads(actor).where(Lead.id == lead_id)).one()
    words = {
        "status": LEAD_STATUS_LABELS[row.status], "channel": CHANNEL_LABELS[row.channel],
        "source": SOURCE_LABELS[row.source], "wait": WAIT_LABELS[waiting_state(row)],
    }  # fmt: skip
    return {
        "lead": row, **words, "waited": clock_words(waited(row)), "state": waiting_state(row),
        "interest": interest(row), "target": lead_page(row),
    }  # fmt: skip


_STATUSES, _CHANNELS = tuple(LEAD_STATUS_LABELS.items()), tuple(CHANNEL_LABELS.items())
_WHO: tuple[Literal["me", "none"], ...] = ("me", "none")
_NEW_ASSIGNEE = BulkField(
    "assignee_id", N_("Assignee"), "id", choices_of="assignee", required=False, prefix="usr",
    help=N_("Empty: whoever is in turn"),
)  # fmt: skip
_BECAUSE = BulkField("because", N_("Reason"), "choice", choices=tuple(LOST_LABELS.items()))

LEADS = declare_list(
    ListSpec(
        name="leads",
        label=N_("Leads"),
        permission="lead.see",
        source=_leads,
        columns=(
            Column(
                "customer", N_("Customer"), value=lambda row: row.customer or "…", url=lead_page,
                under=lambda row: Under(interest(row)), under_out=Outgoing(PERSONAL),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.customer_id),
            ),
            Column(
                "wait", N_("Wait"), "status", value=waiting_state, labels=WAIT_LABELS, sort="received",
                under=lambda row: Under(clock_words(waited(row))), out=Outgoing(INTERNAL),
                under_out=Outgoing(INTERNAL),
            ),
            Column("status", N_("Status"), "status", labels=LEAD_STATUS_LABELS),
            Column(
                "assignee", N_("Assignee"),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.assignee_id),
            ),
            Column("channel", N_("Channel"), labels=CHANNEL_LABELS, shown=False),
            Column("source", N_("Source"), labels=SOURCE_LABELS),
            Column("received_at", N_("Came in"), "instant", sort="received"),
            Column("store_name", N_("Store"), shown=False),
            Column("status_at", N_("Stands there since"), "instant", sort="standing"),
            Column("stock_number", N_("Stock number"), shown=False),
            Column(
                "amount", N_("Asking price"), "money", currency=lambda row: row.currency, out=Outgoing(FINANCIAL),
            ),
            Column("lost_reason", N_("Lost because"), labels=LOST_LABELS, shown=False),
        ),
        filters=(
            Filter("open", N_("Open"), "flag", apply=_open),
            Filter("unanswered", N_("Nobody has answered"), "flag", apply=_unanswered),
            Filter("status", N_("Status"), "choice", column=Lead.status, choices=_STATUSES),
            Filter("assignee", N_("Assignee"), "id", column=Lead.assignee_id, prefix="usr", words=_WHO),
            Filter("store", N_("Store"), "id", column=Lead.store_id, prefix="store"),
            Filter("channel", N_("Channel"), "choices", column=Lead.channel, choices=_CHANNELS),
            Filter("source", N_("Source"), "choices", column=Lead.source, choices=tuple(SOURCE_LABELS.items())),
            Filter("received", N_("Came in"), "date_range", column=Lead.received_at, instants=True),
            Filter("customer", N_("Customer"), "id", column=Lead.customer_id, prefix="cus"),
            Filter("unit", N_("Stock unit"), "id", column=Lead.stock_unit_id, prefix="unit"),
            Filter("lost", N_("Lost because"), "choices", column=Lead.lost_reason, choices=tuple(LOST_LABELS.items())),
        ),
        sorts=(
            Sort("received", N_("Came in"), (By(Lead.received_at),), words=(N_("Oldest first"), N_("Newest first"))),
            Sort("standing", N_("Stands there since"), (By(Lead.status_at),)),
        ),
        default_sort="-received",
        default_args={"open": ("yes",)},
        views=(
            View("open", N_("Open leads"), {"open": ("yes",)}),
            View("unanswered", N_("Unanswered"), {"unanswered": ("yes",), "sort": ("received",)}),
            View("mine", N_("My leads"), {"open": ("yes",), "assignee": ("me",)}),
            View("nobodys", N_("Nobody's"), {"open": ("yes",), "assignee": ("none",)}),
            View("lost", N_("Lost"), {"status": ("lost",)}),
            View("all", N_("All leads")),
        ),
        bulk=(
            BulkAction("assign", N_("Assign"), "user", "lead.assign", (_NEW_ASSIGNEE,), apply=many_leads.assign),
            BulkAction("lose", N_("Mark as lost"), "ban", "lead.edit", (_BECAUSE,), apply=many_leads.lose),
        ),
        peek=Peek("crm/_lead_peek.html", _glance),
        board=Board(
            filter="status",
            states=tuple((step.value, LEAD_STATUS_LABELS[step]) for step in PIPELINE),
            move=_of("crm.move_lead"),
            may=_moves,
            leave=_of("crm.edit_loss"),
            permission="lead.edit",
            title="customer",
            facts=("wait", "assignee", "status_at", "amount"),
            sum_of="amount",
        ),
        id_prefix="lead",
        endpoint="crm.list_leads",
        row_url=lead_page,
    )
)

declare_subject("lead", lead_queries.name_leads)
declare_search(
    SearchKind(
        name="lead",
        label=N_("Leads"),
        permission="lead.see",
        prefix="lead",
        endpoint=lead_queries.PAGE,
        argument="lead_id",
        icon="funnel",
        key=Lead.id,
        load=lead_search.lead_entries,
        follows={"customer": lead_search.leads_of},
        has_names=True,
        secrets={"phone": ("customer", "phone"), "email": ("customer", "email")},
        scope=lead_search.found_by,
        describe=lead_search.describe_leads,
    )
)
