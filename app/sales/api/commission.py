"""Pay over the API: plans version by version, and the statements of closed months."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from app.core.db import db
from app.core.errors import FieldError, Invalid
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    Expand,
    answer_list,
    answer_one,
    created,
    creates,
    lists,
    load_body,
    refer,
    shows,
)
from app.core.http.api.expansions import in_row
from app.core.http.sessions import current_actor
from app.sales.api.commission_shapes import CommissionPlanSchema, CommissionStatementSchema, NewClosing, NewPlan
from app.sales.lists import PLANS, STATEMENTS
from app.sales.lists.commission import sees_amounts
from app.sales.models import CommissionPlan, CommissionStatement
from app.sales.operations import commission
from app.sales.rules.bodies import BodyError, from_body
from app.sales.rules.plans import Plan
from app.sales.schemas.commission import NOT_A_PLAN
from app.tenants import queries as tenants

bp = ApiBlueprint("commission", "Commission plans, and the statements of closed months.")

TIERS = {"measure": "units", "mode": "retroactive", "steps": [{"over": "10", "rate": "30"}]}
PLAN_EXAMPLE = {
    "name": "Example floor plan", "valid_from": "2098-01-01",
    "body": {"earnings": [{"base": "front", "rate": "25", "tiers": TIERS}], "mini": "150"},
}  # fmt: skip
CLOSING_EXAMPLE = {"user_id": "usr_…", "store_id": "store_…", "period": "2026-01-01"}


def _plans(actor: Actor) -> Select[Any]:
    return PLANS.source(actor).add_columns(CommissionPlan.people, CommissionPlan.body, CommissionPlan.made_by)


def _bodies(actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, Any]:
    """The statements in full, of those whose amounts the actor sees."""
    row = CommissionStatement
    asked = select(row.id, row.body).where(row.id.in_([one.id for one in rows]), sees_amounts(actor))
    return {found.id: found.body for found in db.session.execute(asked)}


PLAN = ApiRecord(
    name="commission_plan", path="commission-plans", spec=PLANS, schema=CommissionPlanSchema, source=_plans,
    names={"valid_from": "period", "store_id": "store", "made_at": "set"},
    expands={"store": in_row("store_id", "store", lambda row: row.store_name)},
)  # fmt: skip
STATEMENT = ApiRecord(
    name="commission_statement", path="commission-statements", spec=STATEMENTS, schema=CommissionStatementSchema,
    names={"user_id": "person", "store_id": "store", "frozen_at": "closed"},
    expands={
        "user": in_row("user_id", "usr", lambda row: row.person),
        "store": in_row("store_id", "store", lambda row: row.store_name),
        "statement": Expand("id", _bodies),
    },
)  # fmt: skip


@bp.route("/commission-plans", methods=["GET"])
@require("commission.edit")
@lists(PLAN)
def list_commission_plans():
    """List the versions of commission plans"""
    return answer_list(PLAN)


@bp.route("/commission-plans", methods=["POST"])
@require("commission.edit")
@creates(PLAN, NewPlan, PLAN_EXAMPLE)
def set_commission_plan():
    """Set the next version of a plan, from a month on that nobody has closed"""
    actor, data = current_actor(), load_body(NewPlan)
    plan = _read_plan(data.pop("body"))
    store_id, people = data["store_id"], data["people"]
    looks = {
        "store_id": lambda: store_id is None or tenants.get_store(store_id),
        "people": lambda: [tenants.get_user_name(user) for user in people],
    }

    def make() -> uuid.UUID:
        for look in looks.values():
            look()
        return commission.set_plan(actor=actor, plan=plan, **data).id

    return created(PLAN, lambda: refer(make, **looks))


@bp.route("/commission-plans/<plan_id>", methods=["GET"])
@require("commission.edit")
@shows(PLAN)
def show_commission_plan(plan_id: str):
    """Read a version of a commission plan"""
    return answer_one(PLAN, plan_id)


@bp.route("/commission-statements", methods=["GET"])
@require("commission.see")
@lists(STATEMENT)
def list_commission_statements():
    """List the statements of closed months"""
    return answer_list(STATEMENT)


@bp.route("/commission-statements/<statement_id>", methods=["GET"])
@require("commission.see")
@shows(STATEMENT)
def show_commission_statement(statement_id: str):
    """Read a statement"""
    return answer_one(STATEMENT, statement_id)


@bp.route("/commission-statements/close", methods=["POST"])
@require("commission.approve")
@creates(STATEMENT, NewClosing, CLOSING_EXAMPLE)
def close_commission_month():
    """Close a person's month at a store for good"""
    actor, data = current_actor(), load_body(NewClosing)

    def look_for_store() -> None:
        tenants.get_store(data["store_id"])

    def look_for_user() -> None:
        tenants.get_user_name(data["user_id"])

    def close() -> uuid.UUID:
        look_for_user()
        return commission.close_period(actor=actor, **data).id

    return created(STATEMENT, lambda: refer(close, store_id=look_for_store, user_id=look_for_user))


def _read_plan(body: Mapping[str, Any]) -> Plan:
    try:
        return from_body(Plan, body)
    except BodyError as error:
        field = "/".join(["body", *error.field.split(".")]) if error.field else "body"
        raise Invalid([FieldError(field, "not_a_plan", NOT_A_PLAN)]) from error
