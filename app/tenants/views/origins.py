"""The page that says which pages of other hosts may ask the API."""

from __future__ import annotations

from flask import Response, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.tenants.operations import origins
from app.tenants.queries.origins import find_origins
from app.tenants.rules.origins import MOST_ORIGINS
from app.tenants.schemas import OriginsForm
from app.tenants.views.base import bp

TEMPLATE = "tenants/api_origins.html"


@bp.get("/api-origins")
@require("dealership.origins")
def show_origins() -> str | Response:
    known = find_origins()
    return render_form(TEMPLATE, values={"origins": "\n".join(known.origins) if known else ""}, most=MOST_ORIGINS)


@bp.post("/api-origins")
@require("dealership.origins", own=True)
def save_origins() -> str | Response | BaseResponse:
    try:
        form = load_form(OriginsForm)
        with transaction():
            origins.allow_origins(current_actor(), form["origins"].split())
    except DomainError as error:
        return render_form(TEMPLATE, error, most=MOST_ORIGINS)
    flash(gettext("Saved."))
    return redirect(url_for("tenants.show_origins"), 303)
