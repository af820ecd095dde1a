"""Why can or can't somebody do this? A person, a right and a record, answered role by role."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, render_template, request

from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import declared
from app.core.http.access import require
from app.core.http.sessions import current_actor
from app.tenants.queries import explaining, people
from app.tenants.views.base import bp
from app.tenants.views.words import GROUP_WORDS, REASON_WORDS, RESOURCES, SCOPE_WORDS, SIGHT_WORDS, STATE_WORDS, VERBS

TEMPLATE = "tenants/explain.html"
LONGEST = 200


@bp.get("/roles/explain")
@require("role.see")
def explain_access() -> Response:
    asked = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("user", "permission", "record", "group")}
    found, problem = None, False
    if asked["user"] and asked["permission"]:
        try:
            found = explaining.explain(
                current_actor(),
                from_public("usr", asked["user"]),
                asked["permission"],
                _id_in(asked["record"]),
                asked["group"] or None,
            )
        except NotFound:
            problem = True
    page = render_template(TEMPLATE, asked=asked, found=found, problem=problem, **_choices())
    return make_response(page, 404 if problem else 200)


def _id_in(text: str) -> str | None:
    """The id in what was pasted: an id, or the address of a record's page."""
    parts = [part for part in urlsplit(text).path.split("/") if "_" in part]
    return parts[0] if parts else text or None


def _choices() -> dict[str, Any]:
    return {
        "users": [(to_public("usr", key), name) for key, name in people.list_reachable(current_actor(), "user.see")],
        "permissions": declared().values(),
        "groups": [(group, GROUP_WORDS[group]) for group in GROUPS],
        "group_words": GROUP_WORDS,
        "resources": RESOURCES,
        "verbs": VERBS,
        "scopes": SCOPE_WORDS,
        "sights": SIGHT_WORDS,
        "reasons": REASON_WORDS,
        "states": STATE_WORDS,
    }
