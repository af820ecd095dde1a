"""Two years at a dealership of the demonstration, the same for the same dealership, moment and scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from app.core import clock
from worker.demo.business import fresh_sale, hopeful, on_the_desk
from worker.demo.cars import pick_build
from worker.demo.dealerships import Dealership, chance_of
from worker.demo.enliven import enliven
from worker.demo.selling import interested, sell, unsold_stay
from worker.demo.stock import agree, ask, cost_of, draft_car, drive_on, value_of, wait
from worker.demo.stories import Buyer, Stay, Story
from worker.demo.talk import Scene, make_buyer

DAYS = 730
# Stories of each kind at full scale: about 600 customers, 500 stock episodes, 400 deals and 4,000 activities.
KINDS = {"sold": 335, "wholesale": 48, "gone": 24, "stocked": 66, "unwound": 9, "asked": 208}
# And of what is going on now, which sample data has none of.
LIVELY = {"desk": 12, "fresh": 10, "hopeful": 10}
_UNSOLD = {"available": 60, "in_recon": 15, "in_transit": 8, "on_hold": 5, "promised": 12}


def write_history(dealership: Dealership, now: datetime, scale: float = 1.0, *, lively: bool = True) -> list[Story]:
    """Every story up to `now`, the oldest first; `scale` makes a smaller history of the same shape.

    A `lively` one goes on: with leads, next steps, test drives and deals that are being worked on.
    """
    # The stores need not be in one time zone, and nowhere may a day be told that has not come there yet.
    today = min(clock.business_date(now, branch.timezone) for branch in dealership.branches)
    scene = Scene(dealership, now, today)
    tellers: dict[str, Callable[[Random, Scene, int], Story]] = {
        "sold": _sold, "wholesale": _wholesale, "gone": _gone, "stocked": _stocked, "unwound": _unwound,
        "asked": _asked, "desk": on_the_desk, "fresh": fresh_sale, "hopeful": hopeful,
    }  # fmt: skip
    stories = []
    for place, (kind, count) in enumerate((KINDS | LIVELY if lively else KINDS).items()):
        for number in range(max(round(count * scale), 2)):
            serial = place * 10_000 + number + 1
            story = tellers[kind](chance_of(dealership.slug, kind, number), scene, serial)
            chance = chance_of(dealership.slug, kind, number, "lately")
            stories.append(enliven(chance, scene, story, serial) if lively else story)
    return sorted(stories, key=lambda story: story.at)


def pick_day(chance: Random, scene: Scene) -> date:
    """A day of the two years, more often in months in which cars sell."""
    months = scene.dealership.months
    while True:
        day = scene.today - timedelta(days=chance.randrange(1, DAYS))
        if chance.random() < months[day.month - 1] / max(months):
            return day


def _sold(chance: Random, scene: Scene, serial: int) -> Story:
    store, delivered = _store(chance), pick_day(chance, scene)
    sold_on = delivered - timedelta(days=chance.randrange(8))
    acquired = sold_on - timedelta(days=wait(chance))
    draft = draft_car(chance, scene, serial, acquired)
    buyers: list[Buyer] = []
    stay, sale = sell(chance, scene, draft, store, acquired, sold_on, delivered, buyers)
    stays, readings = [stay], [drive_on(chance, scene, draft, delivered)] if chance.random() < 0.5 else []
    if sale.deal_type == "retail" and (scene.today - delivered).days > 260 and chance.random() < 0.12:
        draft, readings = replace(draft, condition="used", readings=(*draft.readings, *readings)), []
        back = scene.day_between(chance, delivered + timedelta(days=180), scene.today - timedelta(days=3))
        came = replace(
            draft.readings[-1],
            on=back,
            status="original",
            reason=None,
            reading=draft.readings[-1].reading + (back - delivered).days * 30,
        )
        again = back + timedelta(days=wait(chance))
        if again < scene.today:
            stays.append(sell(chance, scene, draft, store, back, again, again, buyers, deal_type="retail")[0])
        else:
            stays.append(unsold_stay(chance, scene, draft, store, back, "available", buyers))
        readings.append(came)
    return Story(acquired, tuple(buyers), draft.finished(stays, readings))


def _wholesale(chance: Random, scene: Scene, serial: int) -> Story:
    store, delivered = _store(chance), pick_day(chance, scene)
    acquired = delivered - timedelta(days=chance.randrange(4, 90))
    draft = draft_car(chance, scene, serial, acquired, "used")
    value = value_of(draft, acquired, chance)
    cost = cost_of(chance, scene, value, "used")
    prices = ask(chance, scene, store, value, acquired, delivered) if chance.random() < 0.5 else ()
    sale = agree(chance, scene, "wholesale", value, cost, buyer=None, salesperson=None,
                 sold_on=delivered, delivered_on=delivered)  # fmt: skip
    return Story(acquired, (), draft.finished([Stay(store, "used", "available", cost, acquired, prices, (sale,))], []))


def _gone(chance: Random, scene: Scene, serial: int) -> Story:
    """Traded to another dealer, or given away in a lot, without a deal of its own."""
    store, left = _store(chance), pick_day(chance, scene)
    acquired = left - timedelta(days=chance.randrange(5, 100))
    draft = draft_car(chance, scene, serial, acquired)
    value = value_of(draft, acquired, chance)
    prices = ask(chance, scene, store, value, acquired, left)
    move = (chance.choice(("dealer_trade_out", "dealer_trade_out", "wholesaled")), left)
    cost = cost_of(chance, scene, value, draft.condition)
    stay = Stay(store, draft.condition, "available", cost, acquired, prices, (), (move,))
    return Story(acquired, (), draft.finished([stay], []))


def _stocked(chance: Random, scene: Scene, serial: int) -> Story:
    store = _store(chance)
    standing = chance.choices(list(_UNSOLD), list(_UNSOLD.values()))[0]
    if standing == "in_transit":
        age = chance.randrange(10)
    elif standing == "in_recon":
        age = chance.randrange(1, 18)
    else:
        age = min(wait(chance) + chance.randrange(25), 230)
    acquired = scene.today - timedelta(days=age)
    draft = draft_car(chance, scene, serial, acquired)
    buyers: list[Buyer] = []
    stay = unsold_stay(chance, scene, draft, store, acquired, standing, buyers)
    return Story(acquired, tuple(buyers), draft.finished([stay], []))


def _unwound(chance: Random, scene: Scene, serial: int) -> Story:
    """Sold, taken back, and mostly sold again."""
    store, delivered = _store(chance), pick_day(chance, scene) - timedelta(days=25)
    sold_on = delivered - timedelta(days=chance.randrange(4))
    acquired = sold_on - timedelta(days=wait(chance))
    draft = draft_car(chance, scene, serial, acquired, "used")
    buyers: list[Buyer] = []
    stay, sale = sell(chance, scene, draft, store, acquired, sold_on, delivered, buyers, deal_type="retail")
    back = delivered + timedelta(days=chance.randrange(3, 15))
    reason = scene.phrase(chance, "reasons", "unwound")[1]
    sales = [replace(sale, unwound_on=back, reason=reason, status="finalized")]
    again = back + timedelta(days=chance.randrange(4, 50))
    if again <= scene.today and chance.random() < 0.85:
        second = sell(chance, scene, draft, store, acquired, again, again, buyers, deal_type="retail")[1]
        # The second buyer pays what was asked last, not what the car would be worth anew.
        price = stay.prices[-1].price
        sales.append(replace(second, price=price, discount=min(second.discount, price)))
    return Story(acquired, tuple(buyers), draft.finished([replace(stay, sales=tuple(sales))], []))


def _asked(chance: Random, scene: Scene, serial: int) -> Story:
    """Somebody who never bought: from nobody has called yet to many visits."""
    store = _store(chance)
    recent = chance.random() < 0.4
    first = scene.today - timedelta(days=chance.randrange(60)) if recent else pick_day(chance, scene)
    count = chance.choices((0, 1, 2, 3, 5, 8), (10, 16, 18, 22, 22, 12))[0]
    label = _label(chance, scene)
    buyer = interested(chance, scene, store, label, first, first + timedelta(days=45), count)
    buyers = [buyer]
    if chance.random() < 0.04 and buyer.kind == "individual":
        # Shares the phone, and the family name: shown as possible duplicates.
        partner = make_buyer(chance, scene, store, buyer.owner, ())
        name = partner.given_name if chance.random() < 0.7 else buyer.given_name
        buyers.append(replace(partner, given_name=name, family_name=buyer.family_name, contacts=buyer.contacts[:1]))
    return Story(first, tuple(buyers), about=label)


def _label(chance: Random, scene: Scene) -> str:
    build = pick_build(chance, scene.dealership.country)
    return f"{build.make} {build.model}"


def _store(chance: Random) -> int:
    return 0 if chance.random() < 0.58 else 1
