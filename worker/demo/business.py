"""The last weeks of a dealership of the demonstration: deals on the desk, fresh sales, and hopes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from worker.demo.enliven import ask, bring, first_of_last_month, say
from worker.demo.selling import open_deal, sell, unsold_stay
from worker.demo.stock import draft_car, wait
from worker.demo.stories import Buyer, Drive, Story
from worker.demo.talk import Scene, make_buyer, pick_owner, say_before


def on_the_desk(chance: Random, scene: Scene, serial: int) -> Story:
    """A car on offer over which somebody is being worked with: every second deal is pending, or promised."""
    number = serial % 10_000
    store, acquired = number % 2, scene.today - timedelta(days=chance.randrange(12, 60))
    draft = draft_car(chance, scene, serial, acquired)
    buyers: list[Buyer] = []
    stay = unsold_stay(chance, scene, draft, store, acquired, "on_hold", buyers)
    status = ("working", "pending", "working", "sold", "booked")[number % 5]
    sale = open_deal(chance, scene, draft, store, acquired, stay.prices[-1].price, stay.cost, status, buyers)
    return Story(acquired, tuple(buyers), draft.finished([replace(stay, entry="available", sales=(sale,))], []))


def fresh_sale(chance: Random, scene: Scene, serial: int) -> Story:
    """A sale of this month, or of the last one: the first was last month at the first store."""
    number = serial % 10_000
    first, last_month = scene.today.replace(day=1), first_of_last_month(scene.today)
    if number % 2:
        delivered = scene.day_between(chance, last_month, first - timedelta(days=1))
    else:
        delivered = scene.day_between(chance, first, scene.today)
    store = (number - 1) % 2 if number < 3 else chance.randrange(2)
    sold_on = max(delivered - timedelta(days=chance.randrange(4)), last_month)
    acquired = sold_on - timedelta(days=wait(chance))
    draft = draft_car(chance, scene, serial, acquired)
    buyers: list[Buyer] = []
    stay, _ = sell(chance, scene, draft, store, acquired, sold_on, delivered, buyers, deal_type="retail")
    return Story(acquired, tuple(buyers), draft.finished([stay], []))


def hopeful(chance: Random, scene: Scene, serial: int) -> Story:
    """Two people ask for one car: one has booked a drive and brings a car of his own, the other waits for an answer."""
    number = serial % 10_000
    store, acquired = number % 2, scene.today - timedelta(days=chance.randrange(8, 50))
    draft = draft_car(chance, scene, serial, acquired)
    stay = unsold_stay(chance, scene, draft, store, acquired, "on_hold", [])
    owner = pick_owner(chance, store)
    first = scene.today - timedelta(days=chance.randrange(2, 7))
    deeds = say_before(chance, scene, draft.label, store, owner, first, scene.today, chance.randrange(2, 5))
    keen = make_buyer(chance, scene, store, owner, tuple(deed for deed in deeds if deed.type != "test_drive"))
    start = keen.deeds[0].at if keen.deeds else scene.now - timedelta(hours=30)
    keen = ask(chance, scene, keen, start, draft.label, None)
    status = ("draft", "submitted", "approved", "approved", "declined")[number % 5]
    brought = bring(chance, scene, keen, serial, status) if number % 3 else None
    late = make_buyer(chance, scene, store, owner if number % 2 else None, ())
    # Some have waited since the morning, some for a few minutes, and one since yesterday.
    minutes = (3, 55, 190, 1_500)[number % 4] + chance.randrange(10)
    late = ask(chance, scene, late, scene.now - timedelta(minutes=minutes), draft.label, None)
    buyers = [_about(keen), _about(replace(late, steps=()))]
    buyers[0] = replace(buyers[0], brought=brought)
    planned = scene.instant(chance, scene.today + timedelta(days=chance.randrange(1, 5)), store)
    drives = [Drive(0, 0, planned, None, owner, say(chance, scene, "booked"))]
    out = scene.instant(chance, max(first, acquired + timedelta(days=1)), store)
    back = out + timedelta(minutes=chance.randrange(20, 40))
    if number % 2 and start < out and back < scene.now:
        drives.append(Drive(0, 0, out, back, owner, say(chance, scene, "drive")))
    car = draft.finished([replace(stay, entry="available")], [])
    return Story(acquired, tuple(buyers), car, tuple(drives))


def _about(buyer: Buyer) -> Buyer:
    """The customer asks for the car of the story."""
    return replace(buyer, enquiry=replace(buyer.enquiry, stay=0) if buyer.enquiry else None)
