"""Pages of imports: upload, map, dry run, run, failed rows, undo."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from app.core.db import db, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import N_, DomainError, FieldError, Invalid, NotFound
from app.core.guard.permissions import Actor, allows
from app.core.http.access import require
from app.core.http.forms import render_form
from app.core.http.lists import list_view
from app.core.http.problems import words
from app.core.http.sessions import current_actor
from app.core.jobs.imports import failures, kinds, mapping, operations
from app.core.jobs.imports.kinds import ImportKind
from app.core.jobs.imports.models import ImportState, Outcome
from app.core.jobs.models import Job
from app.web.import_columns import columns_page, kind_of, typed_mapping
from app.web.job_words import shown_job
from app.web.work_lists import IMPORT_STATES, IMPORTS, people_choices

bp = Blueprint("imports", __name__, template_folder="templates")

OUTCOMES = {
    Outcome.CREATED: N_("Taken in"),
    Outcome.DUPLICATE: N_("There already"),
    Outcome.CONFLICT: N_("In conflict"),
    Outcome.FAILED: N_("Failed"),
    Outcome.UNDONE: N_("Undone"),
}
MAPPABLE = (ImportState.UPLOADED, ImportState.CHECKED)


@bp.get("/imports")
@require("import.see")
def list_imports() -> Response:
    return list_view(IMPORTS, "web/imports/list.html", choices=people_choices(current_actor()))


@bp.get("/imports/new")
@require("import.create")
def new_import() -> Any:
    return render_form("web/imports/new.html", kinds=offered_kinds(current_actor()))


@bp.post("/imports")
@require("import.create")
def create_import() -> Any:
    try:
        upload: FileStorage | None = request.files.get("file")
        if upload is None or not upload.filename:
            raise Invalid([FieldError("file", "required", N_("Choose a file."))])
        with upload.stream as stream, transaction():
            made = operations.create_import(
                current_actor(), kind=_chosen_kind(), stream=stream, file_name=upload.filename
            )
    except DomainError as error:
        return render_form("web/imports/new.html", error, kinds=offered_kinds(current_actor()))
    return redirect(url_for("imports.edit_columns", import_id=to_public("imp", made.id)), 303)


@bp.get("/imports/<import_id>")
@require("import.see")
def show_import(import_id: str) -> Any:
    return _page(from_public("imp", import_id))


@bp.get("/imports/<import_id>/columns")
@require("import.create")
def edit_columns(import_id: str) -> Any:
    found = operations.get_import(current_actor(), from_public("imp", import_id))
    return columns_page(found, mapping.loaded(found.mapping))


@bp.post("/imports/<import_id>/columns")
@require("import.create")
def save_columns(import_id: str) -> Any:
    actor, key = current_actor(), from_public("imp", import_id)
    found = operations.get_import(actor, key)
    kind = kind_of(found)
    typed = typed_mapping(kind.offered(actor))
    try:
        version = int(request.form.get("version", "0")) if request.form.get("version", "0").isdigit() else 0
        with transaction():
            operations.map_columns(
                actor, key, version=version, columns=typed.columns, defaults=typed.defaults, values=typed.values
            )
            if request.form.get("then") == "check":
                operations.start_check(actor, key)
    except DomainError as error:
        db.session.refresh(found)
        return columns_page(found, typed, error)
    if request.form.get("then") == "check":
        return redirect(_address(key), 303)
    flash(gettext("The columns were saved."))
    return redirect(url_for("imports.edit_columns", import_id=import_id), 303)


@bp.post("/imports/<import_id>/check")
@require("import.create")
def check_import(import_id: str) -> Any:
    return _begin(import_id, operations.start_check)


@bp.post("/imports/<import_id>/run")
@require("import.create")
def run_import(import_id: str) -> Any:
    return _begin(import_id, operations.start_run)


@bp.post("/imports/<import_id>/undo")
@require("import.create")
def undo_import(import_id: str) -> Any:
    return _begin(import_id, operations.start_undo)


@bp.get("/imports/<import_id>/failed-rows")
@require("import.see")
def download_failed_rows(import_id: str) -> Response:
    actor, key = current_actor(), from_public("imp", import_id)
    found = operations.get_import(actor, key)
    kind = kind_of(found)
    data = failures.write_failed_rows(actor, key, gettext("Why it was not taken"), lambda e: reason_of(kind, e))
    answer = Response(data, mimetype="text/csv")
    name = f"{found.file_name.partition('.')[0]}-{gettext('failed rows')}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _begin(import_id: str, start: Any) -> Any:
    key = from_public("imp", import_id)
    try:
        with transaction():
            start(current_actor(), key)
    except Invalid as error:
        found = operations.get_import(current_actor(), key)
        return columns_page(found, mapping.loaded(found.mapping), error)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return _page(key, error)
    return redirect(_address(key), 303)


def _page(import_id: uuid.UUID, error: DomainError | None = None) -> Any:
    actor = current_actor()
    found = operations.get_import(actor, import_id)
    kind = kind_of(found)
    job = db.session.get(Job, found.job_id) if found.job_id else None
    kept = found.file_id is not None
    return render_form(
        "web/imports/show.html",
        error,
        item=found,
        public_id=to_public("imp", found.id),
        kind=gettext(kind.label),
        state=gettext(IMPORT_STATES[ImportState(found.state)]),
        job=shown_job(job) if job is not None else None,
        counts=[(str(key), gettext(label), found.counts.get(key)) for key, label in OUTCOMES.items()],
        failed=[
            {
                "row": row,
                "outcome": gettext(OUTCOMES[Outcome(row.outcome)]),
                "reasons": [reason_of(kind, item) for item in row.errors],
            }
            for row in failures.failed_rows(actor, import_id)
        ]
        if found.state != ImportState.UPLOADED
        else [],
        mappable=found.state in MAPPABLE and kept,
        undoable=found.state == ImportState.DONE and bool(found.counts.get(Outcome.CREATED)),
        kept=kept,
    )


def reason_of(kind: ImportKind, error: Mapping[str, Any]) -> str:
    label = next((gettext(item.label) for item in kind.fields if item.key == error["field"]), None)
    told = words(error["message"], error["params"])
    return gettext("%(field)s: %(problem)s", field=label, problem=told) if label else told


def _chosen_kind() -> str:
    key = request.form.get("kind", "")
    if key not in {value for value, _ in offered_kinds(current_actor())}:
        raise Invalid([FieldError("kind", "not_offered", N_("Choose one of the offered values."))])
    return key


def offered_kinds(actor: Actor) -> list[tuple[str, str]]:
    """What `actor` may import."""
    return [
        (kind.key, gettext(kind.label))
        for kind in kinds.kinds().values()
        if all(allows(actor, permission) for permission in kind.permissions)
    ]


def _address(import_id: uuid.UUID) -> str:
    return url_for("imports.show_import", import_id=to_public("imp", import_id))
