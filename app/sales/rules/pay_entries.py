"""What becomes known of a deal's pay, one entry after another: which is new, and in which period it lands.

A deal counts in the period of its day while that is open. Once the period is closed, whatever changes lands in the
period that is current when it becomes known, as a fixed amount; the closed one stays as it was. Entries hang on
nothing but the deal as it stands and the entries before, so that counting again what was counted adds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.sales.rules.commission import Correction, Inputs, LineKind, Sold, Statement, paid_now, paid_then
from app.sales.rules.plans import ZERO


class EntryKind(StrEnum):
    """Why an entry was made."""

    DEAL = "deal"
    ADJUSTMENT = "adjustment"
    LATE_COST = "late_cost"
    CHARGEBACK = "chargeback"


@dataclass(frozen=True)
class Entry:
    """One entry as a value; `amount` None is one that follows from its period."""

    period: date
    kind: EntryKind
    sold: Sold
    amount: Decimal | None = None


def month_of(day: date) -> date:
    """The first of its month, by which a period is named."""
    return day.replace(day=1)


def month_after(period: date) -> date:
    """The period that follows."""
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)


def next_entries(
    sold: Sold | None, known: Sequence[Entry], *, current: date, closed: dict[date, Statement], late: bool = False
) -> list[Entry]:
    """What has to be added so that the entries `known` say what is true now; nothing where they do.

    `sold` None: the deal pays this person nothing now (unwound, given away, deleted). `closed` has the statements of
    this person's closed periods, at least those of the periods in `known`; a period that is not open and has no
    statement there takes no entry. `late`: the cost of the car came after the delivery.
    """
    homes = [entry for entry in known if entry.amount is None]
    home = homes[-1] if homes else None
    # One that had been taken out before its period was closed was paid nothing there, and has no place in it.
    if home is not None and home.period in closed and home.sold.share:
        return _corrected(sold, home, known, current, closed[home.period], late=late)
    if sold is None:
        return [] if home is None or not home.sold.share else [_taken_out(home)]
    period = month_of(sold.day)
    if period in closed:
        # Known only after its period was closed: it counts where it became known.
        period = current
    if home is not None and home.sold == sold and home.period == period:
        return []
    kind = EntryKind.DEAL if home is None or not home.sold.share else _kind(home.sold, sold, late=late)
    moved = [_taken_out(home)] if home is not None and home.sold.share and home.period != period else []
    return [*moved, Entry(period, kind, sold)]


def inputs_of(entries: Sequence[Entry], currency: str, carried: Decimal = ZERO) -> Inputs:
    """What a period's entries, in the order in which they were made, come to as the inputs of its statement."""
    standing: dict[str, Sold] = {}
    corrections = []
    for entry in entries:
        if entry.amount is None:
            standing[entry.sold.deal] = entry.sold
        else:
            kind = LineKind(entry.kind.value)
            corrections.append(Correction(kind, entry.amount, entry.sold.deal, entry.sold.number))
    sold = sorted((one for one in standing.values() if one.share), key=lambda one: (one.day, one.deal))
    given = sorted(corrections, key=lambda one: (one.kind, one.deal, one.amount))
    return Inputs(currency, tuple(sold), tuple(given), carried)


def _corrected(
    sold: Sold | None, home: Entry, known: Sequence[Entry], current: date, closed: Statement, *, late: bool
) -> list[Entry]:
    """The difference to what a closed period paid, where there is one."""
    last = known[-1].sold
    now = replace(home.sold, share=ZERO, front=ZERO, back=ZERO) if sold is None else replace(sold, day=home.sold.day)
    if now == last:
        return []
    deal = home.sold.deal
    paid = paid_then(closed, deal) + sum((entry.amount for entry in known if entry.amount is not None), ZERO)
    kind = EntryKind.CHARGEBACK if sold is None else _kind(last, now, late=late)
    return [Entry(current, kind, now, paid_now(closed, now) - paid)]


def _kind(before: Sold, now: Sold, *, late: bool) -> EntryKind:
    if now.back < before.back or len(now.products) < len(before.products):
        return EntryKind.CHARGEBACK
    return EntryKind.LATE_COST if late and now.front != before.front else EntryKind.ADJUSTMENT


def _taken_out(home: Entry) -> Entry:
    """The deal counts in this period no longer."""
    return Entry(home.period, EntryKind.ADJUSTMENT, replace(home.sold, share=ZERO, front=ZERO, back=ZERO))
