"""What is true of deals: types, statuses and their moves, the net price, and which deals count as sales."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.core.errors import N_


class DealType(StrEnum):
    """How the unit leaves: each type has an average selling price of its own."""

    RETAIL = "retail"
    WHOLESALE = "wholesale"
    FLEET = "fleet"
    LEASE = "lease"


class DealStatus(StrEnum):
    """Where the paper stands. Delivery is a date beside it, because keys may be handed over before funding."""

    WORKING = "working"
    PENDING = "pending"
    SOLD = "sold"
    BOOKED = "booked"
    FINALIZED = "finalized"
    LOST = "lost"
    UNWOUND = "unwound"


STATUS_LABELS = {
    DealStatus.WORKING.value: N_("Working"),
    DealStatus.PENDING.value: N_("Pending"),
    DealStatus.SOLD.value: N_("Sold"),
    DealStatus.BOOKED.value: N_("Booked"),
    DealStatus.FINALIZED.value: N_("Finalized"),
    DealStatus.LOST.value: N_("Lost"),
    DealStatus.UNWOUND.value: N_("Unwound"),
}
# Several people may be talking about one car, so a unit has many deals in work.
ENDED = frozenset({DealStatus.LOST, DealStatus.UNWOUND})
ACTIVE = frozenset(DealStatus) - ENDED
# From here on the unit is promised to the buyer.
AGREED = frozenset({DealStatus.SOLD, DealStatus.BOOKED, DealStatus.FINALIZED})
# These take the unit for their buyer; a unit has one of them at most.
CLAIMING = AGREED | {DealStatus.PENDING}

_MOVES: dict[DealStatus, frozenset[DealStatus]] = {
    DealStatus.WORKING: frozenset({DealStatus.PENDING, DealStatus.SOLD, DealStatus.LOST}),
    DealStatus.PENDING: frozenset({DealStatus.WORKING, DealStatus.SOLD, DealStatus.LOST}),
    DealStatus.SOLD: frozenset({DealStatus.PENDING, DealStatus.BOOKED, DealStatus.FINALIZED, DealStatus.LOST}),
    DealStatus.BOOKED: frozenset({DealStatus.SOLD, DealStatus.FINALIZED, DealStatus.LOST}),
    DealStatus.FINALIZED: frozenset({DealStatus.BOOKED}),
    DealStatus.LOST: frozenset({DealStatus.WORKING}),
    # An unwound deal stays what it was; selling the unit again is another deal.
    DealStatus.UNWOUND: frozenset(),
}


def moves_from(status: DealStatus, *, delivered: bool) -> tuple[DealStatus, ...]:
    """The statuses an edit may lead to, in their order; a delivered deal stays agreed until it is unwound."""
    possible = _MOVES[status] & AGREED if delivered else _MOVES[status]
    return tuple(target for target in DealStatus if target in possible)


def may_move(before: DealStatus, after: DealStatus, *, delivered: bool) -> bool:
    """Whether an edit may change the status so; staying is always allowed."""
    return after is before or after in moves_from(before, delivered=delivered)


def amounts_are_possible(price: Decimal, discount: Decimal) -> bool:
    """Whether price and discount can stand on a deal: finite, at least zero, and no more discount than price."""
    if not (price.is_finite() and discount.is_finite()):
        return False
    return Decimal(0) <= discount <= price < Decimal(10) ** 13


def counts_as_sale(delivered_on: date | None, unwound_on: date | None) -> bool:
    """Whether the deal belongs to the population of the metrics: delivered, and not unwound."""
    return delivered_on is not None and unwound_on is None


_PATH = (DealStatus.WORKING, DealStatus.PENDING, DealStatus.SOLD, DealStatus.BOOKED, DealStatus.FINALIZED)


def life(status: DealStatus, *, agreed: bool = False) -> tuple[tuple[DealStatus, str], ...]:
    """The way of a deal: what lies behind is "done", where it stands is "on", and how it ended early is "off".

    `agreed`: an ended deal had been a sale before, as one that was unwound.
    """
    if status in ENDED:
        behind = _PATH[: _PATH.index(DealStatus.SOLD) + 1] if agreed else _PATH[:1]
        return (*((step, "done") for step in behind), (status, "off"))
    at = _PATH.index(status)
    return tuple((step, "done" if place < at else "on" if place == at else "") for place, step in enumerate(_PATH))
