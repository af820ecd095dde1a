"""What the last weeks of a dealership of the demonstration leave open: leads, next steps, drives, cars brought in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from app.inventory.rules.appraisals import Area
from worker.demo.bargain import work_out
from worker.demo.phrases import PHRASES
from worker.demo.stock import draft_car, rounded, value_of
from worker.demo.stories import Brought, Buyer, Deed, Drive, Enquiry, Sale, Step, Story
from worker.demo.talk import Scene

# Whoever came earlier is remembered by his activities alone.
WINDOW = 45
_SOURCES = {
    "web": (("own_website", 40), ("portal", 30), ("manufacturer", 12), ("social", 12), ("advertising", 6)),
    "email": (("portal", 50), ("own_website", 35), ("referral", 15)),
    "chat": (("own_website", 55), ("social", 45)),
    "phone": (("advertising", 30), ("portal", 25), ("repeat", 20), ("referral", 15), ("service", 10)),
    "walk_in": (("referral", 30), ("repeat", 25), ("event", 20), ("advertising", 15), ("service", 10)),
}
_LOST = (("bought_elsewhere", 30), ("price", 25), ("no_answer", 15), ("postponed", 15), ("financing", 8),
         ("trade_in", 7))  # fmt: skip
_WRITTEN = (("web", 60), ("email", 22), ("chat", 18))
_VISITS = frozenset({"visit", "test_drive"})


def enliven(chance: Random, scene: Scene, story: Story, serial: int) -> Story:
    """The story with what belongs to its last weeks: everything else stays as it is."""
    car, drives, stays = story.car, list(story.drives), []
    label = f"{car.make} {car.model}" if car else story.about
    sold: dict[int, tuple[int, Sale]] = {}
    buyers = list(story.buyers)
    for number, stay in enumerate(car.stays if car else ()):
        sales = []
        for sale in stay.sales:
            if sale.buyer is None or not _is_fresh(scene, sale, _began(scene, story, buyers[sale.buyer])):
                sales.append(sale)
                continue
            at, buyer = sale.buyer, buyers[sale.buyer]
            if buyer.brought is None and sale.status != "lost" and chance.random() < 0.45:
                buyer = buyers[at] = replace(buyer, brought=bring(chance, scene, buyer, serial, "approved"))
            worked = work_out(chance, scene, car, stay, sale, buyer) if car else None
            sales.append(replace(sale, worked=worked))
            sold[at] = number, sales[-1]
        stays.append(replace(stay, sales=tuple(sales)))
    for at, buyer in enumerate(buyers):
        start = _began(scene, story, buyer)
        if buyer.enquiry is not None or (scene.now - start).days > WINDOW:
            continue
        known = sold.get(at)
        if known is not None:
            buyer, driven = _drive_before(scene, buyer, at, *known)
            drives += driven
        elif any(sale.buyer == at for stay in stays for sale in stay.sales):
            continue
        buyers[at] = ask(chance, scene, buyer, start, label, known)
    return replace(story, buyers=tuple(buyers), car=replace(car, stays=tuple(stays)) if car else None,
                   drives=tuple(drives))  # fmt: skip


def ask(
    chance: Random, scene: Scene, buyer: Buyer, start: datetime, label: str, known: tuple[int, Sale] | None
) -> Buyer:
    """The customer with the lead by which he came and what is to be done next."""
    first = buyer.deeds[0].type if buyer.deeds else "none"
    channel = {"call": "phone", "visit": "walk_in"}.get(first) or pick(chance, _WRITTEN)
    source = pick(chance, _SOURCES[channel])
    reached, reason, appointment = "", "", False
    if known is not None:
        reason = "price" if known[1].status == "lost" else ""
    elif len(buyer.deeds) > 1 or first in ("call", "visit"):
        reached = "visited" if any(deed.type in _VISITS for deed in buyer.deeds) else "contacted"
        if (scene.now - start).days > 18 and chance.random() < 0.55:
            reason = pick(chance, _LOST)
        elif reached == "visited" and chance.random() < 0.3:
            reached = "negotiating"
        elif reached == "contacted":
            appointment = chance.random() < 0.4
    elif (scene.now - start).days > 10 and chance.random() < 0.7:
        reason = "no_answer"
    enquiry = Enquiry(
        channel, source, say(chance, scene, source), say(chance, scene, "wanted", label), start, buyer.owner, reached,
        known[0] if known else None, reason,
    )  # fmt: skip
    steps = _next_steps(chance, scene, buyer, label, known, appointment=appointment, ended=bool(reason))
    return replace(buyer, enquiry=enquiry, steps=tuple(steps))


def bring(chance: Random, scene: Scene, buyer: Buyer, serial: int, status: str) -> Brought:
    """The car a customer comes with, looked at all round by whoever looks after him."""
    draft = draft_car(chance, scene, serial + 5_000, scene.today - timedelta(days=1), "used")
    retail = value_of(draft, scene.today, chance)
    grid = {}
    for area in Area:
        finding = pick(chance, (("ok", 72), ("minor", 18), ("major", 4), ("not_checked", 6)))
        note = say(chance, scene, finding) if finding in ("minor", "major") else ""
        grid[area.value] = {"finding": finding, "note": note}
    asked = [
        {"source": say(chance, scene, "comparable"), "amount": rounded(scene, retail * Decimal(str(share))),
         "on": scene.today - timedelta(days=chance.randrange(1, 12))}
        for share in (0.97, 1.02, 1.06)
    ]  # fmt: skip
    worth = max(rounded(scene, retail * Decimal(str(round(chance.uniform(0.74, 0.84), 3)))), scene.dealership.rounding)
    repairs = rounded(scene, worth * Decimal("0.04"))
    allowance = rounded(scene, worth * Decimal(str(round(chance.uniform(0.98, 1.06), 3))))
    owed = chance.random() < 0.35
    return Brought(
        draft.finished([], []), worth, repairs, grid, asked, status, buyer.owner or "sales1",
        say(chance, scene, "walk_round"), allowance,
        rounded(scene, worth * Decimal("0.55")) if owed else Decimal(0), say(chance, scene, "lender") if owed else None,
        say(chance, scene, "declined") if status == "declined" else "",
    )  # fmt: skip


def pick(chance: Random, weighted: Sequence[tuple[str, int]]) -> str:
    """One of the words, by their weights."""
    return chance.choices([word for word, _ in weighted], [weight for _, weight in weighted])[0]


def say(chance: Random, scene: Scene, what: str, label: str = "") -> str:
    """Words about something, in the dealership's language."""
    return chance.choice(PHRASES[scene.dealership.locale][what]).format(car=label)


