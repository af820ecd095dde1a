"""What a changed number on the desk costs, beside a request that does nothing, by the same server at the same time.

The form of a deal with ten lines, four ways to pay and a trade-in is posted as the desk posts it, each time with
another price; `GET /session` answers without a page. Both take turns, so that a busy machine slows them alike.
"""

from __future__ import annotations

import time
from decimal import Decimal
from urllib.parse import urlencode

from sqlalchemy import update

from app.core.db import db, directory, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.permissions import system_actor
from app.inventory.operations import units, vehicles
from app.sales import queries
from app.sales.operations import deals, trade_ins, worksheets
from app.sales.operations.contents import LineInput, SheetInput, WayInput
from app.sales.queries.sheets import Desk, desk_of
from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind
from app.sales.rules.tax_examples import US_CREDIT
from app.tenants import queries as tenants
from bench.ground import Ground, make_tenant, scratch
from bench.report import middle, p95, say
from bench.search import Browser, served, signed_in

ACTOR = system_actor("bench")
ROUNDS, WARM_UP, LINES = 400, 30, 10
HTMX = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}


def measure() -> dict[str, float | int | bool]:
    """The figures of one dealership's desk."""
    with scratch() as ground:
        app = ground.application()
        with app.app_context():
            make_tenant("desk")
            directory.refresh()
            found = next(known for known in directory.all_tenants() if known.slug == "desk")
            with tenant(found.id):
                with transaction() as session:
                    # Nobody is there to show a second factor.
                    session.execute(update(db.metadata.tables["tenants_roles"]).values(requires_second_factor=False))
                deal, desk = _filled()
                token = signed_in(found.hosts[0])
                return _asked(ground, found.hosts[0], token, deal, desk)


def _filled() -> tuple[str, Desk]:
    """A deal with a worksheet as a busy desk has one: its public id, and the worksheet."""
    with transaction():
        store = tenants.list_open_stores(ACTOR, "deal.create")[0]
        cars = [vehicles.add_vehicle(actor=ACTOR, make="Bench", model=name) for name in ("Sold", "Traded")]
        unit = units.stock_in_unit(
            actor=ACTOR, vehicle_id=cars[0].id, store_id=store.id, condition="used", status="available",
            cost=Decimal(24_000),
        )  # fmt: skip
        key = deals.record_deal(actor=ACTOR, stock_unit_id=unit.id, price=Decimal(31_950)).id
        kinds = (LineKind.ACCESSORY, LineKind.FEE, LineKind.PRODUCT)
        lines = tuple(
            LineInput(Line(kinds[number % 3], f"Line {number}", Decimal(100 + number), Decimal(50)))
            for number in range(LINES)
        )
        loan = Scenario(ScenarioKind.LOAN, Decimal(2_000), 60, Decimal("6.9"))
        lease = Scenario(
            ScenarioKind.LEASE, term_months=36, msrp=Decimal(34_000), residual_percent=Decimal(58),
            money_factor=Decimal("0.00125"),
        )  # fmt: skip
        balloon = Scenario(ScenarioKind.BALLOON, term_months=48, apr=Decimal("5.9"), balloon=Decimal(9_000))
        ways = tuple(
            WayInput(way, chosen=way is loan) for way in (Scenario(ScenarioKind.CASH), loan, balloon, lease)
        )
        sheet = SheetInput(Decimal(31_950), Decimal(950), US_CREDIT, None, lines, ways)
        worksheets.save_sheet(actor=ACTOR, deal_id=key, version=None, content=sheet)
        trade_ins.add_trade(
            actor=ACTOR, deal_id=key, vehicle_id=cars[1].id, allowance=Decimal(8_000), payoff=Decimal(1_500)
        )
    desk = desk_of(ACTOR, queries.get_deal(ACTOR, key))
    db.session.rollback()
    return to_public("deal", key), desk


def _asked(ground: Ground, host: str, token: str, deal: str, desk: Desk) -> dict[str, float | int | bool]:
    sheets: list[float] = []
    empties: list[float] = []
    with served(ground, host, token) as browser:
        fields = {"csrf_token": browser.form, "version": str(desk.version), "tax_key": US_CREDIT.key, **_fields(desk)}
        for number in range(WARM_UP + ROUNDS):
            sent = urlencode({**fields, "price": str(31_950 + number)})
            took = _timed(browser, "POST", f"/deals/{deal}/sheet", sent)
            empty = _timed(browser, "GET", "/session", None)
            if number >= WARM_UP:
                sheets.append(took)
                empties.append(empty)
    ratio = p95(sheets) / p95(empties)
    say(f"  a changed number {middle(sheets):.1f} ms, p95 {p95(sheets):.1f}; an empty request p95 {p95(empties):.1f}")
    return {
        "sheet_posts": len(sheets), "sheet_ms_p95": round(p95(sheets), 1), "empty_ms_p95": round(p95(empties), 1),
        "sheet_to_empty_request": round(ratio, 2),
    }  # fmt: skip


def _timed(browser: Browser, method: str, path: str, body: str | None) -> float:
    begun = time.perf_counter()
    answer = browser._ask(method, path, body, **(HTMX if body else {}))
    took = 1000 * (time.perf_counter() - begun)
    if body and (b"hx-swap-oob" not in answer or b'class="err"' in answer):
        raise RuntimeError(f"{path}: no figures, but {answer[:300]!r}")
    return took


def _fields(desk: Desk) -> dict[str, str]:
    """The fields of the form as the page has them."""
    found = {"discount": str(desk.discount)}
    for item in desk.lines:
        at, line = f"l-{item.id.hex}-", item.line
        found |= {f"{at}kind": line.kind, f"{at}label": line.label, f"{at}amount": str(line.amount)}
    for way in desk.ways:
        at, terms = f"w-{way.id.hex}-", way.scenario
        names = ("term_months", "apr", "down", "balloon", "msrp", "residual_percent", "money_factor")
        said = {name: getattr(terms, name) for name in names}
        found |= {f"{at}kind": terms.kind, **{f"{at}{name}": str(one) for name, one in said.items() if one is not None}}
        if way.chosen:
            found["choice"] = way.id.hex
    for car in desk.trades:
        at = f"t-{car.id.hex}-"
        found |= {f"{at}allowance": str(car.trade.allowance), f"{at}payoff": str(car.trade.payoff)}
    return found
