"""Leads for tests, made through the operations, in the tenant's context and outside a transaction."""

from __future__ import annotations

from typing import Any

from app.core.db import transaction
from app.crm.models import Lead
from app.crm.operations.leads import create_lead
from app.crm.operations.rotating import set_lead_rules
from app.crm.queries.leads import answering_of
from app.tenants.models import Store
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_customer


def make_lead(store: Store, name: str = "Lee Asks", **values: Any) -> Lead:
    """Somebody who asks over the web."""
    customer_id = values.pop("customer_id", None) or make_customer(store, name).id
    defaults = {"actor": SYSTEM, "channel": "web", "source": "portal"}
    with transaction():
        return create_lead(customer_id=customer_id, **{**defaults, **values})


def set_rules(store: Store, **values: Any) -> None:
    """How the store answers its leads."""
    with transaction():
        version = answering_of(store.id).version
        set_lead_rules(actor=SYSTEM, store_id=store.id, version=version, **{"target_minutes": 5, **values})
