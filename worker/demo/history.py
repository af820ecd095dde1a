"""Loading the history of a demonstration dealership: a job that tells some stories in each of its steps.

Everything goes through the modules' own operations, so that numbers, audit, sealing and metrics are as if people had
done it. A step and its checkpoint are one transaction: killed at any point, the job goes on without telling twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.events import publish
from app.core.jobs.jobs import begin_step, finish_job, list_jobs, next_step, report, start_job
from app.core.jobs.models import Job, JobState
from app.core.jobs.queues import QueueName
from app.crm.operations import activities, customers
from app.crm.operations.contacts import ContactInput
from app.inventory.operations import odometers, units, vehicles
from app.sales.operations import deals, delivery
from app.tenants.events import InvitationAccepted
from worker.demo import settings, telling
from worker.demo.dealerships import MANAGERS, Dealership, find
from worker.demo.desk import Desk
from worker.demo.plot import write_history
from worker.demo.stories import Buyer, Car, Drive, Sale, Stay, Story
from worker.demo.telling import Met

TASK = "demo.load_history"
KIND = "demo.history"
# Some two hundred records: a step of a second or three.
STORIES_PER_STEP = 20
FUNDED_AFTER = timedelta(days=6)


def actor_of(dealership: Dealership) -> Actor:
    """Who is named in the audit of everything loaded."""
    return system_actor(dealership.system_name)


def find_history(dealership: Dealership) -> Job | None:
    """The job that loads or has loaded the present tenant's history."""
    found = list_jobs(actor_of(dealership), KIND, limit=1)
    return found[0] if found else None


def start_history(
    dealership: Dealership, store_ids: list[uuid.UUID], staff: Mapping[str, uuid.UUID], scale: float = 1.0
) -> Job:
    """Start the job; the history ends at this moment, wherever the loading of it is by then."""
    params = {
        "slug": dealership.slug,
        "now": clock.now().isoformat(),
        "scale": scale,
        "stores": [str(store_id) for store_id in store_ids],
        "staff": {post: str(user_id) for post, user_id in staff.items()},
    }
    return start_job(actor_of(dealership), KIND, params, TASK, QueueName.IMPORTS)


def load_step(job_id: uuid.UUID) -> None:
    """Tell the next stories of the job."""
    job = begin_step(job_id)
    if job is None:
        return
    dealership = find(job.params["slug"])
    stories = write_history(dealership, datetime.fromisoformat(job.params["now"]), job.params["scale"])
    told = int(job.checkpoint.get("told", 0))
    teller = Teller(dealership, job.params)
    now = datetime.fromisoformat(job.params["now"])
    today = min(clock.business_date(now, branch.timezone) for branch in dealership.branches)
    if told == 0:
        settings.furnish(teller.actor, dealership, teller.stores, today)
    for story in stories[told : told + STORIES_PER_STEP]:
        teller.tell(story)
    told, asked = min(told + STORIES_PER_STEP, len(stories)), [*job.checkpoint.get("asked", ()), *teller.asked]
    report(job, done=told, total=len(stories), checkpoint={"told": told, "asked": asked})
    if told < len(stories):
        next_step(job)
    else:
        settings.fund(teller.as_post("fi"), asked, today)
        settings.pay(teller.as_post("gm"), dealership, teller.stores, teller.staff, today)
        finish_job(job, JobState.SUCCEEDED, {"stories": told})
        # The last two to join are news, so that an inbox is not empty on the first day.
        for user_id in list(teller.staff.values())[-2:]:
            publish(InvitationAccepted(user_id, None))


