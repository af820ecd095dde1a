"""The rows of the access matrix that are of pay."""

from __future__ import annotations

from tests.architecture.api_matrix import kind
from tests.architecture.rows import Row

PLAIN, DEAL = Row(), Row(("deal_id",))


def pay_rows() -> dict[str, Row]:
    """Statements are a person's own and his store's; plans belong to whoever may set them."""
    return {
        **dict.fromkeys(("GET /my-pay", "GET /commission", "POST /commission/close"), PLAIN),
        "GET /commission/closed": PLAIN,
        "GET /commission/<statement_id>": Row(("statement_id",)),
        **dict.fromkeys(("GET /commission-plans", "GET /commission-plans/new", "POST /commission-plans"), PLAIN),
        **dict(kind("commission-plans", "plan_id", ways=("GET",), plain=("GET", "POST"))),
        **dict(kind("commission-statements", "statement_id", ways=("GET",), plain=("GET", "POST close"))),
        "POST /deals/<deal_id>/shares": DEAL,
    }
