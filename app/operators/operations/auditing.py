"""Writing down what operators do, in the transaction of what they did."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert

from app.core.db import db
from app.core.db.columns import new_id
from app.operators.models import operator_audit
from app.operators.operations.actor import OperatorActor


def record(
    actor: OperatorActor, action: str, *, tenant_id: str | None = None, details: Mapping[str, str | int] | None = None
) -> None:
    """Write that `actor` did `action`; the console's role can add such rows and never change one."""
    db.session.execute(
        insert(operator_audit).values(
            id=new_id(),
            operator_id=actor.id,
            operator_name=actor.name,
            action=action,
            tenant_id=tenant_id,
            details=dict(details or {}),
            address=actor.address,
        )
    )
