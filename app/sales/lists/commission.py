"""The lists of pay: statements of closed months, and plans version by version.

The amounts of a statement are the person's own to see, and others' as the field policy says: they are hidden row by
row, while what is asked of them (a condition, an order) needs the policy's word.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, literal, or_, select, true
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import INTERNAL, PAY, PERSONAL
from app.core.guard.permissions import Actor, scope_clause
from app.core.guard.policy import Sight, policy_for
from app.core.lists.parts import Outgoing, Target, View
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, declare_list
from app.sales.models import CommissionPlan, CommissionStatement
from app.tenants import queries as tenants

TOTAL = ("commission_statement", "total")
STATES = {"valid": N_("In force"), "coming": N_("Coming"), "replaced": N_("Replaced")}


def sees_amounts(actor: Actor) -> ColumnElement[bool]:
    """Of which statements the actor sees the amounts: his own always, all where the field policy says so."""
    if policy_for(actor).field(*TOTAL) is Sight.VISIBLE:
        return true()
    return CommissionStatement.user_id == actor.user_id if actor.user_id else literal(False)


def _statements(actor: Actor) -> Select:
    stores, users, row = tenants.store_facts(), tenants.user_facts(), CommissionStatement
    sees = sees_amounts(actor)
    return (
        select(
            row.id,
            row.user_id,
            row.store_id,
            row.plan_id,
            row.period,
            row.currency,
            row.frozen_at,
            row.frozen_by,
            case((sees, row.units)).label("units"),
            case((sees, row.earned)).label("earned"),
            case((sees, row.total)).label("total"),
            case((sees, row.carried)).label("carried"),
            users.c.name.label("person"),
            stores.c.store_name,
        )
        .select_from(row)
        .join(users, users.c.user_id == row.user_id)
        .join(stores, stores.c.store_id == row.store_id)
        .where(scope_clause(actor, "commission.see", owner=row.user_id, store=row.store_id))
    )


def _statement_page(row: Any) -> Target:
    return Target("sales.show_statement", {"statement_id": to_public("stmt", row.id)})


def _pay(key: str, label: str, *, sort: str | None = None, shown: bool = True) -> Column:
    return Column(
        key, label, "money", sort=sort, currency=lambda row: row.currency, shown=shown, out=Outgoing(PAY)
    )  # fmt: skip


STATEMENTS = declare_list(
    ListSpec(
        name="commission_statements",
        label=N_("Closed months"),
        permission="commission.see",
        source=_statements,
        columns=(
            Column("period", N_("Month"), "date", url=_statement_page, sort="period"),
            Column("person", N_("Person"), out=Outgoing(PERSONAL, "name", person=lambda row: row.user_id)),
            Column("store_name", N_("Store")),
            Column("units", N_("Units"), "number", out=Outgoing(PAY)),
            _pay("earned", N_("Earned"), shown=False),
            _pay("total", N_("Total"), sort="total"),
            _pay("carried", N_("Carried on"), shown=False),
            Column("frozen_at", N_("Closed at"), "instant", sort="closed"),
        ),
        filters=(
            Filter("period", N_("Month"), "date_range", column=CommissionStatement.period),
            Filter("person", N_("Person"), "id", column=CommissionStatement.user_id, prefix="usr", words=("me",)),
            Filter("store", N_("Store"), "id", column=CommissionStatement.store_id, prefix="store"),
            Filter("total", N_("Total"), "money_range", column=CommissionStatement.total, field=TOTAL),
        ),
        sorts=(
            Sort("period", N_("Month"), (By(CommissionStatement.period),)),
            Sort("closed", N_("Closed at"), (By(CommissionStatement.frozen_at),)),
            Sort("total", N_("Total"), (By(CommissionStatement.total),), field=TOTAL),
        ),
        default_sort="-period",
        views=(View("all", N_("All closed months")), View("mine", N_("Mine"), {"person": ("me",)})),
        id_prefix="stmt",
        endpoint="sales.list_closed",
        row_url=_statement_page,
    )
)


def _plans(actor: Actor) -> Select:
    stores, row = tenants.store_facts(), CommissionPlan
    return (
        select(
            row.id,
            row.name,
            row.number,
            row.store_id,
            row.valid_from,
            case((row.people == [], "everybody"), else_="named").label("pays"),
            row.made_at,
            stores.c.store_name,
        )
        .select_from(row)
        .outerjoin(stores, stores.c.store_id == row.store_id)
        .where(scope_clause(actor, "commission.edit", store=row.store_id))
    )


def _in_state(state: str) -> ColumnElement[bool]:
    """A version holds from its month on until the month of a later one of the same plan."""
    row, later = CommissionPlan, aliased(CommissionPlan)
    today = cast(clock.today(current_tenant().timezone), Date)
    if state == "coming":
        return row.valid_from > today
    replaced = (
        select(later.id)
        .where(
            later.name == row.name,
            later.store_id.is_not_distinct_from(row.store_id),
            later.valid_from <= today,
            or_(
                later.valid_from > row.valid_from,
                and_(later.valid_from == row.valid_from, later.number > row.number),
            ),
        )
        .exists()
    )
    return and_(row.valid_from <= today, replaced if state == "replaced" else ~replaced)


def _plan_page(row: Any) -> Target:
    return Target("sales.new_plan", {"like": to_public("plan", row.id)})


PLANS = declare_list(
    ListSpec(
        name="commission_plans",
        label=N_("Commission plans"),
        permission="commission.edit",
        source=_plans,
        columns=(
            Column("name", N_("Plan"), url=_plan_page),
            Column("number", N_("Version"), "number"),
            Column("valid_from", N_("Holds from"), "date"),
            Column(
                "pays", N_("Pays"),
                labels={"named": N_("Named people"), "everybody": N_("Everybody without a plan of his own")},
                out=Outgoing(INTERNAL),
            ),
            Column("store_name", N_("Store")),
            Column("made_at", N_("Set at"), "instant", sort="set"),
        ),
        filters=(
            Filter("period", N_("Holds from"), "date_range", column=CommissionPlan.valid_from),
            Filter("store", N_("Store"), "id", column=CommissionPlan.store_id, prefix="store", words=("none",)),
            Filter("state", N_("Status"), "choice", apply=_in_state, choices=tuple(STATES.items())),
            Filter("name", N_("Plan"), column=CommissionPlan.name, match="exact", normalise=str.strip),
        ),
        sorts=(Sort("set", N_("Set at"), (By(CommissionPlan.made_at),)),),
        default_sort="-set",
        views=(View("all", N_("All")), View("valid", N_("In force"), {"state": ("valid",)})),
        id_prefix="plan",
        endpoint="sales.list_plans",
        row_url=_plan_page,
    )
)  # fmt: skip
