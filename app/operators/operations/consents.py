"""The console's copy of what dealerships agree to; written as the platform, from a task of the dealership's own."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from app.core.db import db, platform, transaction
from app.operators.models import operator_consents
from app.tenants.operations.admitting import ConsentFacts


def note(facts: ConsentFacts) -> None:
    """Write the copy; repeated, it says the same, and a withdrawal is never taken back."""
    values = {
        "id": facts.id,
        "tenant_id": facts.tenant_id,
        "reason": facts.reason,
        "until": facts.until,
        "withdrawn_at": facts.withdrawn_at,
    }
    kept = func.coalesce(operator_consents.c.withdrawn_at, facts.withdrawn_at)
    written = insert(operator_consents).values(values)
    with platform(), transaction():
        db.session.execute(written.on_conflict_do_update(index_elements=["id"], set_={"withdrawn_at": kept}))
