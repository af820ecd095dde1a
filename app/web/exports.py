"""This view as a file: the press that asks for it, and the file once the job has made it."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, send_file, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.http.access import ANY_USER, require
from app.core.http.lists import asked
from app.core.http.rendering import select_timezone
from app.core.http.sessions import current_actor
from app.core.lists.exports import operations
from app.core.lists.spec import REGISTRY
from app.web.i18n import current_locale

bp = Blueprint("exports", __name__, template_folder="templates")


@bp.post("/lists/<list_name>/export")
@require(ANY_USER)
def start_export(list_name: str) -> Any:
    spec = REGISTRY.get(list_name)
    if spec is None:
        abort(404)
    args = {name: texts for name, texts in request.form.lists() if name not in ("format", "csrf_token")}
    query = asked(spec, args)
    with transaction():
        job = operations.start_export(
            current_actor(),
            query,
            chosen=request.form.get("format", ""),
            locale=current_locale(),
            timezone=select_timezone() or "UTC",
        )
    flash(gettext("The file is being made. You can go on working: it waits among the jobs."), "info")
    return redirect(url_for("jobs.show_job", job_id=to_public("job", job.id)), 303)


@bp.get("/exports/<export_id>/file")
@require(ANY_USER)
def download_export(export_id: str) -> Response:
    with transaction():
        row, data = operations.exported_file(current_actor(), from_public("job", export_id))
        name, media_type = row.name, row.media_type
    return send_file(io.BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name, max_age=0)
