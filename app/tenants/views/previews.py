"""Looking at the pages as a role, and ending that."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.http.access import ANY_USER, require
from app.core.http.sessions import current_actor, current_visitor
from app.core.http.visitors import Visitor
from app.tenants.operations import previews
from app.tenants.views.base import bp


@bp.post("/roles/<role_id>/preview")
@require("role.edit", own=True)
def begin_preview(role_id: str) -> Response:
    key = from_public("role", role_id)
    with transaction():
        previews.begin_preview(current_actor(), _visitor().session_id, key)
    return redirect(url_for("web.home"), 303)


@bp.post("/preview/end")
@require(ANY_USER, in_preview=True, own=True)
def end_preview() -> Response:
    with transaction():
        previews.end_preview(current_actor(), _visitor().session_id)
    return redirect(url_for("tenants.list_roles"), 303)


def _visitor() -> Visitor:
    visitor = current_visitor()
    if visitor is None:
        raise RuntimeError("a view that asks for a user has one")
    return visitor
