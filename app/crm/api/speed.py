"""How fast leads are answered, over the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, validates_schema

from app.core import clock
from app.core.db.ids import to_public
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, BodySchema, answer, documented, parameter, read_parameters
from app.core.http.api.fields import PublicId
from app.core.http.api.operations import OF_LISTS
from app.core.http.sessions import current_actor
from app.crm.queries import speed
from app.crm.rules.speed import Speed
from app.crm.schemas.speed import check_span, days_of

bp = ApiBlueprint("lead_speed", "How fast leads that came by themselves were answered.")

STORE = parameter("store_id", {"type": "string", "pattern": "^store_[0-9a-hjkmnp-tv-z]{26}$"}, "One store's alone")
DAY = {"type": "string", "format": "date"}
WHICH = [STORE, parameter("since", DAY, "First day; 30 days in all"), parameter("until", DAY, "Last day; today")]


class SpeedQuestion(BodySchema):
    """Which days, both counted, by the dealership's clock, and which store."""

    store_id = PublicId("store", load_default=None)
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)

    @validates_schema
    def check_span(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a span without days, and one longer than is counted at once."""
        check_span(data)


class SpeedSchema(Schema):
    """Leads by web, mail and chat; seconds until somebody first tried. Null where too few had an answer to say.

    `within_target` are those answered within their store's target, of the `decided`; the rest still waits within it.
    """

    received = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    median_seconds = fields.Integer(required=True, allow_none=True)
    p90_seconds = fields.Integer(required=True, allow_none=True)
    within_target = fields.Integer(required=True)
    decided = fields.Integer(required=True)
    share_within_target = fields.String(required=True, allow_none=True)


class StoreSpeedSchema(SpeedSchema):
    """The figures of a store."""

    store_id = PublicId("store", required=True)


class SourceSpeedSchema(SpeedSchema):
    """The figures of a source."""

    source = fields.String(required=True)


class PersonSpeedSchema(SpeedSchema):
    """The figures of an assignee; null: of leads that are nobody's."""

    assignee_id = PublicId("usr", required=True, allow_none=True)


class LeadSpeedSchema(Schema):
    """The figures in all and by group, those of most leads first."""

    since = fields.Date(required=True)
    until = fields.Date(required=True)
    store_id = PublicId("store", required=True, allow_none=True)
    total = fields.Nested(SpeedSchema, required=True)
    by_store = fields.List(fields.Nested(StoreSpeedSchema), required=True)
    by_source = fields.List(fields.Nested(SourceSpeedSchema), required=True)
    by_person = fields.List(fields.Nested(PersonSpeedSchema), required=True)


@bp.route("/lead-speed", methods=["GET"])
@require("lead.see")
@documented(gives={200: LeadSpeedSchema}, parameters=WHICH, problems=OF_LISTS)
def show_lead_speed():
    """How fast leads were answered: of all leads for whoever may export them, of their own for others"""
    asked = read_parameters(SpeedQuestion)
    since, until = days_of(asked)
    found = speed.speeds(current_actor(), speed.Span(since, until, asked["store_id"]), clock.now())
    return answer(
        {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "store_id": to_public("store", asked["store_id"]) if asked["store_id"] else None,
            "total": _told(found.total),
            "by_store": [{"store_id": to_public("store", key), **_told(one)} for key, one in found.by_store.items()],
            "by_source": [{"source": key, **_told(one)} for key, one in found.by_source.items()],
            "by_person": [
                {"assignee_id": to_public("usr", key) if key else None, **_told(one)}
                for key, one in found.by_person.items()
            ],
        }
    )


def _told(one: Speed) -> dict[str, Any]:
    return {
        "received": one.waits.count,
        "answered": one.waits.answered,
        "median_seconds": _seconds(one.waits.median),
        "p90_seconds": _seconds(one.waits.p90),
        "within_target": one.within,
        "decided": one.decided,
        "share_within_target": None if one.share is None else str(one.share),
    }


def _seconds(lasted: timedelta | None) -> int | None:
    return None if lasted is None else int(lasted.total_seconds())
