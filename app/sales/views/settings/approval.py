"""Limits of each role: how far somebody may go alone before a manager has to approve."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from app.core.db import current_tenant
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.http.forms import Amount, FormSchema
from app.core.money import plain_amount
from app.sales.rules.approvals import Limit
from app.sales.rules.policies import PolicyKind
from app.sales.views.settings.parts import Body, Setting
from app.tenants.queries.people import list_roles

# Whoever holds none of these touches no deal, and a limit of his would say nothing.
_ACTING = frozenset({"deal.create", "deal.edit", "deal.approve", "deal.deliver"})
_MOST = {Limit.DISCOUNT_PERCENT: 100}


def _roles() -> list[tuple[str, str]]:
    """(name of the fields, name) of the roles that act on deals."""
    roles = [line.role for line in list_roles() if not _ACTING.isdisjoint(line.grants)]
    return [(f"r{role.id.hex}", gettext(role.name)) for role in roles]


def _schema() -> type[Schema]:
    made: dict[str, fields.Field[Any]] = {}
    for key, _ in _roles():
        for limit in Limit:
            most = validate.Range(max=_MOST[limit]) if limit in _MOST else None
            least = None if limit is Limit.FRONT_GROSS else validate.Range(min=0)
            made[f"{key}_{limit.value}"] = Amount(
                load_default=None, validate=[rule for rule in (least, most) if rule is not None]
            )
    return FormSchema.from_dict(made, name="ApprovalForm")


def _to_body(data: Mapping[str, Any]) -> Body:
    limits: dict[str, dict[str, Any]] = {}
    for name, value in data.items():
        key, _, limit = name.partition("_")
        limits.setdefault(_id(key), {})[limit] = value
    return {"limits": limits}


def _id(key: str) -> str:
    text = key.removeprefix("r")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _to_values(body: Body | None) -> Mapping[str, Any]:
    currency, values = current_tenant().currency, {}
    for role_id, limits in (body or {"limits": {}})["limits"].items():
        for limit, text in limits.items():
            shown = text if limit == Limit.DISCOUNT_PERCENT else plain_amount(Decimal(text), currency)
            values[f"r{role_id.replace('-', '')}_{limit}"] = shown
    return values


def _context(_actor: Actor) -> Mapping[str, Any]:
    return {"roles": _roles(), "currency": current_tenant().currency}


SETTING = Setting(
    kind=PolicyKind.APPROVAL,
    label=N_("Approval limits"),
    hint=N_("How far each role may go alone: discount, gross and trade-in"),
    template="sales/settings/approval.html",
    schema=_schema,
    to_body=_to_body,
    to_values=_to_values,
    context=_context,
)
