"""Cars of the demonstration that were sold, were not, or are being talked about, and the people who came for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from worker.demo.dealerships import MANAGERS
from worker.demo.stock import Draft, agree, ask, cost_of, rounded, value_of
from worker.demo.stories import Buyer, Sale, Stay
from worker.demo.talk import Scene, answer_soon, make_buyer, pick_owner, say_after, say_before


def sell(
    chance: Random,
    scene: Scene,
    draft: Draft,
    store: int,
    acquired: date,
    sold_on: date,
    delivered: date,
    buyers: list[Buyer],
    *,
    deal_type: str | None = None,
) -> tuple[Stay, Sale]:
    """A stay that ended with a customer, who joins `buyers`."""
    if deal_type is None:
        weights = (78, 14, 8) if draft.condition == "new" else (96, 0, 4)
        deal_type = chance.choices(("retail", "lease", "fleet"), weights)[0]
    owner = pick_owner(chance, store)
    value = value_of(draft, acquired, chance)
    prices = ask(chance, scene, store, value, acquired, sold_on)
    cost = cost_of(chance, scene, value, draft.condition)
    sales: list[Sale] = []
    if chance.random() < 0.05:
        sales.append(_lost(chance, scene, draft, store, acquired, sold_on, prices[-1].price, buyers))
    first = sold_on - timedelta(days=chance.randrange(1, 30))
    deeds = say_before(chance, scene, draft.label, store, owner, first, delivered, chance.randrange(4, 10))
    deeds = answer_soon(chance, scene, deeds + say_after(chance, scene, draft.label, store, owner, delivered),
                        draft.label)  # fmt: skip
    business = deal_type == "fleet" or chance.random() < (0.3 if deal_type == "lease" else 0.05)
    buyers.append(make_buyer(chance, scene, store, owner, deeds, business=business))
    sale = agree(
        chance, scene, deal_type, prices[-1].price, cost, buyer=len(buyers) - 1, salesperson=owner,
        sold_on=sold_on, delivered_on=delivered,
    )  # fmt: skip
    entry = "in_recon" if draft.condition != "new" and chance.random() < 0.25 else "available"
    stay = Stay(store, draft.condition, entry, cost, acquired, prices, (*sales, sale))
    return stay, sale


def _lost(
    chance: Random, scene: Scene, draft: Draft, store: int, acquired: date, until: date, price: Decimal,
    buyers: list[Buyer],
) -> Sale:  # fmt: skip
    """A deal somebody worked on in vain."""
    first = scene.day_between(chance, acquired, until)
    buyers.append(interested(chance, scene, store, draft.label, first, until, chance.randrange(2, 6)))
    note = scene.phrase(chance, "reasons", "lost")[1]
    offer = rounded(scene, price * Decimal("0.96"))
    return Sale(len(buyers) - 1, buyers[-1].owner, "retail", "lost", offer, Decimal(0), note=note)


def unsold_stay(
    chance: Random, scene: Scene, draft: Draft, store: int, acquired: date, standing: str, buyers: list[Buyer]
) -> Stay:
    """A stay that goes on: on its way, in the workshop, on offer, or promised to somebody who joins `buyers`."""
    value = value_of(draft, acquired, chance)
    cost = cost_of(chance, scene, value, draft.condition)
    prices = ask(chance, scene, store, value, acquired, scene.today)
    if standing == "in_transit" or not prices:
        return Stay(store, draft.condition, standing if standing != "promised" else "available", cost, acquired, ())
    sales: list[Sale] = []
    if standing in ("available", "promised"):
        if chance.random() < 0.12:
            sales.append(_lost(chance, scene, draft, store, acquired, scene.today, prices[-1].price, buyers))
        if standing == "promised" or chance.random() < 0.2:
            status = chance.choice(("sold", "booked") if standing == "promised" else ("working", "pending"))
            sales.append(open_deal(chance, scene, draft, store, acquired, prices[-1].price, cost, status, buyers))
    entry = {"in_recon": "in_recon", "on_hold": "on_hold"}.get(standing, "available")
    moves: tuple[tuple[str, date | None], ...] = ()
    if entry == "available" and not sales and chance.random() < 0.3:
        entry, moves = "in_recon", (("available", None),)
    return Stay(store, draft.condition, entry, cost, acquired, prices, tuple(sales), moves)


def open_deal(
    chance: Random, scene: Scene, draft: Draft, store: int, acquired: date, asking: Decimal, cost: Decimal,
    status: str, buyers: list[Buyer],
) -> Sale:  # fmt: skip
    """A deal of the last days that is not delivered."""
    day = scene.day_between(chance, max(acquired, scene.today - timedelta(days=6)), scene.today)
    first = max(acquired, day - timedelta(days=12))
    buyers.append(interested(chance, scene, store, draft.label, first, scene.today, chance.randrange(2, 7)))
    sale = agree(
        chance, scene, "retail", asking, cost, buyer=len(buyers) - 1, salesperson=buyers[-1].owner, sold_on=day,
        delivered_on=None, status=status,
    )  # fmt: skip
    return sale if status in ("sold", "booked") else replace(sale, sold_on=None)


def interested(chance: Random, scene: Scene, store: int, label: str, first: date, last: date, count: int) -> Buyer:
    """Somebody who talks about a car from `first` to `last`; one of the managers looks after a few."""
    owner = MANAGERS[store] if chance.random() < 0.08 else pick_owner(chance, store)
    deeds = answer_soon(chance, scene, say_before(chance, scene, label, store, owner, first, last, count), label)
    unassigned = count == 0 and chance.random() < 0.5
    return make_buyer(chance, scene, store, None if unassigned else owner, deeds, business=chance.random() < 0.05)
