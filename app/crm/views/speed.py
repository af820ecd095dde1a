"""The page of speed: how fast leads that came by themselves were answered, by store, source and person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask import request, url_for
from flask_babel import gettext

from app.core import clock
from app.core.db.ids import from_public, to_public
from app.core.errors import Invalid
from app.core.guard.permissions import allows
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.crm.lists.leads import clock_words
from app.crm.queries import speed
from app.crm.rules.leads import SOURCE_LABELS, WAITING_CHANNELS
from app.crm.rules.speed import Speed
from app.crm.schemas.speed import SpanArguments, days_of
from app.crm.views.lead_pages import lead_choices
from app.crm.views.pages import bp


@bp.get("/leads/speed")
@require("lead.see")
def show_speed():
    actor, error = current_actor(), None
    try:
        asked = load_form(SpanArguments, request.args)
    except Invalid as refusal:
        asked, error = {}, refusal
    since, until = days_of(asked)
    store = asked.get("store")
    span = speed.Span(since, until, from_public("store", store) if store else None)
    found = speed.speeds(actor, span, clock.now())

    def rows(kind: str, groups: Iterable[tuple[Any, Speed]]) -> list[dict[str, Any]]:
        return [_row(one, *_named(kind, key, found.names), span, kind) for key, one in groups]

    return render_form(
        "crm/lead_speed.html",
        error,
        values={"since": since.isoformat(), "until": until.isoformat(), "store": store or ""},
        shown=request.args,
        stores=lead_choices()["store"],
        of_all=allows(actor, "lead.export"),
        total=_row(found.total, "", None, span, ""),
        tables=[
            (gettext("By store"), gettext("Store"), rows("store", found.by_store.items())),
            (gettext("By source"), gettext("Source"), rows("source", found.by_source.items())),
            (gettext("By person"), gettext("Assignee"), rows("assignee", found.by_person.items())),
        ],
    )


def _named(kind: str, key: Any, names: Any) -> tuple[str, str | None]:
    """What a group is called, and the word by which the list of leads knows it."""
    if kind == "source":
        return gettext(SOURCE_LABELS[key]), key
    if key is None:
        return gettext("Nobody's"), "none"
    return names.get(key, "…"), to_public("store" if kind == "store" else "usr", key)


def _row(one: Speed, label: str, word: str | None, span: speed.Span, kind: str) -> dict[str, Any]:
    args: dict[str, Any] = {"channel": sorted(WAITING_CHANNELS), **_days(span.since, span.until)}
    if span.store_id is not None:
        args["store"] = to_public("store", span.store_id)
    if word is not None:
        args[kind] = word
    return {
        "label": label,
        "count": one.waits.count,
        "answered": one.waits.answered,
        "median": _clock(one.waits.median),
        "p90": _clock(one.waits.p90),
        "share": one.share,
        "url": url_for("crm.list_leads", **args),
    }


def _days(since: date, until: date) -> dict[str, str]:
    return {"received_from": since.isoformat(), "received_to": until.isoformat()}


def _clock(lasted: timedelta | None) -> str | None:
    return None if lasted is None else clock_words(lasted)
