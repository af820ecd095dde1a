"""What stands on each kind of paper: who with whom, which vehicle, the figures, the terms, and where to sign."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext

from app.core import clock
from app.core.db import current_tenant
from app.core.errors import N_, NotFound
from app.core.guard.permissions import Actor
from app.core.guard.policy import Sight, policy_for
from app.crm import queries as crm
from app.inventory import queries as inventory
from app.sales.documents.figures import Figures, payment_blocks, price_block
from app.sales.documents.writing import Hand
from app.sales.models import Deal
from app.sales.rules.documents import KIND_LABELS, DocumentKind, PaperPolicy
from app.tenants import queries as tenants

# What stands below where a dealership has written nothing of its own.
TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    DocumentKind.QUOTE: (
        N_("This quote is not binding. The vehicle may be sold to somebody else until an order is signed."),
        N_("Figures of a loan or a lease depend on the lender's approval."),
    ),
    DocumentKind.BUYERS_ORDER: (
        N_("The buyer orders the vehicle described above at the price and on the conditions stated here."),
        N_("The order binds both sides once both have signed it."),
    ),
    DocumentKind.CONTRACT: (
        N_("The seller sells the vehicle described above to the buyer at the price stated here."),
        N_("The seller states that the vehicle is its property and free of rights of others."),
        N_("The buyer has seen the vehicle and takes it in the condition described to him."),
    ),
    DocumentKind.DELIVERY_CHECKLIST: (
        N_("The buyer has received the vehicle with what is ticked above, and its controls were explained to him."),
    ),
}
ITEMS: Final = (
    N_("All keys"),
    N_("Registration papers"),
    N_("Proof of insurance"),
    N_("Owner's manual and service book"),
    N_("Number plates fitted"),
    N_("Spare wheel or repair kit, and tools"),
    N_("Outside without damage"),
    N_("Inside clean and without damage"),
    N_("Controls and assistance explained"),
    N_("Telephone connected"),
    N_("Warranty explained"),
    N_("First service arranged"),
)
_LONGEST_PARAGRAPH: Final = 4_000


def language_for(actor: Actor, deal: Deal, spoken: Sequence[str]) -> str:
    """The language a paper is made in unless another is asked for: the customer's, else the dealership's."""
    language = ""
    with suppress(NotFound):
        language = crm.get_customer(actor, deal.customer_id).language if deal.customer_id else ""
    known = [code for code in (language.partition("-")[0], current_tenant().locale.partition("-")[0]) if code in spoken]
    return known[0] if known else "en"


def compose(
    actor: Actor,
    deal: Deal,
    kind: str,
    edition: int,
    figures: Figures,
    policy: PaperPolicy,
    hand: Hand,
    *,
    ticks: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The paper as `app.core.printing` takes it, in the language of `hand`; `ticks` is what a delivery was."""
    store = tenants.get_store(deal.store_id)
    with hand.speaking():
        title = gettext(KIND_LABELS[kind])
        number = gettext("No. %(number)s", number=deal.deal_number)
        issue = gettext("Edition %(edition)s of %(day)s", edition=edition, day=hand.day(clock.today(store.timezone)))
        blocks = [_vehicle(actor, deal, hand)]
        if kind == DocumentKind.DELIVERY_CHECKLIST:
            blocks += _delivery(policy, hand, ticks or {})
        else:
            blocks += [
                price_block(hand, figures),
                *payment_blocks(hand, figures, in_full=kind == DocumentKind.CONTRACT),
            ]
        blocks += _terms(policy, kind, hand)
        return {
            "locale": hand.locale,
            "title": title,
            "number": number,
            "edition": issue,
            "mark": None,
            "logo": None,
            "from": {"name": current_tenant().name, "lines": [line for line in (store.name, store.address) if line]},
            "parties": [_seller(deal, store), _buyer(actor, deal)],
            "blocks": [block for block in blocks if block is not None],
            "signatures": _signatures(deal, kind),
            "footer": f"{deal.deal_number} · {title} · {issue}",
            "page_of": gettext("Page {page} of {pages}"),
            "stamp": None,
        }


def signed(
    paper: Mapping[str, Any], hand: Hand, *, signer: str, at: datetime, drawn: bool, digest: str
) -> dict[str, Any]:
    """The same paper with the buyer's signature, and below it who signed what, when and how."""
    with hand.speaking():
        when = hand.instant(at)
        *others, buyer = paper["signatures"]
        way = gettext("by hand on the screen") if drawn else gettext("by typing the full name")
        stamp = gettext(
            "Signed by %(signer)s on %(when)s, %(way)s. SHA-256 of the document that was shown: %(digest)s",
            signer=signer,
            when=when,
            way=way,
            digest=digest,
        )
    picture = "signature.svg" if drawn else None
    return {**paper, "signatures": [*others, {**buyer, "name": signer, "at": when, "picture": picture}], "stamp": stamp}


