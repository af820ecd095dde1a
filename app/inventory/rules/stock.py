"""The life of a stock unit: its statuses, the moves allowed between them, and which of them end the episode."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum


class StockStatus(StrEnum):
    """Where a unit stands in the store's hands."""

    IN_TRANSIT = "in_transit"
    IN_RECON = "in_recon"
    AVAILABLE = "available"
    ON_HOLD = "on_hold"
    SOLD = "sold"
    DELIVERED = "delivered"
    WHOLESALED = "wholesaled"
    DEALER_TRADE_OUT = "dealer_trade_out"


class Condition(StrEnum):
    """How a unit is offered."""

    NEW = "new"
    USED = "used"
    CERTIFIED = "certified"


class PriceStep(StrEnum):
    """How the prices of many units are told to change."""

    SET = "set"
    BY = "by"
    PERCENT = "percent"


CLOSED = frozenset({StockStatus.DELIVERED, StockStatus.WHOLESALED, StockStatus.DEALER_TRADE_OUT})
OPEN = frozenset(StockStatus) - CLOSED
# A unit enters stock on its way, in the workshop or ready; everything later is a move that leaves a trace.
ENTRY = frozenset({StockStatus.IN_TRANSIT, StockStatus.IN_RECON, StockStatus.AVAILABLE, StockStatus.ON_HOLD})

_LEAVING = {StockStatus.SOLD, StockStatus.WHOLESALED, StockStatus.DEALER_TRADE_OUT}
_MOVES: dict[StockStatus, frozenset[StockStatus]] = {
    StockStatus.IN_TRANSIT: frozenset({StockStatus.IN_RECON, StockStatus.AVAILABLE, StockStatus.ON_HOLD} | _LEAVING),
    StockStatus.IN_RECON: frozenset({StockStatus.AVAILABLE, StockStatus.ON_HOLD} | _LEAVING),
    StockStatus.AVAILABLE: frozenset({StockStatus.IN_RECON, StockStatus.ON_HOLD} | _LEAVING),
    StockStatus.ON_HOLD: frozenset({StockStatus.IN_RECON, StockStatus.AVAILABLE} | _LEAVING),
    # A sale may fall through before the keys are handed over.
    StockStatus.SOLD: frozenset({StockStatus.AVAILABLE, StockStatus.ON_HOLD, StockStatus.DELIVERED}),
    StockStatus.DELIVERED: frozenset(),
    StockStatus.WHOLESALED: frozenset(),
    StockStatus.DEALER_TRADE_OUT: frozenset(),
}


def moves_from(status: StockStatus) -> tuple[StockStatus, ...]:
    """The statuses a person may move a unit to, in the order of the unit's life."""
    return tuple(target for target in StockStatus if target in _MOVES[status])


def may_move(before: StockStatus, after: StockStatus) -> bool:
    """Whether the move is allowed; staying is not a move."""
    return after in _MOVES[before]


def is_open(status: StockStatus) -> bool:
    """Whether a unit with this status is still the store's."""
    return status not in CLOSED


def closing_status(deal_type: str) -> StockStatus:
    """How a delivered deal of this type ends the episode."""
    return StockStatus.WHOLESALED if deal_type == "wholesale" else StockStatus.DELIVERED


def amount_is_possible(amount: Decimal | None) -> bool:
    """Whether an amount of money can stand on a unit: none, or a finite one of at least zero that fits its column."""
    return amount is None or (amount.is_finite() and Decimal(0) <= amount < Decimal(10) ** 13)


def stepped_price(step: PriceStep, price: Decimal | None, by: Decimal) -> Decimal:
    """The price after a step; whether it is possible, and how it is rounded, is the operation's to say."""
    if step is PriceStep.SET or price is None:
        return by
    return price + by if step is PriceStep.BY else price * (100 + by) / 100


_PATH = (
    StockStatus.IN_TRANSIT,
    StockStatus.IN_RECON,
    StockStatus.AVAILABLE,
    StockStatus.SOLD,
    StockStatus.DELIVERED,
)


def life(status: StockStatus) -> tuple[tuple[StockStatus, str], ...]:
    """The usual way of a unit: what lies behind it is "done", where it stands is "on"; a detour takes its place."""
    path = list(_PATH)
    if status is StockStatus.ON_HOLD:
        path.insert(path.index(StockStatus.SOLD), status)
    elif status not in path:
        path = [*path[: path.index(StockStatus.SOLD)], status]
    at = path.index(status)
    return tuple((step, "done" if place < at else "on" if place == at else "") for place, step in enumerate(path))
