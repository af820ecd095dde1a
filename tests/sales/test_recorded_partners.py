"""The recorded lenders and insurers answer as docs/payments.md says."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.core import clock
from app.sales import ports
from app.sales.rules.financing import ApplicationKind, ApplicationStatus

QUESTION = ports.Question(
    "app_x1234567890", ApplicationKind.LENDER, Decimal(30000), "USD", clock.now(), {"band": "good"}
)


@pytest.mark.parametrize(
    ("band", "amount", "currency", "status", "apr"),
    [
        ("excellent", 60_000, "USD", "approved", "5.90"),
        ("good", 60_000, "USD", "approved", "6.90"),
        ("good", 60_001, "USD", "conditional", "6.90"),
        ("fair", 30_000, "USD", "conditional", "9.90"),
        ("fair", 30_001, "USD", "declined", None),
        ("poor", 1_000, "USD", "declined", None),
        ("good", 420_000, "CNY", "approved", "6.90"),
    ],
)
def test_the_recorded_lender_answers_as_documented(band, amount, currency, status, apr):
    question = replace(QUESTION, amount=Decimal(amount), currency=currency, terms={"band": band, "term_months": "48"})
    found = ports.HARBOUR.decide(question)
    assert (found.status.value, found.apr and f"{found.apr}") == (status, apr)
    assert found == ports.HARBOUR.decide(question)
    if apr:
        assert (found.amount, found.term_months) == (amount, 48)


def test_the_recorded_second_thinks_and_the_insurer_names_a_premium():
    # Its time to think begins when it is asked.
    assert ports.SECOND.decide(replace(QUESTION, asked_at=clock.now())) is None
    waited = replace(QUESTION, asked_at=clock.now() - timedelta(minutes=3))
    assert ports.SECOND.decide(waited).status is ApplicationStatus.APPROVED
    assert ports.LIGHTHOUSE.decide(QUESTION).amount == Decimal("960.00")
    assert ports.SECOND.submit(QUESTION) == ports.SECOND.submit(waited) == "REC-1234567890"
