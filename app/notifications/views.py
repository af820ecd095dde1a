"""The inbox's pages: what stands there, done and back again, and what one wants to be told."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.errors import DomainError
from app.core.http.access import ANY_USER, require
from app.core.http.forms import load_form, render_form
from app.core.http.lists import list_view
from app.core.http.sessions import current_actor, own_path
from app.core.http.undo import flash_undo
from app.core.jobs.topics import CHANNELS, INBOX, MAIL, Topic, declared_topics
from app.notifications import queries
from app.notifications.errors import OpenAlready
from app.notifications.lists import INBOX as ITEMS
from app.notifications.operations import inbox, wishes
from app.notifications.schemas import NextForm, UntilForm, WishesForm

bp = Blueprint("notifications", __name__, template_folder="templates")


@bp.get("/inbox")
@require(ANY_USER)
def show_inbox() -> Response:
    return list_view(ITEMS, "notifications/inbox.html", here=request.full_path.rstrip("?"))


@bp.post("/inbox/<item_id>/read")
@require(ANY_USER)
def read_item(item_id: str) -> BaseResponse:
    form = load_form(NextForm)
    with transaction():
        inbox.mark_read(current_actor(), from_public("ntf", item_id))
    return _back(form["next"])


@bp.post("/inbox/<item_id>/done")
@require(ANY_USER)
def finish_item(item_id: str) -> BaseResponse:
    form = load_form(NextForm)
    actor, key = current_actor(), from_public("ntf", item_id)
    with transaction():
        inbox.mark_done(actor, key)
    flash_undo(gettext("Done. It stays among the done ones."))
    return _back(form["next"])


@bp.post("/inbox/<item_id>/open")
@require(ANY_USER)
def reopen_item(item_id: str) -> BaseResponse:
    form = load_form(NextForm)
    try:
        with transaction():
            inbox.open_again(current_actor(), from_public("ntf", item_id))
        flash(gettext("It is open again."))
    except OpenAlready as problem:
        flash(gettext(problem.message), "warning")
    return _back(form["next"])


@bp.post("/inbox/read")
@require(ANY_USER)
def read_all() -> BaseResponse:
    form = load_form(UntilForm)
    with transaction():
        inbox.mark_all_read(current_actor(), form["until"])
    return _back(form["next"])


@bp.post("/inbox/done")
@require(ANY_USER)
def finish_all() -> BaseResponse:
    form, actor = load_form(UntilForm), current_actor()
    with transaction():
        count = inbox.mark_all_done(actor, form["until"])
    flash_undo(ngettext("%(num)s notification is done.", "%(num)s notifications are done.", count))
    return _back(form["next"])


@bp.get("/inbox/preferences")
@require(ANY_USER)
def show_preferences() -> str | Response:
    wanted = queries.list_wishes(current_actor().user_id)
    ticked = [f"{key}:{channel}" for key, names in wanted.items() for channel in names]
    return render_form("notifications/preferences.html", values={"wanted": ticked}, **_matrix())


@bp.post("/inbox/preferences")
@require(ANY_USER)
def save_preferences() -> str | Response | BaseResponse:
    try:
        form = load_form(WishesForm)
        chosen = {(topic, channel) for topic, _, channel in (text.partition(":") for text in form["wanted"])}
        with transaction():
            wishes.choose(current_actor(), chosen)
    except DomainError as error:
        return render_form("notifications/preferences.html", error, **_matrix())
    flash(gettext("Saved."))
    return redirect(url_for("notifications.show_preferences"), 303)


def _matrix() -> dict[str, Any]:
    groups: dict[str, list[Topic]] = {}
    for topic in declared_topics().values():
        groups.setdefault(topic.group, []).append(topic)
    names = {INBOX: gettext("Inbox"), MAIL: gettext("Mail")}
    return {"groups": groups, "channels": [(channel, names[channel]) for channel in CHANNELS]}


def _back(path: str | None) -> BaseResponse:
    """To the page the change was made on; a script that only reports needs none."""
    if request.headers.get("Sec-Fetch-Mode") == "cors" and "HX-Request" not in request.headers:
        return Response(status=204)
    return redirect(own_path(path) if path else url_for("notifications.show_inbox"), 303)
