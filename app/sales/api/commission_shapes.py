"""What goes in and out of the API of pay."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import fields

from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Instant, Money, Number, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema


class UserKey(PublicId):
    """A user whose id is stored as text."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return super()._serialize(None if value is None else uuid.UUID(str(value)), attr, obj, **kwargs)


class CommissionPlanSchema(RecordSchema):
    """A version of a plan, from the first of a month on; `people` are whom it pays, none is everybody else."""

    record = "commission_plan"

    id = PublicId("plan", required=True)
    name = fields.String()
    number = Whole()
    store_id = PublicId("store", allow_none=True)
    valid_from = fields.Date()
    people = fields.List(UserKey("usr"))
    body = fields.Dict(metadata={"description": "The plan: rates and amounts as exact text"})
    made_by = PublicId("usr", allow_none=True)
    made_at = Instant()
    store = named_field("store", "CommissionPlanStore")


class NewPlan(BodySchema):
    """A plan; the name of one there is makes its next version."""

    name = Text(longest=60, required=True)
    store_id = PublicId("store", load_default=None, allow_none=True)
    valid_from = fields.Date(required=True)
    people = fields.List(PublicId("usr"), load_default=list)
    body = fields.Dict(required=True, keys=fields.String())


class CommissionStatementSchema(RecordSchema):
    """A closed month of a person at a store. Amounts are null where they are another's and kept from the caller."""

    record = "commission_statement"

    id = PublicId("stmt", required=True)
    user_id = PublicId("usr")
    store_id = PublicId("store")
    plan_id = PublicId("plan")
    period = fields.Date(metadata={"description": "The first of the month"})
    units = Number(as_string=True, allow_none=True, metadata={"guard": OPEN})
    earned = Money(allow_none=True, metadata={"guard": OPEN})
    total = Money(allow_none=True, metadata={"guard": OPEN})
    carried = Money(allow_none=True, metadata={"guard": OPEN})
    frozen_by = PublicId("usr", allow_none=True)
    frozen_at = Instant()
    user = named_field("usr", "CommissionStatementUser")
    store = named_field("store", "CommissionStatementStore")
    statement = fields.Dict(
        allow_none=True, metadata={"expand": True, "description": "The plan, every input and every line"}
    )


class NewClosing(BodySchema):
    """Whose month is closed, and where; any day of it says which."""

    user_id = PublicId("usr", required=True)
    store_id = PublicId("store", required=True)
    period = fields.Date(required=True)
