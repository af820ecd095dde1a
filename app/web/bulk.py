"""Changes of many rows: the press in a list's bar, and what is said of the rows that stayed as they are."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.guard import undo
from app.core.guard.models import Undo
from app.core.http.access import ANY_USER, require
from app.core.http.lists import asked, list_address
from app.core.http.problems import field_words
from app.core.http.rendering import select_timezone
from app.core.http.sessions import current_actor
from app.core.http.stepup import demand_factor
from app.core.http.undo import PREFIX, flash_undo
from app.core.jobs.models import Job
from app.core.lists.bulk import changing, steps
from app.core.lists.query import ListQuery
from app.core.lists.spec import REGISTRY, BulkAction
from app.tenants.operations.samples import REMOVE
from app.web import find

bp = Blueprint("bulk", __name__, template_folder="templates")
OWN = ("csrf_token", "id", "all")


@bp.post("/lists/<list_name>/bulk/<action_key>")
@require(ANY_USER)
def change_many(list_name: str, action_key: str) -> Response:
    spec = REGISTRY.get(list_name)
    if spec is None:
        raise NotFound
    actor = current_actor()
    action = changing.action_of(actor, spec, action_key)
    if action.proof:
        demand_factor()
    fields = {field.name for other in spec.bulk for field in other.fields}
    args = {name: texts for name, texts in request.form.lists() if name not in {*OWN, *fields}}
    query = asked(spec, args)
    try:
        return _change(query, action)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        flash(" ".join(text for texts in field_words(error).values() for text in texts), "error")
        return redirect(list_address(spec, query), 303)


def _change(query: ListQuery, action: BulkAction) -> Response:
    actor, spec, zone = current_actor(), query.spec, select_timezone() or "UTC"
    sent = {field.name: request.form.get(field.name, "") for field in action.fields}
    values = changing.read_fields(action, sent)
    if request.form.get("all"):
        ids, chosen = changing.matching_ids(actor, query, timezone=zone, after=None, most=changing.AT_ONCE + 1), None
    else:
        ids = chosen = changing.row_ids(spec, request.form.getlist("id"))
    if not ids:
        flash(gettext("Choose at least one row first."), "warning")
        return redirect(list_address(spec, query), 303)
    if len(ids) > changing.AT_ONCE:
        with transaction():
            job = steps.start_change(actor, query, action.key, sent, ids=chosen, timezone=zone)
        flash(gettext("The rows are being changed. You can go on working: it waits among the jobs."), "info")
        return redirect(_job(job), 303)
    with transaction():
        outcome = changing.change_rows(actor, action, ids, values)
        undo.offer_many(actor, outcome.offers)
        kept = steps.record_change(actor, spec, action.key, outcome) if outcome.skipped else None
    flash_undo(_said(outcome.changed, len(outcome.skipped)))
    return redirect(list_address(spec, query) if kept is None else _job(kept), 303)


def skipped_rows(job: Job) -> list[dict[str, Any]]:
    """The rows a change left as they are: each with its page and the reason."""
    rows = job.result.get("rows", ()) if job.kind in (steps.KIND, REMOVE) else ()
    names: dict[str, Any] = {}
    for prefix in {row["id"].partition("_")[0] for row in rows}:
        ids = {from_public(prefix, row["id"]) for row in rows if row["id"].startswith(f"{prefix}_")}
        found = find.named(current_actor(), prefix, ids)
        names.update({to_public(prefix, key): item for key, item in found.items()})
    return [
        {
            "record": names.get(row["id"]),
            "reason": gettext(row["message"]).format(**{name: _word(text) for name, text in row["params"].items()}),
        }
        for row in rows
    ]


def undo_address(job: Job) -> str | None:
    """Where a long change is taken back, for whoever made it and as long as it can be."""
    offered = job.result.get("undo") if job.kind == steps.KIND else None
    row = db.session.get(Undo, uuid.UUID(offered)) if offered else None
    if row is None or row.user_id != current_actor().user_id or row.used_at or row.expires_at <= clock.now():
        return None
    return url_for("undo.take_back", undo_id=to_public(PREFIX, row.id))


def _word(text: str) -> str:
    """States are told by their marked names."""
    return gettext(text) if text else text


def _said(changed: int, skipped: int) -> str:
    done = ngettext("%(num)s changed", "%(num)s changed", changed)
    if not skipped:
        return f"{done}."
    left = ngettext("%(num)s skipped", "%(num)s skipped", skipped)
    return gettext("%(changed)s, %(skipped)s: see below why.", changed=done, skipped=left)


def _job(job: Job) -> str:
    return url_for("jobs.show_job", job_id=to_public("job", job.id))
