"""The deal jacket: the papers of a deal, what became of each, and what is still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor
from app.core.languages import language_choices
from app.sales.documents.making import policy_of
from app.sales.models import Deal
from app.sales.operations.documents import CREATE, SIGN, VOID
from app.sales.queries import documents as papers
from app.sales.queries.documents import Paper
from app.sales.rules.documents import (
    BROUGHT,
    KIND_LABELS,
    MADE,
    SENDABLE,
    SIGNABLE,
    STATE_LABELS,
    DocumentKind,
    DocumentState,
    Stage,
    missing_kinds,
)
from app.sales.views.panels.parts import Panel
from app.tenants import queries as tenants

TONES = {
    DocumentState.CURRENT: "blue",
    DocumentState.SIGNED: "green",
    DocumentState.SUPERSEDED: "neutral",
    DocumentState.VOIDED: "red",
}


def fill(actor: Actor, deal: Deal) -> Mapping[str, Any] | None:
    """What the card shows; nothing to whoever does not see the deal's papers."""
    if not papers.sees_documents(actor, deal):
        return None
    found, may_void = papers.papers_of(deal.id), papers.may(actor, deal, VOID)
    may_create, may_sign = papers.may(actor, deal, CREATE), papers.may(actor, deal, SIGN)
    makers = {paper.document.made_by for paper in found if paper.document.made_by}
    names = {row.id: row.name for row in tenants.list_names(makers, ())} if makers else {}
    rows = [_row(paper, names, may_create=may_create, may_sign=may_sign, may_void=may_void) for paper in found]
    return {
        "public_id": to_public("deal", deal.id),
        "rows": [row for row in rows if row["stands"]],
        "older": [row for row in rows if not row["stands"]],
        "may_create": may_create,
        "kinds": [(kind.value, gettext(KIND_LABELS[kind])) for kind in MADE if kind != DocumentKind.DELIVERY_CHECKLIST],
        "brought": [(kind.value, gettext(KIND_LABELS[kind])) for kind in BROUGHT],
        "languages": language_choices(),
        "missing": [gettext(KIND_LABELS[kind]) for kind in _missing(deal, found)],
    }


def _row(paper: Paper, names: Mapping[Any, str], *, may_create: bool, may_sign: bool, may_void: bool) -> dict[str, Any]:
    document, state = paper.document, paper.state
    stands = state in (DocumentState.CURRENT, DocumentState.SIGNED)
    return {
        "id": to_public("doc", document.id),
        "kind": gettext(KIND_LABELS[document.kind]),
        "edition": document.edition,
        "state": (TONES[state], gettext(STATE_LABELS[state])),
        "stands": stands,
        "ours": document.kind in SENDABLE,
        "locale": document.locale,
        "at": document.made_at,
        "by": names.get(document.made_by),
        "signed_at": paper.signed.at if paper.signed else None,
        "sent_at": paper.sent_at,
        "opened_at": paper.opened_at,
        "may_sign": may_sign and document.kind in SIGNABLE and state is DocumentState.CURRENT,
        "may_send": may_create and document.kind in SENDABLE and stands,
        "may_void": may_void and state is not DocumentState.VOIDED,
    }


def _missing(deal: Deal, found: list[Paper]) -> tuple[str, ...]:
    """What the next stage still waits for; nothing once the vehicle is delivered."""
    if deal.delivered_on is not None:
        return ()
    gates = policy_of(deal).gates
    wanted = dict.fromkeys((*gates.get(Stage.SOLD, ()), *gates.get(Stage.DELIVERED, ())))
    return missing_kinds(wanted, ((paper.document.kind, paper.state) for paper in found))


PANEL = Panel("sales/panels/documents.html", "side", fill)
