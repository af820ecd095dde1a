"""Pages of approvals: asking for one, the page a mail opens, and the two buttons."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import covers
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.forms import load_form, render_form
from app.core.http.sessions import current_actor
from app.sales.models import Approval
from app.sales.operations import approvals
from app.sales.rules.approvals import LIMIT_LABELS, REQUEST_LABELS, Limit, RequestState
from app.sales.schemas.moves import AskForm, DecisionForm
from app.sales.views.pages import bp, deal_page, to_deal
from app.tenants import queries as tenants

PAGE = "sales/approval.html"


@bp.post("/deals/<deal_id>/approval")
@require("deal.edit")
def ask_approval(deal_id: str):
    key = from_public("deal", deal_id)
    try:
        data = load_form(AskForm)
        with transaction():
            approvals.ask_approval(actor=current_actor(), deal_id=key, **data)
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return deal_page(key, error)
    flash(gettext("The approval is asked for."))
    return to_deal(key)


@bp.get("/approvals/<approval_id>")
@require("deal.see")
def show_approval(approval_id: str):
    return _page(from_public("apv", approval_id))


@bp.post("/approvals/<approval_id>/approve")
@require("deal.approve")
def approve(approval_id: str):
    return _decide(approval_id, True, gettext("The figures are approved."))


@bp.post("/approvals/<approval_id>/decline")
@require("deal.approve")
def decline(approval_id: str):
    return _decide(approval_id, False, gettext("The figures are declined."))


def _decide(approval_id: str, yes: bool, said: str) -> Any:
    key = from_public("apv", approval_id)
    try:
        data = load_form(DecisionForm)
        back = data.pop("back")
        with transaction():
            row = approvals.decide(actor=current_actor(), approval_id=key, approve=yes, **data)
            deal_id = row.deal_id
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        return _page(key, error)
    flash(said)
    return redirect(url_for("web.home"), 303) if back == "today" else to_deal(deal_id)


def _page(key: uuid.UUID, error: DomainError | None = None) -> Any:
    actor = current_actor()
    deal, row = approvals.find_request(actor, key)
    outdated = row.state == RequestState.WAITING and approvals.is_outdated(deal, row)
    is_his = covers(actor, "deal.approve", owner_id=deal.salesperson_id, store_id=deal.store_id)
    mark = request.args.get("key", "")
    return render_form(
        PAGE,
        error,
        deal=deal,
        deal_url=url_for("sales.show_deal", deal_id=to_public("deal", deal.id)),
        approval=row,
        approval_id=to_public("apv", row.id),
        state=gettext(REQUEST_LABELS[row.state]),
        outdated=outdated,
        lines=lines_of(row),
        seen=approvals.seen_mark(row),
        asked_by=tenants.get_user_name(row.asked_by) if row.asked_by else None,
        decided_by=tenants.get_user_name(row.decided_by) if row.decided_by else None,
        may_decide=row.state == RequestState.WAITING and is_his and row.asked_by != actor.user_id and not outdated,
        # A mail asks one question; who came from there finds one button.
        by_mail=bool(mark) and approvals.is_link_of(row, actor.user_id, mark),
        old_link=bool(mark) and not approvals.is_link_of(row, actor.user_id, mark),
    )


def lines_of(row: Approval) -> list[dict[str, Any]]:
    """The limits of a request in words, with how far beyond for whoever may see it."""
    measures = row.measures if policy_for(current_actor()).may_query("approval", "measures") else {}
    return [
        {
            "label": gettext(LIMIT_LABELS[limit]),
            "is_percent": limit == Limit.DISCOUNT_PERCENT,
            **{name: Decimal(measures[limit][name]) if limit in measures else None for name in ("allowed", "asked")},
        }
        for limit in row.limits
    ]
