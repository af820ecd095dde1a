"""The list of follow-ups: what is to be done with whom, by whom and when."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, select

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.jobs.topics import declare_subject
from app.core.lists.parts import Outgoing, Target, Under, View
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.crm.models import Customer, FollowUp
from app.crm.queries.follow_ups import name_follow_ups
from app.crm.rules.follow_ups import FOLLOW_UP_LABELS
from app.tenants import queries as tenants

STATE_LABELS = {"planned": N_("Planned"), "overdue": N_("Overdue"), "done": N_("Done")}


def _follow_ups(actor: Actor) -> Select:
    stores, users = tenants.store_facts(), tenants.user_facts()
    # Whoever may see the step need not be allowed to see the customer.
    may_see = scope_clause(actor, "customer.see", owner=Customer.owner_id, store=Customer.store_id)
    return (
        select(
            FollowUp.id,
            FollowUp.version,
            FollowUp.customer_id,
            FollowUp.lead_id,
            FollowUp.store_id,
            FollowUp.assignee_id,
            FollowUp.kind,
            FollowUp.due_at,
            FollowUp.note,
            FollowUp.done_at,
            case((may_see, Customer.name)).label("customer"),
            stores.c.store_name,
            users.c.name.label("assignee"),
        )
        .select_from(FollowUp)
        .join(stores, stores.c.store_id == FollowUp.store_id)
        .join(Customer, Customer.id == FollowUp.customer_id)
        .outerjoin(users, users.c.user_id == FollowUp.assignee_id)
        .where(scope_clause(actor, "follow_up.see", owner=FollowUp.assignee_id, store=FollowUp.store_id))
    )


def _state(row: Any) -> str:
    if row.done_at is not None:
        return "done"
    return "overdue" if row.due_at < clock.now() else "planned"


def _open(wanted: bool) -> ColumnElement[bool]:
    return FollowUp.done_at.is_(None) if wanted else FollowUp.done_at.is_not(None)


def _due(wanted: bool) -> ColumnElement[bool]:
    due = and_(FollowUp.done_at.is_(None), FollowUp.due_at <= func.now())
    return due if wanted else not_(due)


def _page(row: Any) -> Target | None:
    if row.customer is None:
        return None
    return Target("crm.show_customer", {"customer_id": to_public("cus", row.customer_id)})


FOLLOW_UPS = declare_list(
    ListSpec(
        name="follow_ups",
        label=N_("Follow-ups"),
        permission="follow_up.see",
        source=_follow_ups,
        columns=(
            Column(
                "customer", N_("Customer"), value=lambda row: row.customer or "…", url=_page,
                under=lambda row: Under(row.note), under_out=Outgoing(PERSONAL),
                out=Outgoing(PERSONAL, "name", person=lambda row: row.customer_id),
            ),
            Column("kind", N_("Step"), labels=FOLLOW_UP_LABELS),
            Column("state", N_("State"), "status", value=_state, labels=STATE_LABELS, out=Outgoing(INTERNAL)),
            Column("due_at", N_("Due"), "instant", sort="due"),
            Column("assignee", N_("Assignee"), out=Outgoing(PERSONAL, "name", person=lambda row: row.assignee_id)),
            Column("store_name", N_("Store"), shown=False),
            Column("done_at", N_("Done at"), "instant", shown=False),
        ),
        filters=(
            Filter("open", N_("To be done"), "flag", apply=_open),
            Filter("due", N_("Due now"), "flag", apply=_due),
            Filter("at", N_("Due"), "date_range", column=FollowUp.due_at, instants=True),
            Filter("kind", N_("Step"), "choice", column=FollowUp.kind, choices=tuple(FOLLOW_UP_LABELS.items())),
            Filter(
                "assignee", N_("Assignee"), "id", column=FollowUp.assignee_id, prefix="usr", words=("me", "none"),
            ),
            Filter("store", N_("Store"), "id", column=FollowUp.store_id, prefix="store"),
            Filter("customer", N_("Customer"), "id", column=FollowUp.customer_id, prefix="cus"),
            Filter("lead", N_("Sales lead"), "id", column=FollowUp.lead_id, prefix="lead"),
        ),
        sorts=(
            Sort("due", N_("Due"), (By(FollowUp.due_at),), words=(N_("First due first"), N_("Last due first"))),
        ),
        default_sort="due",
        default_args={"open": ("yes",)},
        views=(
            View("open", N_("To be done"), {"open": ("yes",)}),
            View("mine", N_("Mine, due"), {"due": ("yes",), "assignee": ("me",)}),
            View("due", N_("Due now"), {"due": ("yes",)}),
            View("all", N_("All follow-ups")),
        ),
        id_prefix="fup",
        endpoint="crm.list_follow_ups",
        row_url=_page,
    )
)  # fmt: skip

declare_subject("follow_up", name_follow_ups)
