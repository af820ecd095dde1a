"""Whatever is personal goes with its person: sealed, beside what is sealed, emptied by its room, or said why not."""

from __future__ import annotations

import importlib

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db.session import Base
from app.core.guard.sealed import sealed_columns
from app.core.guard.words import declared_words
from tests.architecture.test_data_classes import ROOMS

for _room in ("inventory", "crm", "sales"):
    importlib.import_module(f"app.{_room}.operations.erasing")
ROOMS_OF_CUSTOMERS = tuple(f"{room}_" for room in ROOMS if room not in ("tenants", "operators"))
# What stays in the clear when a person's key goes, and why.
STAYS = {
    "crm_customers.name": "the record's own name, by which its deals are told apart: the privacy of the record",
    "crm_customers.given_name": "as the name",
    "crm_customers.family_name": "as the name",
    "crm_customers.name_key": "as the name",
    "sales_snapshots.reason": "a snapshot is only ever added to, and its mark holds the reason",
}
# Emptied by the same hand that empties words, though it is none.
EMPTIED = {
    "crm_test_drives.licence_valid_until": "with the drive's notes: operations/test_drives.py, forget_driver",
    "sales_payments.reference": "with the reason: sales, operations/erasing.py, forget_words_of_money",
    "sales_payments.reason": "of a refund something has to stand there: forget_words_of_money",
}
# Bodies that hold figures, ids and choices alone; who adds words of people to one seals them elsewhere.
BODIES = {
    "crm_lead_rules.hours": "opening hours of a store",
    "inventory_appraisals.comparables": "cars of others on sale and their prices",
    "inventory_appraisals.condition": "the state of a car's parts",
    "sales_applications.decided": "what the partner decided: amounts, term, rate",
    "sales_applications.requested": "amounts, term and rate; the person is disclosed to the partner and not kept",
    "sales_applications.stipulations": "papers the partner asks for",
    "sales_approvals.limits": "names of limits",
    "sales_approvals.measures": "figures beside limits",
    "sales_commission_entries.body": "figures by which it was counted",
    "sales_commission_plans.body": "tiers and rates",
    "sales_commission_plans.people": "ids of users",
    "sales_commission_statements.body": "figures of a month",
    "sales_deals.shares": "ids of users and parts",
    "sales_fi_products.buy_rates": "rates of partners",
    "sales_fi_products.eligibility": "conditions on cars",
    "sales_fi_products.terms": "terms of products",
    "sales_policies.body": "a store's policy",
    "sales_scenarios.terms": "term, rate, down payment",
    "sales_snapshots.body": "ids, figures, labels of lines; neither notes nor lienholders nor reasons",
    "sales_tax_rules.body": "rates of taxes",
    "sales_worksheets.tax_rule": "rates of taxes",
}
TABLES = [table for table in Base.metadata.sorted_tables if table.name.startswith(ROOMS_OF_CUSTOMERS)]


def _named(wanted: object) -> set[str]:
    return {f"{table.name}.{column.name}" for table in TABLES for column in table.columns if wanted(column)}  # type: ignore[operator]


def _sealed() -> set[str]:
    return {f"{item.table.name}.{column.name}" for item in sealed_columns() for column in (item.column, *item.beside)}


def test_every_personal_column_goes_with_its_person() -> None:
    """A new one: `of_subject` in its model, `declare_words` in its room's `operations/erasing.py`, or a line above."""
    personal = _named(lambda column: column.info["data_class"] in ("personal", "sensitive"))
    assert len(personal) >= 25
    assert sorted(personal - _sealed() - declared_words() - STAYS.keys() - EMPTIED.keys()) == []
    assert sorted((STAYS.keys() | EMPTIED.keys()) - personal) == []


def test_what_is_emptied_is_text() -> None:
    texts = _named(lambda column: isinstance(column.type, Text))
    assert len(declared_words()) >= 15
    assert sorted(declared_words() - texts) == []


def test_every_body_is_known_to_hold_no_words_about_a_person() -> None:
    """A new one: look at what is written into it, and say it above."""
    assert sorted(_named(lambda column: isinstance(column.type, JSONB)) ^ BODIES.keys()) == []
