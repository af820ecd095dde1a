"""The fleet in numbers: overview, versions, queues and dead letters, usage."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import directory, revisions, transaction
from app.core.http.access import require
from app.core.http.console import OPERATOR
from app.core.http.forms import load_form
from app.core.jobs import dead_letters
from app.operators import ports
from app.operators.operations import fleet
from app.operators.operations.actor import OperatorActor
from app.operators.queries import accounts
from app.operators.queries import fleet as queries
from app.operators.schemas import ReplayForm
from app.operators.views.base import bp, present_actor
from app.operators.views.words import STATES


@bp.get("")
@require(OPERATOR)
def overview() -> str:
    return render_template(
        "operators/overview.html",
        states=[(STATES[state], state, count) for state, count in queries.count_states().items()],
        sums=queries.sum_queues(),
        platform=dead_letters.outbox_status(),
        usage=queries.sum_usage(),
        head=revisions.head("tenants"),
        versions=queries.count_versions(),
        announced=directory.announced(clock.now()),
        history_rows=accounts.list_audit()[:10],
    )


@bp.get("/fleet")
@require(OPERATOR)
def show_fleet() -> str:
    return render_template(
        "operators/fleet.html",
        versions=queries.count_versions(),
        head=revisions.head("tenants"),
        readable=sorted(revisions.readable(), reverse=True),
        platform_head=revisions.head("platform"),
        failures=queries.list_failures(),
        server=accounts.database_version(),
        runs=accounts.list_audit(action="fleet.migrated")[:5],
    )


@bp.post("/fleet/migrate")
@require(OPERATOR)
def migrate_fleet() -> BaseResponse:
    message = gettext("The ops worker migrates the fleet, a canary first.")
    return _asked(fleet.migrate_fleet, "operators.show_fleet", message)


@bp.get("/queues")
@require(OPERATOR)
def show_queues() -> str:
    return render_template(
        "operators/queues.html",
        lengths=ports.queue_lengths(),
        platform=dead_letters.outbox_status(),
        platform_dead=dead_letters.list_dead(),
        sums=queries.sum_queues(),
        queues=queries.list_queues(),
        dead=queries.list_dead(),
    )


@bp.post("/queues/look")
@require(OPERATOR)
def look_at_queues() -> BaseResponse:
    return _asked(fleet.look_at_queues, "operators.show_queues", gettext("The ops worker looks; reload in a moment."))


@bp.post("/queues/replay")
@require(OPERATOR)
def replay() -> BaseResponse:
    form = load_form(ReplayForm)
    with transaction():
        fleet.replay_dead(present_actor(), form["tenant"] or None, form["outbox"])
    flash(gettext("It is given another try."))
    return redirect(url_for("operators.show_queues"), 303)


@bp.get("/usage")
@require(OPERATOR)
def show_usage() -> str:
    rows, further = queries.list_usage(request.args.get("after", "")[:40])
    more = url_for("operators.show_usage", after=further) if further else None
    return render_template("operators/usage.html", rows=rows, sums=queries.sum_usage(), more=more)


@bp.post("/usage/count")
@require(OPERATOR)
def count_usage() -> BaseResponse:
    return _asked(fleet.count_usage, "operators.show_usage", gettext("The ops worker counts; reload in a moment."))


def _asked(order: Callable[[OperatorActor], None], endpoint: str, message: str) -> BaseResponse:
    with transaction():
        order(present_actor())
    flash(message)
    return redirect(url_for(endpoint), 303)
