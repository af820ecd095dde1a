"""The dealership's rules of what leaves: a choice for each kind of value, rows a day, how long files are kept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.forms import render_form, ungrouped
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.core.lists.exports import rules
from app.core.lists.exports.treatments import DEFAULTS, KEPT_CHOICES, choices_of
from app.web.export_words import KINDS_OF_VALUE, TREATMENTS

bp = Blueprint("export_rules", __name__, template_folder="templates")
FORM = "web/exports/rules.html"


@bp.get("/exports/rules")
@require(rules.EDIT)
def show_rules() -> str | Response:
    return _form()


@bp.post("/exports/rules")
@require(rules.EDIT)
@step_up
def change_rules() -> str | Response | BaseResponse:
    sent = request.form
    chosen = {kind: sent[f"rule_{kind}"] for kind in DEFAULTS if f"rule_{kind}" in sent}
    try:
        with transaction():
            rules.change_rules(
                current_actor(),
                chosen,
                rows_a_day=_whole(sent.get("rows_a_day", "")),
                kept_hours=_whole(sent.get("kept_hours", "")),
                version=_whole(sent.get("version", "")),
            )
    except DomainError as error:
        return _form(error)
    flash(gettext("The rules hold from now on."), "success")
    return redirect(url_for("export_rules.show_rules"), 303)


def _form(error: DomainError | None = None) -> str | Response:
    now = rules.rules_in_force()
    values: dict[str, Any] = {f"rule_{kind}": item.value for kind, item in now.treatments.items()}
    words = {kind: [(item.value, gettext(TREATMENTS[item.value])) for item in choices_of(kind)] for kind in DEFAULTS}
    kinds = [(kind, gettext(label), gettext(hint), words[kind]) for kind, (label, hint) in KINDS_OF_VALUE.items()]
    hours = [(str(hours), gettext("%(hours)s hours", hours=hours)) for hours in KEPT_CHOICES]
    values |= {"rows_a_day": now.rows_a_day, "kept_hours": now.kept_hours, "version": now.version}
    return render_form(FORM, error, values=values, kinds=kinds, hours=hours, version=now.version)


def _whole(text: str) -> int:
    """The number somebody typed; -1, which nothing allows, for what is none."""
    plain = str(ungrouped(text)).strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= 9 else -1
