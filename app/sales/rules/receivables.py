"""What a deal is still owed and by whom: pure sums over its ledger, which is only ever added to.

Three parties stand opposite the dealership: the buyer, the lender who finances a part, and whoever is paid off for a
trade-in. Money that comes in counts up, money that goes out counts down, and a refund counts against the party of the
row it takes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.core.errors import N_

ZERO = Decimal(0)
# What a column of money holds.
_MOST = Decimal(10) ** 13


class PaymentKind(StrEnum):
    """What a row of the ledger is."""

    DEPOSIT = "deposit"
    PAYMENT = "payment"
    REFUND = "refund"
    PAYOFF = "payoff"
    LENDER_FUNDING = "lender_funding"


class Direction(StrEnum):
    """Which way the money went."""

    IN = "in"
    OUT = "out"


class Party(StrEnum):
    """Whom the money came from or went to."""

    BUYER = "buyer"
    LENDER = "lender"
    PAYEE = "payee"


class Method(StrEnum):
    """How it was paid."""

    CARD = "card"
    CASH = "cash"
    BANK_TRANSFER = "bank_transfer"
    CHEQUE = "cheque"
    FINANCE = "finance"
    WECHAT_PAY = "wechat_pay"
    ALIPAY = "alipay"
    OTHER = "other"


KIND_LABELS = {
    PaymentKind.DEPOSIT.value: N_("Deposit"),
    PaymentKind.PAYMENT.value: N_("Payment"),
    PaymentKind.REFUND.value: N_("Refund"),
    PaymentKind.PAYOFF.value: N_("Payoff"),
    PaymentKind.LENDER_FUNDING.value: N_("Lender's funding"),
}
METHOD_LABELS = {
    Method.CARD.value: N_("Card"),
    Method.CASH.value: N_("Cash"),
    Method.BANK_TRANSFER.value: N_("Bank transfer"),
    Method.CHEQUE.value: N_("Cheque"),
    Method.FINANCE.value: N_("Finance"),
    Method.WECHAT_PAY.value: N_("WeChat Pay"),
    Method.ALIPAY.value: N_("Alipay"),
    Method.OTHER.value: N_("Other"),
}
DIRECTION_LABELS = {Direction.IN.value: N_("Received"), Direction.OUT.value: N_("Paid out")}
# What each kind is by itself; a refund is the contrary of what it takes back.
_OF_KIND: Mapping[PaymentKind, tuple[Direction, Party]] = {
    PaymentKind.DEPOSIT: (Direction.IN, Party.BUYER),
    PaymentKind.PAYMENT: (Direction.IN, Party.BUYER),
    PaymentKind.PAYOFF: (Direction.OUT, Party.PAYEE),
    PaymentKind.LENDER_FUNDING: (Direction.IN, Party.LENDER),
}


@dataclass(frozen=True)
class Row:
    """One row of the ledger, as far as sums need it."""

    kind: str
    direction: str
    party: str
    amount: Decimal

    @property
    def signed(self) -> Decimal:
        """The amount as it changes what the dealership has."""
        return self.amount if self.direction == Direction.IN else -self.amount


@dataclass(frozen=True)
class Balance:
    """A deal's receivables in its currency; a negative figure is what the dealership owes the other way round."""

    # What the deal comes to for its buyer, and which part of that a lender has agreed to pay.
    owed: Decimal
    financed: Decimal
    # What came from each, less what went back; of a payoff what went out, less what came back.
    paid: Decimal
    funded: Decimal
    paid_off: Decimal
    payoff: Decimal

    @property
    def from_buyer(self) -> Decimal:
        """What the buyer has still to pay; negative where he has paid too much."""
        return self.owed - self.financed - self.paid

    @property
    def from_lender(self) -> Decimal:
        """What the lender has still to pay."""
        return self.financed - self.funded

    @property
    def to_payee(self) -> Decimal:
        """What has still to be paid off."""
        return self.payoff - self.paid_off

    @property
    def refundable(self) -> Decimal:
        """What the buyer gets back."""
        return max(ZERO, -self.from_buyer)

    @property
    def is_settled(self) -> bool:
        """Whether nobody owes anybody anything."""
        return self.from_buyer == self.from_lender == self.to_payee == ZERO


def side_of(kind: PaymentKind) -> tuple[Direction, Party]:
    """Direction and party of a kind; raises KeyError for a refund, which has those of what it takes back."""
    return _OF_KIND[kind]


def contrary(direction: str) -> Direction:
    """The way back."""
    return Direction.OUT if direction == Direction.IN else Direction.IN


def balance(
    rows: Iterable[Row], *, owed: Decimal, financed: Decimal = ZERO, payoff: Decimal = ZERO, ended: bool = False
) -> Balance:
    """The receivables of a deal out of what it comes to and its ledger; of an ended one nobody owes anything any more,
    so that all that was paid is to go back."""
    net = dict.fromkeys(Party, ZERO)
    for row in rows:
        net[Party(row.party)] += row.signed
    if ended:
        owed = financed = payoff = ZERO
    # No lender pays for more than the deal comes to.
    financed = min(financed, max(owed, ZERO))
    return Balance(owed, financed, net[Party.BUYER], net[Party.LENDER], -net[Party.PAYEE], payoff)


def open_at_delivery(found: Balance, *, lender_stands: bool) -> tuple[tuple[Party, Decimal], ...]:
    """Who has how much still to pay before the vehicle is handed over: the buyer his part, and a lender his where he
    agreed to other figures than those of the deal. One who stands for his part pays it later."""
    parts = [(Party.BUYER, found.from_buyer)]
    if not lender_stands:
        parts.append((Party.LENDER, found.from_lender))
    return tuple((party, amount) for party, amount in parts if amount > ZERO)


def refundable_of(amount: Decimal, taken_back: Iterable[Decimal]) -> Decimal:
    """What of one row can still be taken back."""
    return amount - sum(taken_back, ZERO)


def amount_is_possible(amount: Decimal) -> bool:
    """Whether somebody can pay this: finite, above zero, and no more than a column holds."""
    return amount.is_finite() and ZERO < amount < _MOST


def has_card_number(text: str) -> bool:
    """Whether a text holds what is most likely a whole card number: 13 to 19 digits that pass Luhn's check.

    Such numbers are never stored; the last four digits and the authorisation say enough.
    """
    return any(_luhn(re.sub(r"\D", "", found)) for found in re.findall(r"(?:\d[ -]?){13,19}", text))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
