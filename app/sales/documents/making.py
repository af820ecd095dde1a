"""Making a paper of a deal and having it signed: composed, set, and kept as it was shown."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from app.core import clock, printing
from app.core.db import current_tenant
from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard import files
from app.core.guard.origin import origin
from app.core.guard.permissions import Actor
from app.core.languages import LANGUAGES
from app.inventory.queries.trading import NamedVehicle, name_vehicles
from app.sales import errors
from app.sales.documents import papers
from app.sales.documents.figures import Figures
from app.sales.documents.writing import Hand
from app.sales.models import Deal, DealDocument, DocumentEvent
from app.sales.operations import documents
from app.sales.operations.logos import KIND as LOGO
from app.sales.operations.logos import NAME as LOGO_NAME
from app.sales.queries import documents as stored
from app.sales.queries import policies
from app.sales.queries.sheets import desk_of
from app.sales.rules.documents import MADE, PaperPolicy, draw, policy_from, read_strokes
from app.sales.rules.policies import PolicyKind
from app.tenants import queries as tenants

LONGEST_NAME: Final = 120
# Where odometers of new cars count miles.
MILES: Final = frozenset({"US", "GB"})


def make_document(
    *, actor: Actor, deal_id: uuid.UUID, kind: str, locale: str | None = None, ticks: Mapping[str, Any] | None = None
) -> DealDocument:
    """Make the next edition of a paper out of the deal as it stands.

    Two who do so at once get two editions. Raises NotFound, PermissionDenied, Invalid and PrintFailed.
    """
    if kind not in MADE:
        raise Invalid([FieldError("kind", "not_offered", errors.UNKNOWN_CHOICE)])
    if locale is not None and locale not in LANGUAGES:
        raise Invalid([FieldError("locale", "not_offered", errors.UNKNOWN_CHOICE)])
    deal, edition = documents.begin_document(actor, deal_id, kind)
    if ticks is not None:
        ticks = {**ticks, "odometer_unit": distance_unit(actor, deal)}
    policy, hand = policy_of(deal), hand_of(deal, locale or papers.language_for(actor, deal, list(LANGUAGES)))
    paper = papers.compose(actor, deal, kind, edition, figures_of(actor, deal), policy, hand, ticks=ticks)
    pictures = logo_of(policy)
    if pictures:
        paper["logo"] = next(iter(pictures))
    data = printing.render(paper, pictures=pictures)
    content = {"paper": paper, "logo": policy.logo, "contacts": papers.prints_contacts(actor)}
    if ticks is not None:
        content["ticks"] = dict(ticks)
    name = documents.file_name(deal, kind, edition)
    return documents.keep_document(actor, deal, kind, edition, data, name=name, locale=hand.locale, content=content)


def sign_document(*, actor: Actor, document_id: uuid.UUID, shown: str, signer: str, strokes: str = "") -> DocumentEvent:
    """Put the buyer's signature onto the edition that was shown (`shown` is its SHA-256), and keep the signed file.

    `strokes` is what a pad sent; without it the typed name is the signature. Raises NotFound, PermissionDenied,
    DocumentNotSignable, DocumentChanged, Invalid and PrintFailed.
    """
    signer = " ".join(signer.split())
    lines = read_strokes(strokes) if strokes else None
    problems = []
    if not signer or len(signer) > LONGEST_NAME:
        problems.append(FieldError("signer", "required", errors.REQUIRED))
    if strokes and lines is None:
        problems.append(FieldError("strokes", "no_signature", errors.NO_SIGNATURE))
    if problems:
        raise Invalid(problems)
    deal, paper = documents.check_signable(actor, document_id, shown)
    document, content = paper.document, stored.content_of(paper.document)
    pictures = logo_file(content.get("logo"))
    if printing.render(content["paper"], pictures=pictures) != stored.bytes_of(paper, signed=False):
        # Set anew it would look otherwise, as after a new release: a fresh edition is what can be signed then.
        raise errors.DocumentChanged
    hand, at = hand_of(deal, document.locale or "en"), clock.now()
    digest = document.sha256.hex()
    whole = papers.signed(content["paper"], hand, signer=signer, at=at, drawn=lines is not None, digest=digest)
    if lines is not None:
        pictures = {**pictures, "signature.svg": draw(lines)}
    came = origin()
    detail = {
        "signer": signer,
        "method": "drawn" if lines is not None else "typed",
        "strokes": lines,
        "at": at.isoformat(),
        "shown": digest,
        "network": came.network,
        "agent": came.agent,
    }
    name = documents.file_name(deal, document.kind, document.edition)
    return documents.keep_signature(
        actor, paper, printing.render(whole, pictures=pictures), name=f"signed-{name}", detail=detail
    )


def figures_of(actor: Actor, deal: Deal) -> Figures:
    """The money of the deal as its papers show it."""
    desk = desk_of(actor, deal)
    cars = name_vehicles(actor, [car.vehicle_id for car in desk.trades])
    names = tuple(_name(cars.get(car.vehicle_id)) for car in desk.trades)
    return Figures(desk.sheet, names, desk.way.scenario if desk.way else None)


def _name(car: NamedVehicle | None) -> str:
    """A car in trade as a paper calls it; nothing for one the maker of the paper does not see."""
    if car is None:
        return ""
    tail = f"…{car.vin[-8:]}" if car.vin else ""
    return " ".join(str(part) for part in (car.model_year, car.make, car.model, tail) if part)


def policy_of(deal: Deal) -> PaperPolicy:
    """How the deal's store wants its papers today."""
    found = policies.in_force(deal.store_id, PolicyKind.DOCUMENTS)
    return policy_from(found.body if found else None)


def hand_of(deal: Deal, locale: str) -> Hand:
    """Who writes a paper of this deal in that language."""
    return Hand(locale, tenants.get_store(deal.store_id).timezone)


def logo_of(policy: PaperPolicy) -> dict[str, bytes]:
    """The dealership's logo by the name a paper calls it, or nothing."""
    return logo_file(policy.logo)


def logo_file(file_id: str | None) -> dict[str, bytes]:
    """A stored logo as it is handed to the printer."""
    if not file_id:
        return {}
    try:
        key = uuid.UUID(file_id)
        row = files.get_file(key)
        if row.kind != LOGO:
            return {}
        with files.open_file(key) as found:
            data = found.read()
    except (NotFound, ValueError):
        return {}
    return {LOGO_NAME: printing.framed(data, row.media_type)}


def checklist_items(actor: Actor, deal: Deal) -> list[str]:
    """What the delivery of this deal goes through, in the language its papers are made in."""
    hand = hand_of(deal, papers.language_for(actor, deal, list(LANGUAGES)))
    return papers.items_of(policy_of(deal), hand)


def distance_unit(actor: Actor, deal: Deal) -> str:
    """What the vehicle's odometer counts in."""
    found = papers.vehicle_of(actor, deal)
    if found is not None and found.odometer_unit:
        return str(found.odometer_unit)
    return "mi" if current_tenant().country in MILES else "km"
