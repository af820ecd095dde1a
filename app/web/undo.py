"""The press on a message's "Undo"."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.guard import undo
from app.core.http.access import ANY_USER, require
from app.core.http.problems import sentence
from app.core.http.sessions import current_actor, own_path
from app.core.http.undo import PREFIX

bp = Blueprint("undo", __name__, template_folder="templates")


@bp.post("/undo/<undo_id>")
@require(ANY_USER)
def take_back(undo_id: str) -> Response:
    try:
        with transaction():
            taken = undo.take_back(current_actor(), from_public(PREFIX, undo_id))
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        flash(sentence(error), "warning")
    else:
        _say(taken)
    return redirect(own_path(request.form.get("next")), 303)


def _say(taken: undo.TakenBack) -> None:
    if taken.later:
        flash(gettext("It is being taken back. You can go on working: it waits among the jobs."), "info")
        return
    if not taken.refusals:
        flash(ngettext("Taken back.", "%(num)s changes were taken back.", taken.done))
        return
    left = ngettext("%(num)s stays as it is", "%(num)s stay as they are", len(taken.refusals))
    done = ngettext("%(num)s change was taken back", "%(num)s changes were taken back", taken.done)
    flash(f"{done}, {left}: {sentence(taken.refusals[0])}", "warning")
