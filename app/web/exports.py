"""This view as a file: what it is for and what will be masked, a second person's word, and the file by a short link."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound
from app.core.http.access import ANY_USER, require
from app.core.http.forms import render_form
from app.core.http.lists import asked, list_address, list_view
from app.core.http.rendering import select_timezone
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.core.jobs.models import OPEN_STATES
from app.core.lists.exports import operations, rules, taking
from app.core.lists.exports.operations import Asked
from app.core.lists.exports.outgoing import told_of
from app.core.lists.exports.purposes import purpose_of, recipient_of
from app.core.lists.exports.states import ExportState
from app.core.lists.query import ListQuery
from app.core.lists.spec import REGISTRY, ListSpec
from app.tenants.queries.callers import list_caller_names
from app.web.export_words import (
    EXPORTS,
    FORMATS,
    PREFIX,
    STATES,
    condition_words,
    list_words,
    rows_words,
    shown_columns,
    treated_words,
)
from app.web.i18n import current_locale
from app.web.job_words import shown_job
from app.web.work_lists import people_choices

bp = Blueprint("exports", __name__, template_folder="templates")
FORM = "web/exports/new.html"
# The form's own fields; everything else in it are the arguments of the list.
OWN = ("format", "purpose", "recipient", "unmasked", "csrf_token")


@bp.get("/exports")
@require(ANY_USER)
def list_exports() -> Response:
    return list_view(EXPORTS, "web/exports/list.html", choices=people_choices(current_actor()))


@bp.get("/lists/<list_name>/export")
@require(ANY_USER)
def new_export(list_name: str) -> str | Response:
    spec = _spec(list_name)
    operations.check_may_take(current_actor(), spec)
    return _form(spec, asked(spec, dict(request.args.lists())))


@bp.post("/lists/<list_name>/export")
@require(ANY_USER)
@step_up
def start_export(list_name: str) -> str | Response | BaseResponse:
    spec = _spec(list_name)
    args = {name: texts for name, texts in request.form.lists() if name not in OWN}
    operations.check_may_take(current_actor(), spec)
    query = asked(spec, args)
    wanted = Asked(
        request.form.get("format", ""),
        request.form.get("purpose", ""),
        request.form.get("recipient", ""),
        bool(request.form.get("unmasked")),
    )
    try:
        with transaction():
            row = operations.start_export(
                current_actor(), query, wanted, locale=current_locale(), timezone=select_timezone() or "UTC"
            )
    except DomainError as error:
        return _form(spec, query, error)
    if row.unmasked:
        flash(gettext("A second person has been asked. You will hear of the decision."), "info")
    else:
        flash(gettext("The file is being made. You can go on working: it waits among the jobs."), "info")
    return redirect(url_for("exports.show_export", export_id=to_public(PREFIX, row.id)), 303)


@bp.get("/exports/<export_id>")
@require(ANY_USER)
def show_export(export_id: str) -> str:
    actor = current_actor()
    row = operations.get_export(actor, from_public(PREFIX, export_id))
    job = operations.job_of(row)
    is_own = row.created_by == actor.caller_id
    return render_template(
        "web/exports/show.html",
        export=row,
        purpose=purpose_of(row),
        recipient=recipient_of(row),
        export_id=export_id,
        title=gettext("Export: %(list)s", list=list_words(row.list_name)),
        state=gettext(STATES[row.state]),
        format=FORMATS[row.format],
        columns=treated_words(row),
        conditions=condition_words(row),
        rows=rows_words(row),
        job=shown_job(job) if job is not None and is_own else None,
        is_open=job is not None and job.state in OPEN_STATES,
        is_own=is_own,
        is_ready=row.state == ExportState.READY,
        has_left=row.state in (ExportState.READY, ExportState.GONE),
        may_drop=operations.may_drop(actor, row),
        may_decide=operations.may_decide(actor, row),
        names=dict(list_caller_names({key for key in (row.created_by, row.decided_by) if key})),
    )


@bp.post("/exports/<export_id>/link")
@require(ANY_USER)
@step_up
def make_link(export_id: str) -> BaseResponse:
    with transaction():
        token = taking.make_link(current_actor(), from_public(PREFIX, export_id))
    return redirect(url_for("exports.download_export", export_id=export_id, file_key=token), 303)


@bp.get("/exports/<export_id>/file/<file_key>")
@require(ANY_USER)
def download_export(export_id: str, file_key: str) -> Response:
    with transaction():
        taken = taking.take(current_actor(), from_public(PREFIX, export_id), file_key)
    # The pieces are opened while they are sent: no file is ever held whole.
    response = Response(taken.pieces, content_type=taken.media_type, direct_passthrough=True)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", taken.name)
    encoded = quote(taken.name, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.content_length = taken.size
    return response


@bp.post("/exports/<export_id>/decide")
@require(rules.APPROVE)
@step_up
def decide_export(export_id: str) -> BaseResponse:
    approved = request.form.get("decision") == "approve"
    with transaction():
        operations.decide(current_actor(), from_public(PREFIX, export_id), approved=approved)
    flash(gettext("The export may leave.") if approved else gettext("The export was refused."))
    return redirect(url_for("exports.show_export", export_id=export_id), 303)


@bp.post("/exports/<export_id>/delete")
@require(ANY_USER)
def delete_export(export_id: str) -> BaseResponse:
    actor = current_actor()
    with transaction():
        row = operations.get_export(actor, from_public(PREFIX, export_id), for_update=True)
        if not operations.may_drop(actor, row):
            raise NotFound
        taking.drop_file(actor, row, "export.delete")
    flash(gettext("The file was deleted."))
    return redirect(url_for("exports.show_export", export_id=export_id), 303)


def _spec(name: str) -> ListSpec:
    spec = REGISTRY.get(name)
    if spec is None:
        abort(404)
    return spec


def _form(spec: ListSpec, query: ListQuery, error: DomainError | None = None) -> str | Response:
    actor = current_actor()
    found = operations.outgoing(actor, query, unmasked=False)
    in_force = rules.rules_in_force()
    return render_form(
        FORM,
        error,
        values={"format": "xlsx"},
        spec_name=spec.name,
        list_label=gettext(spec.label),
        back=list_address(spec, query),
        args=[(name, text) for name, texts in query.to_args().items() for text in texts],
        columns=shown_columns(told_of(found), operations.wanted_columns(actor, query)),
        formats=list(reversed(FORMATS.items())),
        left=rules.rows_left(actor),
        kept_hours=in_force.kept_hours,
    )
