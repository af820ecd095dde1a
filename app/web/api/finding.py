"""The search box for programs; what is looked for may be a name or a number of somebody, so it is posted."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields
from marshmallow.validate import Range

from app.core.db.ids import to_public
from app.core.http.access import ANY_USER, require
from app.core.http.api import ApiBlueprint, BodySchema, answer, documented, load_body
from app.core.http.api.fields import Text
from app.core.http.api.operations import ALWAYS
from app.core.http.sessions import current_actor
from app.core.lists import search
from app.core.lists.search import Hit, Word

bp = ApiBlueprint("search", "One question to everything that can be found.")

MOST = 20


class SearchBody(BodySchema):
    """What is looked for: a name, a number, a plate, a VIN, a phone."""

    q = Text(longest=200, required=True)
    limit = fields.Integer(strict=True, load_default=5, validate=Range(1, MOST))


class HitSchema(Schema):
    """A record that was found; `matched` says by what, where that is not its title."""

    type = fields.String(required=True)
    id = fields.String(required=True)
    title = fields.String(required=True)
    details = fields.List(fields.String(), required=True)
    matched = fields.String(required=True, allow_none=True)


class GroupSchema(Schema):
    """The hits of one type, best first."""

    type = fields.String(required=True)
    hits = fields.List(fields.Nested(HitSchema), required=True)
    has_more = fields.Boolean(required=True)


class SearchSchema(Schema):
    """What was found, the likeliest type first."""

    data = fields.List(fields.Nested(GroupSchema), required=True)


@bp.route("/search/query", methods=["POST"])
@require(ANY_USER)
@documented(
    body=SearchBody, example={"q": "Example", "limit": 5}, gives={200: SearchSchema}, problems=(400, 415, 422, *ALWAYS)
)
def search_everything():
    """Find records of every kind the caller may see"""
    asked = load_body(SearchBody)
    groups = search.find(current_actor(), asked["q"], asked["limit"])
    return answer(
        {
            "data": [
                {"type": group.kind.name, "hits": [_told(hit) for hit in group.hits], "has_more": group.more}
                for group in groups
            ]
        }
    )


def _told(hit: Hit) -> dict[str, Any]:
    return {
        "type": hit.kind.name,
        "id": to_public(hit.kind.prefix, hit.record_id),
        "title": hit.title,
        "details": [gettext(part) if isinstance(part, Word) else part for part in hit.details],
        "matched": gettext(hit.matched) if hit.matched else None,
    }
