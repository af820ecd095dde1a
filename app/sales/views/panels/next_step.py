"""What is to be done next with a deal: the one button in the desk's foot, and the hint beside its discount."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from flask import url_for
from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor, covers
from app.core.money import plain_amount
from app.sales import queries
from app.sales.documents.making import policy_of
from app.sales.models import Deal
from app.sales.operations.documents import CREATE, SIGN
from app.sales.operations.moving import missing_for
from app.sales.queries import applications, approvals, receivables, sheets
from app.sales.queries import documents as papers
from app.sales.rules.approvals import Figures, exceeded
from app.sales.rules.documents import SIGNABLE, DocumentKind, DocumentState, Stage
from app.sales.rules.guards import Step, steps_between
from app.sales.rules.scenarios import ScenarioKind
from app.sales.rules.sheet import Sheet
from app.sales.rules.status import AGREED, CLAIMING, ENDED, DealStatus
from app.sales.views.panels import approval as approval_card

# A deal is agreed with one of these under it.
BINDING = (DocumentKind.CONTRACT, DocumentKind.BUYERS_ORDER)


@dataclass(frozen=True)
class NextStep:
    """A button: a link to a page, a form of its own that is posted with `fields`, or the sending of another `form`.

    Of the form "sheet" what is typed is saved first, and then `then` is done.
    """

    label: str
    url: str
    icon: str = "arrow-right"
    method: Literal["get", "post"] = "get"
    fields: Mapping[str, str] = field(default_factory=dict)
    form: str = ""
    amount: Decimal | None = None
    then: str = ""


def quote(actor: Actor, deal: Deal) -> NextStep | None:
    """Sending the buyer what stands on the worksheet, as long as it is not what he was sent last."""
    if not _may_change(actor, deal) or not papers.may(actor, deal, CREATE) or _has_quote(deal):
        return None
    label = gettext("Send quote") if deal.customer_id else gettext("Make quote")
    return _save_and(deal, label, "send", "quote")


def approval(actor: Actor, deal: Deal) -> NextStep | None:
    """Approving what somebody else asks for, or asking for it."""
    found = approval_card.PANEL.fill(actor, deal) if deal.status not in ENDED else None
    if found is None:
        return None
    for request in found["requests"]:
        if request["may_decide"]:
            url = url_for("sales.approve", approval_id=request["id"])
            return NextStep(gettext("Approve"), url, "check", "post", {"digest": request["digest"]})
    if found["may_ask"] and _may_change(actor, deal):
        return _save_and(deal, gettext("Request approval"), "mail", "ask")
    return None


def agreement(actor: Actor, deal: Deal) -> NextStep | None:
    """Having the buyer sign what binds him, or writing down that it is agreed."""
    if not _may_change(actor, deal) or _is_taken(deal):
        return None
    missing = missing_for(actor, deal, steps_between(DealStatus(deal.status), DealStatus.SOLD))
    wanted = [kind for kind in _missing_papers(deal, Stage.SOLD) if kind in SIGNABLE]
    if len(missing) > len(wanted):
        return None
    found = papers.papers_of(deal.id)
    waiting = [
        paper for paper in found
        if paper.state is DocumentState.CURRENT and paper.document.kind in (wanted or BINDING)
    ]  # fmt: skip
    if waiting and papers.may(actor, deal, SIGN):
        paper_id = to_public("doc", waiting[0].document.id)
        return NextStep(gettext("Sign"), url_for("sales.edit_signature", document_id=paper_id, then="agree"), "pencil")
    if wanted:
        if not papers.may(actor, deal, CREATE):
            return None
        url = url_for("sales.make_document", deal_id=_id(deal))
        return NextStep(gettext("Make and sign"), url, "pencil", "post", {"kind": wanted[0], "then": "sign"})
    return _save_and(deal, gettext("Agree"), "check", "agree")


def lender(actor: Actor, deal: Deal) -> NextStep | None:
    """Asking who is to pay, where the buyer pays by and by and nobody was asked."""
    if deal.status not in AGREED or deal.customer_id is None or not _covers(actor, "application.create", deal):
        return None
    way = sheets.desk_of(actor, deal).way
    if way is None or way.scenario.kind is ScenarioKind.CASH or applications.list_applications(deal.id):
        return None
    return NextStep(gettext("Ask a lender"), url_for("sales.new_application", deal_id=_id(deal)), "send")


def payment(actor: Actor, deal: Deal) -> NextStep | None:
    """Taking what the buyer still owes, the way the card of payments says."""
    if deal.status not in AGREED:
        return None
    if not (_covers(actor, "payment.see", deal) and _covers(actor, "payment.create", deal)):
        return None
    owed = receivables.balance_of(deal).from_buyer
    if owed <= 0:
        return None
    url = url_for("sales.take_payment", deal_id=_id(deal))
    return NextStep(gettext("Take payment"), url, "cash", "post", form="take-payment", amount=owed)


def delivery(actor: Actor, deal: Deal) -> NextStep | None:
    """Handing the vehicle over today, once what the store wants in the jacket is there."""
    if deal.status not in AGREED or deal.delivered_on is not None or not _covers(actor, "deal.deliver", deal):
        return None
    if DocumentKind.DELIVERY_CHECKLIST in _missing_papers(deal, Stage.DELIVERED) and papers.may(actor, deal, CREATE):
        url = url_for("sales.edit_checklist", deal_id=_id(deal))
        return NextStep(gettext("Delivery checklist"), url, "clipboard")
    if missing_for(actor, deal, (Step.DELIVERED,)):
        return None
    url = url_for("sales.deliver_deal", deal_id=_id(deal))
    return NextStep(gettext("Deliver"), url, "check", "post", {"version": str(deal.version)})


def limit_hint(actor: Actor, deal: Deal, sheet: Sheet) -> str | None:
    """How much somebody may give away alone, or that it is more than that."""
    limits = approvals.limits_at(actor, deal.store_id)
    bounds = [limits.discount_amount]
    if limits.discount_percent is not None:
        bounds.append(sheet.price * limits.discount_percent / 100)
    known = [bound for bound in bounds if bound is not None]
    if not known:
        return None
    most = f"{plain_amount(min(known), deal.currency)} {deal.currency}"
    if exceeded(Figures(sheet.price, sheet.discount), limits):
        return gettext("More than %(amount)s needs an approval", amount=most)
    return gettext("Up to %(amount)s without an approval", amount=most)


def _covers(actor: Actor, permission: str, deal: Deal) -> bool:
    return covers(actor, permission, owner_id=deal.salesperson_id, store_id=deal.store_id)


def _may_change(actor: Actor, deal: Deal) -> bool:
    return not sheets.is_frozen(deal) and _covers(actor, "deal.edit", deal)


def _is_taken(deal: Deal) -> bool:
    """Whether another deal has the unit."""
    return deal.status not in CLAIMING and queries.find_claiming_deal(deal.stock_unit_id) is not None


def _missing_papers(deal: Deal, stage: Stage) -> tuple[str, ...]:
    """The papers the store wants for that stage and the jacket has not."""
    return papers.missing_documents(policy_of(deal), deal.id, stage.value)


def _has_quote(deal: Deal) -> bool:
    """Whether the last quote was made after the worksheet was last saved."""
    row = sheets.find_chosen(deal.id)
    return row is not None and any(
        paper.document.kind == DocumentKind.QUOTE and paper.document.made_at >= row.updated_at
        for paper in papers.papers_of(deal.id)
        if paper.state in (DocumentState.CURRENT, DocumentState.SIGNED)
    )


def _save_and(deal: Deal, label: str, icon: str, then: str) -> NextStep:
    return NextStep(label, url_for("sales.save_worksheet", deal_id=_id(deal)), icon, "post", form="sheet", then=then)


def _id(deal: Deal) -> str:
    return to_public("deal", deal.id)


# The first that has something to say to this actor is the one.
NEXT_STEPS: tuple[Callable[[Actor, Deal], NextStep | None], ...] = (
    approval, quote, agreement, lender, payment, delivery,
)  # fmt: skip
# What is said below the discount, as the worksheet stands in the form: what a person may give away alone.
DISCOUNT_HINTS: tuple[Callable[[Actor, Deal, Sheet], str | None], ...] = (limit_hint,)


def next_step(actor: Actor, deal: Deal) -> NextStep | None:
    """The next step of the deal that this actor may take."""
    return next((step for find in NEXT_STEPS if (step := find(actor, deal)) is not None), None)


def discount_hint(actor: Actor, deal: Deal, sheet: Sheet) -> str | None:
    """What is said below the discount."""
    return next((text for hint in DISCOUNT_HINTS if (text := hint(actor, deal, sheet))), None)
