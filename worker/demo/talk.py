"""Customers of the demonstration and what was said with them, from the first call to the thank-you after delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from worker.demo import people
from worker.demo.dealerships import SALES, Dealership
from worker.demo.stories import Buyer, Deed
from worker.demo.words import WORDS

_TYPES = {
    "first": (("call", 45), ("message", 35), ("visit", 20)),
    "middle": (("call", 30), ("message", 26), ("visit", 16), ("test_drive", 14), ("note", 14)),
    "after": (("call", 45), ("message", 30), ("visit", 10), ("note", 15)),
}


@dataclass(frozen=True)
class Scene:
    """Where and until when a history happens: nothing in it lies after `now`."""

    dealership: Dealership
    now: datetime
    today: date

    def phrase(self, chance: Random, moment: str, kind: str) -> tuple[str, str]:
        """Words for a moment, in the dealership's language."""
        return chance.choice(WORDS[self.dealership.locale][moment][kind])

    def instant(self, chance: Random, day: date, store: int) -> datetime:
        """Some time of `day` when the store is open."""
        clock = time(chance.randrange(9, 18), chance.randrange(60))
        zone = ZoneInfo(self.dealership.branches[store].timezone)
        return datetime.combine(day, clock, zone).astimezone(UTC)

    def day_between(self, chance: Random, first: date, last: date) -> date:
        """A day from `first` to `last`, or to today where that comes first."""
        last = max(min(last, self.today), first)
        return first + timedelta(days=chance.randrange((last - first).days + 1))


def make_buyer(
    chance: Random, scene: Scene, store: int, owner: str | None, deeds: Sequence[Deed], *, business: bool = False
) -> Buyer:
    """A customer with ways to be reached."""
    country, locale = scene.dealership.country, scene.dealership.locale
    contacts = [("phone", people.pick_phone(chance, country))]
    notes = scene.phrase(chance, "reasons", "customer")[1] if chance.random() < 0.12 else ""
    if business:
        contacts.append(("email", people.pick_email(chance, "office")))
        company = people.pick_company(chance, country)
        return Buyer("business", company, "", "", store, owner, locale, notes, contacts, deeds)
    name = people.pick_name(chance, country)
    if chance.random() < 0.7:
        contacts.append(("email", people.pick_email(chance, name.plain)))
    if chance.random() < 0.12:
        contacts.append(("phone", people.pick_phone(chance, country)))
    # The same number may fall twice, which no customer has.
    contacts = list(dict.fromkeys(contacts))
    return Buyer("individual", "", name.given, name.family, store, owner, locale, notes, contacts, deeds)


def pick_owner(chance: Random, store: int) -> str:
    """A salesperson of the store."""
    return chance.choice(SALES[store])


def say_before(
    chance: Random, scene: Scene, car: str, store: int, owner: str, first: date, last: date, count: int
) -> list[Deed]:
    """`count` deeds from the first contact to `last`."""
    if count == 0:
        return []
    next_day = min(first + timedelta(days=1), scene.today)
    days = sorted(scene.day_between(chance, next_day, last) for _ in range(count - 1))
    opener = "bdc" if chance.random() < 0.3 else owner
    deeds = [_deed(chance, scene, "first", car, store, opener, first)]
    deeds += [_deed(chance, scene, "middle", car, store, owner, day) for day in days]
    return _in_order(scene, deeds)


def say_after(chance: Random, scene: Scene, car: str, store: int, owner: str, delivered: date) -> list[Deed]:
    """The thank-you call and what followed in the months after."""
    days: list[date] = []
    day = delivered + timedelta(days=chance.randrange(2, 9))
    while day <= scene.today and len(days) < 5:
        days.append(day)
        if chance.random() < 0.45:
            break
        day += timedelta(days=chance.randrange(40, 190))
    return _in_order(scene, [_deed(chance, scene, "after", car, store, owner, day) for day in days])


def answer_soon(chance: Random, scene: Scene, deeds: list[Deed], car: str) -> list[Deed]:
    """Now and then the last word is followed by another within the hour."""
    if not deeds or chance.random() > 0.08:
        return deeds
    subject, body = scene.phrase(chance, "middle", "message")
    at = deeds[-1].at + timedelta(minutes=chance.randrange(3, 55))
    return _in_order(scene, [*deeds, Deed("message", "outbound", at, deeds[-1].by, subject, body.format(car=car))])


def _deed(chance: Random, scene: Scene, moment: str, car: str, store: int, by: str, day: date) -> Deed:
    kinds, weights = zip(*_TYPES[moment], strict=True)
    kind = chance.choices(kinds, weights)[0]
    subject, body = scene.phrase(chance, moment, kind)
    direction = None
    if kind in ("call", "message"):
        direction = "inbound" if moment == "first" else "outbound"
    return Deed(kind, direction, scene.instant(chance, day, store), by, subject, body.format(car=car))


def _in_order(scene: Scene, deeds: list[Deed]) -> list[Deed]:
    return sorted((deed for deed in deeds if deed.at < scene.now), key=lambda deed: deed.at)
