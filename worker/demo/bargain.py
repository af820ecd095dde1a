"""How a deal of the demonstration's last weeks was worked out: lines, ways to pay, deposit and credit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from app.sales.rules.scenarios import Scenario, ScenarioKind
from app.sales.rules.sheet import Line, LineKind
from worker.demo.offers import CUSTOMS, Customs, tax_for
from worker.demo.phrases import PHRASES
from worker.demo.stock import rounded
from worker.demo.stories import Buyer, Car, Sale, Stay, Worked
from worker.demo.talk import Scene

_BANDS = (("excellent", 30), ("good", 40), ("fair", 22), ("poor", 8))


def work_out(chance: Random, scene: Scene, car: Car, stay: Stay, sale: Sale, buyer: Buyer) -> Worked:
    """The figures of a deal and the money that came; a lost one gets its deposit back."""
    country = scene.dealership.country
    customs, price = CUSTOMS[country], sale.price - sale.discount
    day = sale.delivered_on or scene.today
    lost, open_still = sale.status == "lost", sale.status in ("working", "pending")
    down = rounded(scene, price * customs.share_down)
    ways = _ways(chance, scene, customs, price, down)
    is_loan = chance.random() < 0.62
    band = chance.choices([name for name, _ in _BANDS], [weight for _, weight in _BANDS])[0]
    partner = "second" if band == "poor" or (band == "fair" and chance.random() < 0.6) else "harbour"
    asks = is_loan and not lost and (not open_still or chance.random() < 0.6)
    pays_down = not open_still or chance.random() < 0.5
    began = min(sale.sold_on or day, day) - timedelta(days=chance.randrange(3))
    return Worked(
        tax=tax_for(country, stay.store, stay.condition, car.fuel, day),
        lines=_lines(chance, customs, stay.condition),
        ways=ways,
        chosen=1 if is_loan else 0,
        second=sale.discount + rounded(scene, price * Decimal("0.01")) if chance.random() < 0.5 else None,
        down=down if is_loan else Decimal(0),
        deposit=Decimal(customs.deposit) if pays_down else Decimal(0),
        paid_by=chance.choice(customs.methods),
        began=max(began, stay.acquired_on),
        credit=(partner, band, customs.months[0]) if asks else None,
        insured=asks and chance.random() < 0.25,
        refund=chance.choice(PHRASES[scene.dealership.locale]["refund"]) if lost else "",
    )


def _ways(
    chance: Random, scene: Scene, customs: Customs, price: Decimal, down: Decimal
) -> tuple[tuple[Scenario, Decimal | None], ...]:
    """Cash, the lender's loan over two terms, and the other thing people in this market ask for."""
    loan, other = customs.lending
    ways: list[tuple[Scenario, Decimal | None]] = [(Scenario(ScenarioKind.CASH), None)]
    rates = {buy.months: buy.rate for buy in loan.buy_rates}
    for months in customs.months:
        term = next((term for term in loan.terms if term.months == months), None)
        if term is not None:
            ways.append((Scenario(ScenarioKind.LOAN, down, months, term.rate), rates.get(months)))
    term, kind = other.terms[0], ScenarioKind(other.kind.value)
    if chance.random() < 0.5:
        return tuple(ways)
    if kind is ScenarioKind.LEASE:
        made = Scenario(kind, down, term.months, msrp=price, residual_percent=term.rest, money_factor=term.rate)
    elif kind is ScenarioKind.BALLOON:
        made = Scenario(kind, down, term.months, term.rate, rounded(scene, price * (term.rest or 0) / 100))
    else:
        made = Scenario(kind, down, term.months, term.rate)
    return (*ways, (made, next((buy.rate for buy in other.buy_rates if buy.months == term.months), None)))


def _lines(chance: Random, customs: Customs, condition: str) -> tuple[Line, ...]:
    """The store's fees, an accessory or two, and what the finance office sold."""
    lines = [Line(LineKind.FEE, label, Decimal(amount), taxed=taxed) for label, amount, taxed in customs.fees]
    for label, amount, cost in chance.sample(customs.accessories, chance.choice((0, 1, 1, 2))):
        lines.append(Line(LineKind.ACCESSORY, label, Decimal(amount), Decimal(cost)))
    for sold in chance.sample(customs.products, chance.choice((0, 1, 1, 2, 3))):
        lines.append(Line(LineKind.PRODUCT, sold.name, Decimal(sold.price or 0), Decimal(sold.cost or 0)))
    if condition == "new" and chance.random() < 0.6:
        lines.append(Line(LineKind.REBATE, customs.rebate[0], Decimal(customs.rebate[1])))
    return tuple(lines)
