"""The steps of a deal at which something must be in order, and which of them lie on the way of a move."""

from __future__ import annotations

from enum import StrEnum

from app.sales.rules.status import DealStatus


class Step(StrEnum):
    """A point on a deal's way at which guards are asked."""

    PENDING = "pending"
    SOLD = "sold"
    BOOKED = "booked"
    FINALIZED = "finalized"
    DELIVERED = "delivered"


class Transition(StrEnum):
    """What made a snapshot: the deal was recorded agreed, moved on, was delivered or taken back, or was corrected.

    A correction is two: the state that was agreed reversed, and the corrected one.
    """

    RECORDED = "recorded"
    MOVED = "moved"
    DELIVERED = "delivered"
    UNWOUND = "unwound"
    REVERSED = "reversed"
    CORRECTED = "corrected"


_WAY = (DealStatus.WORKING, DealStatus.PENDING, DealStatus.SOLD, DealStatus.BOOKED, DealStatus.FINALIZED)
# From here on what was agreed is posted; a way back is a reversal.
POSTED = frozenset({DealStatus.BOOKED, DealStatus.FINALIZED})


def steps_between(before: DealStatus | None, after: DealStatus) -> tuple[Step, ...]:
    """The steps a move forward takes, those it leaps over included; a way back and an ending ask nothing.

    `before` is None for a deal that begins.
    """
    if after not in _WAY:
        return ()
    start = _WAY.index(before) if before in _WAY else 0
    return tuple(Step(status.value) for status in _WAY[start + 1 : _WAY.index(after) + 1])


def transition_of(before: DealStatus, after: DealStatus) -> Transition:
    """How a snapshot of this move is called: a posted deal that goes back is reversed."""
    is_back = before in POSTED and (after not in _WAY or _WAY.index(after) < _WAY.index(before))
    return Transition.REVERSED if is_back else Transition.MOVED
