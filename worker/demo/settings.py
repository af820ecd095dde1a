"""What a dealership of the demonstration sets up before it sells, and how it pays its people at the month's end."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from app.core.guard.permissions import Actor
from app.sales.operations import applications, catalogue, commission, policies, tax_table
from app.sales.queries.applications import get_application
from app.sales.rules.financing import AGREED, StipulationState
from app.sales.rules.policies import PolicyKind
from worker.demo.dealerships import SALES, Dealership
from worker.demo.enliven import first_of_last_month
from worker.demo.offers import CUSTOMS, tax_for


def furnish(actor: Actor, dealership: Dealership, stores: Sequence[uuid.UUID], today: date) -> None:
    """The table of taxes, the fees a deal begins with at each store, and the catalogue of the finance office."""
    customs = CUSTOMS[dealership.country]
    since = date(today.year - 2, 1, 1)
    for rule, begins, ends in customs.taxes:
        tax_table.add_tax_rule(actor=actor, body=rule.to_body(), valid_from=begins or since, valid_until=ends)
    fees = [{"label": label, "amount": Decimal(amount), "taxed": taxed} for label, amount, taxed in customs.fees]
    for number, store_id in enumerate(stores):
        body = {"tax_key": tax_for(dealership.country, number, "used", "", today), "fees": fees}
        policies.set_policy(actor=actor, kind=PolicyKind.FEES, body=body, store_id=store_id)
    for offer in (*customs.products, *customs.lending):
        catalogue.add_product(
            actor=actor, kind=offer.kind.value, name=offer.name, provider=offer.provider, valid_from=since,
            price=None if offer.price is None else Decimal(offer.price),
            cost=None if offer.cost is None else Decimal(offer.cost),
            terms=offer.terms, buy_rates=offer.buy_rates, eligibility=offer.eligibility,
        )  # fmt: skip


def fund(actor: Actor, asked: Iterable[tuple[str, str]], today: date) -> None:
    """The lenders' money of contracts whose day has come; who has not decided yet leaves his in transit."""
    for application_id, day in asked:
        found, funded_on = get_application(actor, uuid.UUID(application_id)), date.fromisoformat(day)
        if found.status not in AGREED or funded_on > today:
            continue
        for stipulation in found.stipulations:
            applications.settle_stipulation(
                actor=actor, application_id=found.id, name=stipulation["name"], state=StipulationState.MET.value
            )
        applications.fund_deal(
            actor=actor, application_id=found.id, amount=found.decided_amount or found.amount, funded_on=funded_on
        )


def pay(
    actor: Actor, dealership: Dealership, stores: Sequence[uuid.UUID], staff: Mapping[str, uuid.UUID], today: date
) -> None:
    """The plan by which salespeople are paid since last month; the first store has closed that month already."""
    customs, last_month = CUSTOMS[dealership.country], first_of_last_month(today)
    people = [staff[post] for posts in SALES for post in posts]
    commission.set_plan(actor=actor, name=customs.plan_name, plan=customs.plan, valid_from=last_month, people=people)
    # What was delivered before there was a plan is looked at now.
    commission.count_month(last_month)
    commission.count_month(today.replace(day=1))
    for post in SALES[0]:
        commission.close_period(actor=actor, user_id=staff[post], store_id=stores[0], period=last_month)
