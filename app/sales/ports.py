"""Lenders and insurers as sales talks to them: the protocol, who there is, and the recorded ones.

The recorded partners send nothing to anybody: they answer from the scenarios below, by amount and by the band of credit
that whoever asks has stated. Their answers are the same for the same question (docs/payments.md). A real partner is an
adapter of the same protocol, entered in `PARTNERS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol

from app.core import clock
from app.core.errors import N_
from app.core.money import round_amount
from app.sales.rules.financing import ApplicationKind, ApplicationStatus

# What a partner may be told of a person; nothing else ever leaves.
PERSON_FIELDS: Final = ("name", "phone", "email", "id_number")
BANDS: Final = ("excellent", "good", "fair", "poor")
BAND_LABELS: Final = {"excellent": N_("Excellent"), "good": N_("Good"), "fair": N_("Fair"), "poor": N_("Poor")}


class PartnerFailed(Exception):
    """The partner could not be reached or answered nonsense; `code` is kept and shown, the answer itself is not."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Question:
    """What a partner is asked, each time the whole of it; `reference` is ours and the same for the same application."""

    reference: str
    kind: ApplicationKind
    amount: Decimal
    currency: str
    asked_at: datetime
    terms: Mapping[str, str]
    # The fields the partner has declared, as far as the customer has them.
    person: Mapping[str, str] = field(default_factory=dict, repr=False)
    external_reference: str | None = None


@dataclass(frozen=True)
class Decision:
    """What a partner says: for a lender the amount, the buyer's rate and his own; for an insurer the premium."""

    status: ApplicationStatus
    amount: Decimal | None = None
    apr: Decimal | None = None
    buy_rate: Decimal | None = None
    term_months: int | None = None
    stipulations: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Funding:
    """The partner's word that he has sent his money; whether it came, people see on the account."""

    amount: Decimal
    sent_on: date
    reference: str


class Partner(Protocol):
    """A lender or an insurer. Every call may come again with the same reference, and then means the same."""

    def submit(self, question: Question) -> str:
        """Lay the application before him; his own reference."""

    def decide(self, question: Question) -> Decision | None:
        """What he has decided, or None while he has not."""

    def withdraw(self, question: Question) -> None:
        """Tell him that nothing is asked any more."""

    def fund(self, question: Question) -> Funding | None:
        """Ask for the money; None while he has not sent it."""


@dataclass(frozen=True)
class Entry:
    """A partner as people choose him."""

    key: str
    name: str
    kind: ApplicationKind
    adapter: Partner
    # Of `PERSON_FIELDS`: what he has to be told of the person.
    person_fields: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """One recorded answer: it is given where the band is one of `bands` and the amount no more than `up_to`."""

    bands: tuple[str, ...]
    up_to: Decimal
    decision: Decision


@dataclass(frozen=True)
class Recorded:
    """A partner that answers from scenarios; the first that fits counts, and where none does he declines.

    `thinks` is how long he takes; amounts of scenarios are in dollars and stand for seven times as much in yuan.
    """

    scenarios: tuple[Scenario, ...]
    thinks: timedelta = timedelta(0)
    premium_percent: Decimal | None = None

    def submit(self, question: Question) -> str:
        """His reference, made of ours."""
        return f"REC-{question.reference.rpartition('_')[2][-10:].upper()}"

    def decide(self, question: Question) -> Decision | None:
        """The recorded answer, once he has thought."""
        if clock.now() < question.asked_at + self.thinks:
            return None
        scale = {"CNY": 7, "JPY": 150}.get(question.currency, 1)
        for scenario in self.scenarios:
            if question.terms.get("band") in scenario.bands and question.amount <= scenario.up_to * scale:
                return self._answer(scenario.decision, question)
        return Decision(ApplicationStatus.DECLINED, reason="outside_the_programme")

    def withdraw(self, question: Question) -> None:
        """Nothing is recorded of it."""

    def fund(self, question: Question) -> Funding | None:
        """The whole amount, sent today."""
        return Funding(question.amount, clock.now().date(), self.submit(question).replace("REC-", "FND-"))

    def _answer(self, decision: Decision, question: Question) -> Decision:
        amount = question.amount
        if self.premium_percent is not None:
            amount = round_amount(amount * self.premium_percent / 100, question.currency)
        months = question.terms.get("term_months")
        return Decision(
            decision.status, amount, decision.apr, decision.buy_rate, int(months) if months else None,
            decision.stipulations, decision.reason,
        )  # fmt: skip


_YES, _IF = ApplicationStatus.APPROVED, ApplicationStatus.CONDITIONAL


def _terms(status: ApplicationStatus, apr: str, buy_rate: str, *stipulations: str) -> Decision:
    return Decision(status, apr=Decimal(apr), buy_rate=Decimal(buy_rate), stipulations=stipulations)


HARBOUR = Recorded(
    (
        Scenario(("excellent",), Decimal(60_000), _terms(_YES, "5.90", "4.90")),
        Scenario(("good",), Decimal(60_000), _terms(_YES, "6.90", "5.90")),
        Scenario(("excellent", "good"), Decimal(150_000), _terms(_IF, "6.90", "5.90", "proof_of_income")),
        Scenario(("fair",), Decimal(30_000), _terms(_IF, "9.90", "8.90", "proof_of_income", "proof_of_address")),
    )
)
# He lends to everybody, thinks for two minutes, and wants to see more.
SECOND = Recorded(
    (
        Scenario(("excellent", "good", "fair"), Decimal(80_000), _terms(_YES, "10.90", "9.40")),
        Scenario(("poor",), Decimal(20_000), _terms(_IF, "17.90", "15.90", "proof_of_income", "references")),
    ),
    thinks=timedelta(minutes=2),
)
LIGHTHOUSE = Recorded(
    (Scenario(BANDS, Decimal(500_000), Decision(ApplicationStatus.APPROVED)),), premium_percent=Decimal("3.2")
)
STIPULATION_LABELS: Final = {
    "proof_of_income": N_("Proof of income"),
    "proof_of_address": N_("Proof of address"),
    "references": N_("Two references"),
}
REASON_LABELS: Final = {"outside_the_programme": N_("Outside the programme: amount or credit band")}

_ENTRIES = (
    Entry("harbour", N_("Harbour Credit (recorded)"), ApplicationKind.LENDER, HARBOUR, ("name", "phone", "id_number")),
    Entry("second", N_("Second Street Finance (recorded)"), ApplicationKind.LENDER, SECOND, ("name", "phone")),
    Entry("lighthouse", N_("Lighthouse Insurance (recorded)"), ApplicationKind.INSURER, LIGHTHOUSE, ("name",)),
)
PARTNERS: Mapping[str, Entry] = MappingProxyType({entry.key: entry for entry in _ENTRIES})


def find_partner(key: str) -> Entry | None:
    """The partner of this key, if there is one (any more)."""
    return PARTNERS.get(key)
