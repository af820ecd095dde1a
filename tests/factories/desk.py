"""A worksheet for tests, saved and read through the operations."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from app.core.db import db, transaction
from app.core.guard import audit
from app.core.guard.permissions import Actor
from app.sales.models import Deal, Worksheet
from app.sales.operations import worksheets
from app.sales.operations.contents import LineInput, SheetInput, WayInput
from app.sales.queries import sheets
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind
from app.sales.rules.taxes import TaxLayer, TaxMethod, TaxRule
from tests.factories.inventory import SYSTEM

TAX = TaxRule(
    "ny", "New York", TaxMethod.SALES, (TaxLayer("State", D(4)), TaxLayer("City", D("4.5"))), trade_credit=True
)
LOAN = Scenario(ScenarioKind.LOAN, term_months=60, apr=D("4.89"))
RIGHTS = ("deal.see", "deal.edit", "vehicle.see", "stock.see")
# Somebody who edits deals and sees no costs.
CLERK = Actor(user_id=None, name="Clerk", grants=dict.fromkeys(RIGHTS, "all"))


def content(**values: Any) -> SheetInput:
    """A whole worksheet with two lines and two ways to pay."""
    given_ = {
        "price": D(31950),
        "discount": D(1200),
        "tax": TAX,
        "lines": (
            LineInput(Line(LineKind.ACCESSORY, "Tow bar", D(640), D(310))),
            LineInput(Line(LineKind.FEE, "Documentation", D(395), taxed=False)),
        ),
        "ways": (WayInput(Scenario(ScenarioKind.CASH)), WayInput(LOAN, buy_rate=D("3.9"), chosen=True)),
    }
    return SheetInput(**{**given_, **values})


def save(
    deal: Deal, sheet: SheetInput | None = None, version: int | None = None, actor: Actor = SYSTEM, **named: Any
) -> Worksheet:
    """Saved in a transaction of its own."""
    with transaction():
        return worksheets.save_sheet(actor=actor, deal_id=deal.id, version=version, content=sheet or content(), **named)


def desk(deal: Deal) -> sheets.Desk:
    """The deal's chosen worksheet as it is stored now."""
    return sheets.desk_of(SYSTEM, again(deal))


def again(deal: Deal) -> Deal:
    """The deal as it is stored now."""
    found = db.session.get(Deal, deal.id, populate_existing=True)
    assert found is not None
    return found


def told(deal: Deal) -> audit.HistoryLine:
    """What the audit says last about the deal."""
    return audit.list_history(SYSTEM, "deal", deal.id)[0]