class Teller:
    """Turns stories into records of the present tenant."""

    def __init__(self, dealership: Dealership, params: Mapping[str, Any]) -> None:
        self.dealership, self.actor = dealership, actor_of(dealership)
        self.stores = [uuid.UUID(store_id) for store_id in params["stores"]]
        self.staff = {post: uuid.UUID(user_id) for post, user_id in params["staff"].items()}
        # What was told, as kind and id.
        self.made: list[tuple[str, uuid.UUID]] = []
        # Applications for cars that were handed over, and the day on which the lender is to have paid.
        self.asked: list[tuple[str, str]] = []

    def tell(self, story: Story) -> None:
        """One story, whole."""
        buyers = [self._meet(buyer) for buyer in story.buyers]
        for one in buyers:
            if one.buyer.enquiry is None or one.buyer.enquiry.stay is None:
                self._talk(one, None)
        if story.car is not None:
            self._stock(story, story.car, buyers)

    def as_post(self, post: str) -> Actor:
        """The holder of a post, for what has to be somebody's: the audit names the demonstration all the same."""
        return Actor(self.staff[post], self.actor.name, system=True)

    def _who(self, post: str | None) -> uuid.UUID | None:
        return self.staff[post] if post is not None else None

    def _meet(self, buyer: Buyer) -> Met:
        customer = customers.create_customer(
            actor=self.actor,
            kind=buyer.kind,
            store_id=self.stores[buyer.store],
            name=buyer.name,
            given_name=buyer.given_name,
            family_name=buyer.family_name,
            owner_id=self._who(buyer.owner),
            language=buyer.language,
            notes=buyer.notes,
            contact_points=[ContactInput(kind, value) for kind, value in buyer.contacts],
        )
        self.made.append(("customer", customer.id))
        one = Met(buyer, customer.id)
        if buyer.brought is not None:
            one.vehicle_id = self._know(buyer.brought.car)
            unit, manager = self.dealership.odometer_unit, MANAGERS[buyer.store]
            telling.appraise(self.as_post, buyer.brought, one.vehicle_id, self.stores[buyer.store], unit, manager)
        return one

    def _talk(self, one: Met, unit_id: uuid.UUID | None) -> None:
        """What was said with the customer, after the lead by which he came."""
        telling.open_lead(self.actor, self._who, one, unit_id)
        said = [
            activities.PastActivity(deed.type, deed.at, self._who(deed.by), deed.direction, deed.subject, deed.body)
            for deed in one.buyer.deeds
        ]
        logged = activities.log_history(actor=self.actor, customer_id=one.id, entries=said)
        self.made += [("activity", key) for key in logged]
        telling.follow_lead(self.actor, self.as_post, self._who, one)
        if unit_id is None:
            telling.lose_lead(self.actor, one)

    def _know(self, car: Car) -> uuid.UUID:
        first, *later = car.readings
        vehicle = vehicles.add_vehicle(
            actor=self.actor,
            make=car.make,
            model=car.model,
            vin=car.vin,
            plate=car.plate,
            odometer=first.reading,
            odometer_unit=self.dealership.odometer_unit,
            odometer_status=first.status,
            read_on=first.on,
            trim=car.trim,
            model_year=car.model_year,
            body=car.body,
            colour=car.colour,
            transmission=car.transmission,
            fuel=car.fuel,
        )
        self.made.append(("vehicle", vehicle.id))
        for reading in later:
            odometers.record_odometer(
                actor=self.actor,
                vehicle_id=vehicle.id,
                reading=reading.reading,
                unit=self.dealership.odometer_unit,
                status=reading.status,
                read_on=reading.on,
                reason=reading.reason,
            )
        key: uuid.UUID = vehicle.id
        return key

    def _stock(self, story: Story, car: Car, buyers: list[Met]) -> None:
        vehicle_id = self._know(car)
        for number, stay in enumerate(car.stays):
            asking = [one for one in buyers if one.buyer.enquiry is not None and one.buyer.enquiry.stay == number]
            drives = [drive for drive in story.drives if drive.stay == number]
            self._keep(vehicle_id, stay, buyers, asking, drives)

    def _keep(
        self, vehicle_id: uuid.UUID, stay: Stay, buyers: list[Met], asking: list[Met], drives: list[Drive]
    ) -> None:
        unit = units.stock_in_unit(
            actor=self.actor,
            vehicle_id=vehicle_id,
            store_id=self.stores[stay.store],
            status=stay.entry,
            condition=stay.condition,
            cost=stay.cost,
            acquired_on=stay.acquired_on,
        )
        self.made.append(("stock_unit", unit.id))
        for priced in stay.prices:
            units.change_price(
                actor=self.actor,
                unit_id=unit.id,
                version=unit.version,
                asking_price=priced.price,
                reason=priced.reason,
                at=priced.at,
            )
        for one in asking:
            self._talk(one, unit.id)
        for drive in drives:
            telling.tell_drive(self.actor, self._who, drive, buyers[drive.buyer], unit.id)
        for sale in stay.sales:
            self._sell(unit.id, sale, buyers)
        for one in asking:
            telling.lose_lead(self.actor, one)
        for status, on in stay.moves:
            units.move_status(actor=self.actor, unit_id=unit.id, version=unit.version, status=status, on=on)

    def _sell(self, unit_id: uuid.UUID, sale: Sale, buyers: list[Met]) -> None:
        one = None if sale.buyer is None else buyers[sale.buyer]
        if sale.worked is not None and one is not None:
            done = Desk(self.as_post, unit_id, sale, sale.worked, one, self._who(sale.salesperson))
            self.made.append(("deal", done.work_out()))
            if done.asked is not None and sale.delivered_on is not None:
                self.asked.append((str(done.asked), (sale.delivered_on + FUNDED_AFTER).isoformat()))
            return
        lost = sale.status == "lost"
        deal = deals.record_deal(
            actor=self.actor,
            stock_unit_id=unit_id,
            price=sale.price,
            discount=sale.discount,
            customer_id=None if one is None else one.id,
            salesperson_id=self._who(sale.salesperson),
            deal_type=sale.deal_type,
            status="working" if lost else sale.status,
            sold_on=sale.sold_on,
            delivered_on=sale.delivered_on,
            note=sale.note,
        )
        self.made.append(("deal", deal.id))
        if lost:
            deals.edit_deal(
                actor=self.actor,
                deal_id=deal.id,
                version=deal.version,
                price=deal.price,
                discount=deal.discount,
                customer_id=deal.customer_id,
                salesperson_id=deal.salesperson_id,
                deal_type=deal.deal_type,
                status="lost",
                note=deal.note,
            )
        if sale.unwound_on is not None:
            delivery.unwind_deal(
                actor=self.actor, deal_id=deal.id, version=deal.version, reason=sale.reason, unwound_on=sale.unwound_on
            )
