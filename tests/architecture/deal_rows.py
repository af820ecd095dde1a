"""The rows of the access matrix about the pages of deals."""

from __future__ import annotations

from tests.architecture.rows import Row

PLAIN = Row()

DEAL, SHEET, TRADE = Row(("deal_id",)), Row(("deal_id", "worksheet_id")), Row(("deal_id", "trade_id"))
APPROVAL = Row(("approval_id",))


def deal_rows() -> dict[str, Row]:
    """Of each route of a deal's pages what its address names."""
    return {
        "GET /deals": PLAIN,
        "POST /deals": PLAIN,
        "GET /deals/new": PLAIN,
        "GET /deals/start": PLAIN,
        "POST /deals/start": PLAIN,
        "GET /deals/<deal_id>": DEAL,
        "GET /deals/<deal_id>/edit": DEAL,
        "POST /deals/<deal_id>/edit": DEAL,
        "POST /deals/<deal_id>/delete": DEAL,
        "GET /deals/<deal_id>/deliver": DEAL,
        "POST /deals/<deal_id>/deliver": DEAL,
        "GET /deals/<deal_id>/unwind": DEAL,
        "POST /deals/<deal_id>/unwind": DEAL,
        "POST /deals/<deal_id>/cost": DEAL,
        **dict.fromkeys((f"POST /deals/<deal_id>/{verb}" for verb in ("move", "correct", "reserve", "release")), DEAL),
        **dict.fromkeys(("GET /deals/<deal_id>/correct", "POST /deals/<deal_id>/approval"), DEAL),
        **dict.fromkeys((f"POST /approvals/<approval_id>/{verb}" for verb in ("approve", "decline")), APPROVAL),
        "GET /approvals/<approval_id>": APPROVAL,
        "POST /deals/<deal_id>/sheet": DEAL,
        "POST /deals/<deal_id>/worksheet": DEAL,
        "POST /deals/<deal_id>/worksheets": DEAL,
        "POST /deals/<deal_id>/worksheets/<worksheet_id>/choose": SHEET,
        "POST /deals/<deal_id>/worksheets/<worksheet_id>/delete": SHEET,
        "POST /deals/<deal_id>/trade-ins": DEAL,
        "POST /deals/<deal_id>/trade-ins/<trade_id>/appraisal": TRADE,
        "POST /deals/<deal_id>/trade-ins/<trade_id>/remove": TRADE,
    }
