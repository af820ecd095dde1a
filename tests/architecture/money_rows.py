"""The rows of the access matrix about money and lenders."""

from __future__ import annotations

from tests.architecture.rows import Row

PLAIN, DEAL = Row(), Row(("deal_id",))
PAYMENT, APPLICATION = Row(("payment_id",)), Row(("application_id",))


def money_rows() -> dict[str, Row]:
    """Payments and applications are seen with their deals."""
    return {
        **dict.fromkeys(("GET /payments", "GET /payments/day", "GET /applications"), PLAIN),
        **dict.fromkeys(("POST /deals/<deal_id>/payments", "POST /deals/<deal_id>/applications"), DEAL),
        "GET /deals/<deal_id>/applications/new": DEAL,
        **dict.fromkeys(("GET /payments/<payment_id>", "GET /payments/<payment_id>/refund"), PAYMENT),
        "GET /payments/<payment_id>/receipt": PAYMENT,
        "POST /payments/<payment_id>/refund": PAYMENT,
        "GET /applications/<application_id>": APPLICATION,
        **dict.fromkeys(
            (
                f"POST /applications/<application_id>/{verb}"
                for verb in ("withdraw", "retry", "stipulations", "ask-funding", "fund")
            ),
            APPLICATION,
        ),
    }
