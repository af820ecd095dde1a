"""What happened to deals, in the past tense; handled in the same transaction by the table in wiring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.core.errors import N_
from app.core.jobs.topics import INBOX, MAIL, Topic, declare_topic


@dataclass(frozen=True)
class DealDelivered:
    """The vehicle was handed over: from now on the deal counts as a sale."""

    deal_id: UUID
    stock_unit_id: UUID
    store_id: UUID
    deal_type: str
    delivered_on: date
    lead_id: UUID | None = None


@dataclass(frozen=True)
class DealUnwound:
    """A delivered deal was taken back: it counts no longer.

    `kept_units` are the cars taken in trade that stay in stock, because they went on before the deal was unwound.
    """

    deal_id: UUID
    stock_unit_id: UUID
    store_id: UUID
    unwound_on: date
    delivered_on: date | None = None
    salesperson_id: UUID | None = None
    kept_units: tuple[UUID, ...] = ()
    lead_id: UUID | None = None


@dataclass(frozen=True)
class DealLost:
    """A deal ended without a sale."""

    deal_id: UUID
    store_id: UUID


@dataclass(frozen=True)
class DealChanged:
    """A deal was corrected or deleted; `counted` says whether it was a sale before, or is one after."""

    deal_id: UUID
    stock_unit_id: UUID
    store_id: UUID
    counted: bool


@dataclass(frozen=True)
class DealsRecorded:
    """An import has brought delivered deals in; one event for all of a step's."""

    deal_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class DealsTakenBack:
    """Deals an import had brought in were deleted again."""

    deal_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class WorksheetChanged:
    """The figures a deal stands on are others: those of its chosen worksheet or of its trade-ins changed."""

    deal_id: UUID


@dataclass(frozen=True)
class PaymentRecorded:
    """A row was added to a deal's ledger: money came, or went back."""

    payment_id: UUID
    deal_id: UUID
    store_id: UUID
    kind: str
    received_on: date


@dataclass(frozen=True)
class DealFunded:
    """A lender's money came."""

    deal_id: UUID
    store_id: UUID
    funded_on: date


@dataclass(frozen=True)
class ApplicationDecided:
    """A lender or an insurer has answered."""

    application_id: UUID
    deal_id: UUID
    store_id: UUID
    status: str
    asked_by: UUID | None


@dataclass(frozen=True)
class ApprovalAsked:
    """Somebody wants to go beyond his limits; another has to decide."""

    approval_id: UUID
    deal_id: UUID
    store_id: UUID
    asked_by: UUID | None


@dataclass(frozen=True)
class ApprovalSettled:
    """A request waits no more: somebody decided (`decided_by`), or another took its place."""

    approval_id: UUID
    deal_id: UUID
    asked_by: UUID | None
    decided_by: UUID | None


APPLICATION_DECIDED = declare_topic(
    Topic(
        "deal.application_decided",
        N_("A lender or an insurer has answered for a deal of mine"),
        N_("The application for {subject} is decided"),
        N_("A lender or an insurer has answered"),
        N_("Finance applications"),
        "deal",
    )
)
APPROVALS = N_("Approvals")
APPROVAL_ASKED = declare_topic(
    Topic(
        "deal.approval",
        N_("Figures of a deal wait for my approval"),
        N_("{subject} waits for your approval"),
        N_("A deal waits for an approval"),
        APPROVALS,
        "deal",
        "amber",
        defaults=frozenset({INBOX, MAIL}),
        action=N_("Look at it"),
    )
)
APPROVAL_DECIDED = declare_topic(
    Topic(
        "deal.approval_decided",
        N_("An approval I asked for is decided"),
        N_("The approval of {subject} is decided"),
        N_("An approval you asked for is decided"),
        APPROVALS,
        "check",
    )
)
