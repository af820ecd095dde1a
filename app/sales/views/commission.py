"""Pages of pay: one's own, everybody's open and closed months, one statement, and the plans."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields

from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import N_, DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import allows, covers
from app.core.guard.policy import Sight, policy_for
from app.core.http.access import require
from app.core.http.forms import FormSchema, load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor
from app.sales import lists
from app.sales.operations.commission import close_period, set_plan
from app.sales.queries import pay, statements
from app.sales.rules.bodies import from_body
from app.sales.rules.commission import LineKind, Statement, compute
from app.sales.rules.pay_entries import month_of
from app.sales.rules.plans import Base, PaidOn, Plan, SpiffPer
from app.sales.rules.tiers import TierMeasure, TierMode
from app.sales.schemas.commission import PlanForm, plan_values, read_plan
from app.sales.views.pages import bp, list_choices, salesperson_choices, translated
from app.tenants import queries as tenants

LINES = {
    LineKind.EARNING.value: N_("Commission"),
    LineKind.MINI.value: N_("Minimum for a deal"),
    LineKind.SPIFF.value: N_("Spiff"),
    LineKind.HOUSE.value: N_("Deal of the house"),
    LineKind.CHARGEBACK.value: N_("Chargeback"),
    LineKind.LATE_COST.value: N_("Late cost"),
    LineKind.ADJUSTMENT.value: N_("Adjustment"),
}
BASES = {
    Base.FRONT.value: N_("Front gross"),
    Base.BACK.value: N_("Back gross"),
    Base.TOTAL.value: N_("Total gross"),
    Base.UNIT.value: N_("Unit"),
}
MODES = {
    TierMode.MARGINAL.value: N_("Marginal: a tier's rate is paid on what lies in it"),
    TierMode.RETROACTIVE.value: N_("Retroactive: the rate reached is paid on everything from the first"),
}
MEASURES = {TierMeasure.UNITS.value: N_("Units of the month"), TierMeasure.GROSS.value: N_("Gross of the month")}
DAYS = {
    PaidOn.DELIVERED.value: N_("When it is delivered"),
    PaidOn.FUNDED.value: N_("When the lender has paid"),
    PaidOn.PAID.value: N_("When everything is paid"),
}
PER = {SpiffPer.PRODUCT.value: N_("Each product"), SpiffPer.UNIT.value: N_("Each unit")}


class CloseForm(FormSchema):
    """Whose month is closed, and where."""

    user = fields.UUID(required=True)
    store = fields.UUID(required=True)
    period = fields.Date(required=True)


@bp.get("/my-pay")
@require("commission.see")
def show_my_pay():
    user_id = current_actor().user_id
    open_months = [one for one in pay.open_periods(current_actor()) if one.user_id == user_id]
    return render_form(
        "sales/commission/mine.html",
        months=[_open(one) for one in reversed(open_months)],
        closed=[_closed(row) for row in statements.closed_of(user_id)] if user_id else [],
        **_words(),
    )


@bp.get("/commission")
@require("commission.see")
def list_statements():
    return _overview()


@bp.get("/commission/closed")
@require("commission.see")
def list_closed():
    found = list_choices()
    choices = {"store": found["store"], "person": found["salesperson"]}
    return list_view(lists.STATEMENTS, "sales/commission/closed.html", choices=choices)


@bp.post("/commission/close")
@require("commission.approve")
def close_month():
    actor = current_actor()
    try:
        data = load_form(CloseForm)
        with transaction():
            row = close_period(actor=actor, user_id=data["user"], store_id=data["store"], period=data["period"])
            statement_id = row.id
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return _overview(error)
    flash(gettext("The month is closed."))
    return redirect(url_for("sales.show_statement", statement_id=to_public("stmt", statement_id)), 303)


@bp.get("/commission/<statement_id>")
@require("commission.see")
def show_statement(statement_id: str):
    row = pay.get_statement(current_actor(), from_public("stmt", statement_id))
    replayed = pay.replays(row) if "again" in request.args else None
    return render_form(
        "sales/commission/statement.html", paper=_closed(row, whole=True), replayed=replayed, row=row, **_words()
    )


@bp.get("/commission-plans")
@require("commission.edit")
def list_plans():
    return list_view(lists.PLANS, "sales/commission/plans.html", choices={"store": list_choices()["store"]})


@bp.get("/commission-plans/new")
@require("commission.edit")
def new_plan():
    """`like` is the plan the next version begins with; its rates are for whoever sees pay."""
    known = request.args.get("like")
    row = statements.get_plan(current_actor(), from_public("plan", known)) if known else None
    sees = policy_for(current_actor()).field("commission_plan", "body") is Sight.VISIBLE
    begun = {"recoverable": True, "measure": TierMeasure.UNITS.value}
    values = plan_values(pay.plan_of(row)) if row and sees else begun
    values |= {"valid_from": month_of(_today())}
    if row:
        person = row.people[0] if row.people else ""
        values |= {"name": row.name, "person": person, "store": _store_id(row.store_id)}
    return _plan_form(values=values)


@bp.post("/commission-plans")
@require("commission.edit")
def save_plan():
    actor = current_actor()
    try:
        data = load_form(PlanForm)
        store_id = tenants.get_store(from_public("store", data["store"])).id if data["store"] else None
        if not covers(actor, "commission.edit", owner_id=None, store_id=store_id):
            raise PermissionDenied("commission.edit")
        plan = read_plan(data)
        if data["preview"]:
            return _plan_form(values=request.form.to_dict(), preview=_preview(plan, store_id, data["person"]))
        people = [data["person"]] if data["person"] else []
        with transaction():
            set_plan(
                actor=actor, name=data["name"], plan=plan, valid_from=data["valid_from"], store_id=store_id,
                people=people,
            )  # fmt: skip
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return _plan_form(error)
    flash(gettext("The plan is set."))
    return redirect(url_for("sales.list_plans"), 303)


def _overview(error: DomainError | None = None) -> Any:
    actor = current_actor()
    return render_form(
        "sales/commission/overview.html",
        error,
        months=[_open(one) for one in pay.open_periods(actor)],
        may_plan=allows(actor, "commission.edit"),
        **_words(),
    )


def _preview(plan: Plan, store_id: uuid.UUID | None, person: uuid.UUID | None) -> list[dict[str, Any]]:
    """What last month would have come to by this plan, beside what it comes to now, person by person."""
    last = month_of(month_of(_today()) - timedelta(days=1))
    found = []
    for inputs, now in statements.month_inputs(current_actor(), last, store_id, person):
        found.append({"name": tenants.get_user_name(inputs[0]), "now": now, "then": compute(plan, inputs[1])})
    return found


def _plan_form(error: DomainError | None = None, *, values: Any = None, preview: Any = None) -> Any:
    stores = tenants.list_open_stores(current_actor(), "commission.edit")
    return render_form(
        "sales/commission/plan_form.html",
        error,
        values=values,
        preview=preview,
        stores=[(to_public("store", store.id), store.name) for store in stores],
        people=salesperson_choices(),
        modes=translated(MODES),
        measures=translated(MEASURES),
        days=translated(DAYS),
        per=translated(PER),
        currency=current_tenant().currency,
    )


def _open(one: pay.OpenPeriod) -> dict[str, Any]:
    """An open month as the pages show it."""
    actor = current_actor()
    over = pay.current_period(one.store_id) > one.period
    return {
        **_shown(one.user_id, one.store_id, one.period, one.statement, f"{one.plan.name} · {one.plan.number}"),
        "may_close": over and pay.may_approve(actor, one.user_id, one.store_id),
        "url": None,
    }


def _closed(row: Any, *, whole: bool = False) -> dict[str, Any]:
    """A closed month; its statement only where it is shown whole."""
    statement = from_body(Statement, row.body) if whole else None
    shown = _shown(row.user_id, row.store_id, row.period, statement, "")
    total = row.total if shown["sees"] else None
    url = url_for("sales.show_statement", statement_id=to_public("stmt", row.id))
    units = row.units if shown["sees"] else None
    return {**shown, "units": units, "total": total, "url": url, "may_close": False}


def _shown(
    user_id: uuid.UUID, store_id: uuid.UUID, period: date, statement: Statement | None, plan: str
) -> dict[str, Any]:
    sees = pay.sees_pay(current_actor(), user_id)
    return {
        "user_id": user_id,
        "store_id": store_id,
        "period": period,
        "plan": plan,
        "name": tenants.get_user_name(user_id),
        "store": tenants.get_store(store_id).name,
        "sees": sees,
        "statement": statement if sees else None,
        "units": statement.units if statement and sees else None,
        "total": statement.total if statement and sees else None,
    }


def _words() -> dict[str, Any]:
    return {"labels": LINES, "bases": BASES, "currency": current_tenant().currency}


def _store_id(store_id: uuid.UUID | None) -> str:
    return to_public("store", store_id) if store_id else ""


def _today() -> date:
    return statements.today()