def _next_steps(
    chance: Random, scene: Scene, buyer: Buyer, label: str, known: tuple[int, Sale] | None, *, appointment: bool,
    ended: bool,
) -> list[Step]:  # fmt: skip
    by = buyer.owner
    if by is None or ended:
        return []
    if known is not None and known[1].delivered_on is not None:
        day = known[1].delivered_on + timedelta(days=chance.randrange(3, 8))
        done = say(chance, scene, "outcome") if day < scene.today and chance.random() < 0.85 else None
        return [Step("call", scene.instant(chance, day, buyer.store), by, say(chance, scene, "thanks", label), done)]
    if chance.random() < 0.12:
        return []
    kind = "appointment" if appointment else pick(chance, (("call", 50), ("message", 28), ("papers", 22)))
    # An appointment lies ahead; of everything else some is late, some is for today.
    late = () if appointment else (("late", 26),)
    when = pick(chance, (*late, ("today", 32), ("later", 42)))
    days = {"late": -chance.randrange(1, 4), "today": 0, "later": chance.randrange(1, 7)}[when]
    due = scene.instant(chance, scene.today + timedelta(days=days), buyer.store)
    return [Step(kind, due, by, say(chance, scene, kind, label))]


def _drive_before(scene: Scene, buyer: Buyer, at: int, stay: int, sale: Sale) -> tuple[Buyer, list[Drive]]:
    """Drives that were mere activities become drives with their moments."""
    last = sale.delivered_on or scene.today
    kept: list[Deed] = []
    drives: list[Drive] = []
    for deed in buyer.deeds:
        back = deed.at + timedelta(minutes=20 + deed.at.minute % 17)
        recent = (scene.now - deed.at).days <= WINDOW
        if deed.type == "test_drive" and recent and back < scene.now and deed.at.date() <= last:
            drives.append(Drive(at, stay, deed.at, back, deed.by, deed.body))
        else:
            kept.append(deed)
    return replace(buyer, deeds=tuple(kept)), drives


def _is_fresh(scene: Scene, sale: Sale, start: datetime) -> bool:
    """Whether a deal is still known from the desk: open, or delivered since the first of last month."""
    if sale.unwound_on is not None or sale.deal_type not in ("retail", "lease"):
        return False
    if sale.delivered_on is not None:
        return sale.delivered_on >= first_of_last_month(scene.today)
    return (scene.now - start).days <= WINDOW


def first_of_last_month(today: date) -> date:
    """From when on people are paid by the plan there is."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _began(scene: Scene, story: Story, buyer: Buyer) -> datetime:
    if buyer.deeds:
        return buyer.deeds[0].at
    # Nobody has called back yet: it came in the morning of that day.
    at = scene.instant(Random(f"{buyer.contacts[0][1]}"), story.at, buyer.store)  # noqa: S311
    return min(at, scene.now - timedelta(minutes=25))
