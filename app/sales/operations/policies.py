"""Setting a policy: always a new version, which holds from its day on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.violations import violated
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.sales import errors
from app.sales.models import POLICY_NUMBER, SalesPolicy
from app.sales.queries import policies
from app.sales.rules.policies import PolicyKind, as_stored


def set_policy(
    *,
    actor: Actor,
    kind: PolicyKind,
    body: Mapping[str, Any],
    store_id: uuid.UUID | None = None,
    effective_from: date | None = None,
    number: int | None = None,
) -> SalesPolicy:
    """Set the next version of a policy of a store, or of all stores, from that day on (today where none is given).

    `number` is that of the version whoever sets it has seen, 0 for none. Raises Invalid for a day that is gone, for
    what was decided under the version of then stays as it was, and Stale where somebody set another one meanwhile.
    """
    check(actor, "sales_setting.edit", owner_id=None, store_id=store_id)
    today = policies.today_at(store_id)
    if effective_from is not None and effective_from < today:
        raise Invalid([FieldError("effective_from", "in_past", errors.DAY_IS_GONE)])
    last = policies.last_number(store_id, kind)
    if number is not None and number != last:
        raise Stale
    before = policies.in_force(store_id, kind, effective_from or today)
    row = SalesPolicy(
        id=new_id(),
        store_id=store_id,
        kind=kind.value,
        number=last + 1,
        effective_from=effective_from or today,
        body=as_stored(body),
        made_by=actor.user_id,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError as error:
        if violated(error) == POLICY_NUMBER:
            raise Stale from error
        raise
    changes = {
        "kind": (None, row.kind),
        "store_id": (None, store_id),
        "number": (last or None, row.number),
        "effective_from": (None, row.effective_from),
        "body": (dict(before.body) if before else None, row.body),
    }
    audit.record(actor, "sales_policy.set", "sales_policy", row.id, changes=changes)
    return row