def items_of(policy: PaperPolicy, hand: Hand) -> list[str]:
    """What a delivery goes through: the dealership's own lines in this language, or the usual ones."""
    own = policy.items.get(hand.locale)
    with hand.speaking():
        return list(own) if own else [gettext(item) for item in ITEMS]


def _vehicle(actor: Actor, deal: Deal, hand: Hand) -> dict[str, Any]:
    unit = inventory.unit_info(actor, deal.stock_unit_id)
    rows = [
        [gettext("Vehicle"), " ".join(str(part) for part in (unit.model_year, unit.make, unit.model) if part)],
        [gettext("VIN"), unit.vin],
        [gettext("Stock number"), unit.stock_number],
        [gettext("Colour"), unit.colour],
    ]
    vehicle = vehicle_of(actor, deal)
    if vehicle is not None:
        rows.append([gettext("Plate"), inventory.plate_of(vehicle)])
        if vehicle.odometer is not None:
            rows.append([gettext("Odometer"), f"{hand.number(vehicle.odometer)} {vehicle.odometer_unit or ''}".strip()])
    return {"kind": "facts", "title": gettext("Vehicle"), "rows": [row for row in rows if row[1]]}


def vehicle_of(actor: Actor, deal: Deal) -> Any | None:
    """The vehicle of the deal, if `actor` may see it."""
    with suppress(NotFound):
        return inventory.get_vehicle(actor, inventory.unit_info(actor, deal.stock_unit_id).vehicle_id)
    return None


def _seller(deal: Deal, store: Any) -> dict[str, Any]:
    rows = [
        [gettext("Name"), current_tenant().name],
        [gettext("Store"), store.name],
        [gettext("Address"), store.address],
    ]
    if deal.salesperson_id is not None:
        rows.append([gettext("Salesperson"), tenants.get_user_name(deal.salesperson_id)])
    return {"title": gettext("Seller"), "rows": [row for row in rows if row[1]]}


def _buyer(actor: Actor, deal: Deal) -> dict[str, Any]:
    """The buyer as far as whoever makes the paper sees him: contacts that are masked for him do not get onto it."""
    rows: list[list[str]] = []
    with suppress(NotFound):
        if deal.customer_id is not None:
            customer = crm.get_customer(actor, deal.customer_id)
            rows.append([gettext("Name"), customer.name])
            if prints_contacts(actor):
                rows += _contacts(customer.id)
    return {"title": gettext("Buyer"), "rows": rows or [[gettext("Name"), "–"]]}


def prints_contacts(actor: Actor) -> bool:
    """Whether contacts get onto a paper that `actor` makes."""
    return policy_for(actor).field("customer", "contact") is Sight.VISIBLE


def _contacts(customer_id: uuid.UUID) -> list[list[str]]:
    found = dict(reversed(crm.contacts_in_the_clear([customer_id]).get(customer_id, [])))
    names = {"phone": gettext("Telephone"), "email": gettext("E-mail")}
    return [[names[kind], found[kind]] for kind in names if kind in found]


def _delivery(policy: PaperPolicy, hand: Hand, ticks: Mapping[str, Any]) -> list[dict[str, Any]]:
    done = set(ticks.get("done", ()))
    rows = [[item, place in done] for place, item in enumerate(items_of(policy, hand))]
    facts = []
    if ticks.get("odometer") is not None:
        reading = f"{hand.number(ticks['odometer'])} {ticks.get('odometer_unit') or ''}".strip()
        facts.append([gettext("Odometer at delivery"), reading])
    if ticks.get("next_service_on"):
        facts.append([gettext("Next service"), hand.day(date.fromisoformat(ticks["next_service_on"]))])
    if ticks.get("note"):
        facts.append([gettext("Note"), ticks["note"]])
    blocks: list[dict[str, Any]] = [{"kind": "ticks", "title": gettext("Handed over"), "rows": rows}]
    return [*blocks, {"kind": "facts", "title": gettext("Delivery"), "rows": facts}] if facts else blocks


def _terms(policy: PaperPolicy, kind: str, hand: Hand) -> list[dict[str, Any]]:
    own = policy.terms.get(kind, {}).get(hand.locale)
    texts = own.splitlines() if own else [gettext(text) for text in TERMS.get(kind, ())]
    paragraphs = [text.strip()[:_LONGEST_PARAGRAPH] for text in texts if text.strip()]
    return [{"kind": "text", "title": gettext("Terms"), "paragraphs": paragraphs}] if paragraphs else []


def _signatures(deal: Deal, kind: str) -> list[dict[str, Any]]:
    if kind == DocumentKind.QUOTE:
        return []
    seller = tenants.get_user_name(deal.salesperson_id) if deal.salesperson_id else ""
    return [
        {"label": gettext("Seller"), "name": seller, "at": "", "picture": None},
        {"label": gettext("Buyer"), "name": "", "at": "", "picture": None},
    ]
