"""Allowing pages of other hosts to ask the API from a browser, and taking that back."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, FieldError, Invalid
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.tenants.models import ApiOrigins
from app.tenants.queries.origins import find_origins
from app.tenants.rules.origins import MOST_ORIGINS, origin_of

NO_ORIGIN = N_("“{text}” is no origin: write https:// and the host, without a path or a star.")
TOO_MANY = N_("At most {most} origins.")


def allow_origins(actor: Actor, written: Sequence[str]) -> None:
    """From now on pages of these origins, and no others, may read the API's answers. Raises Invalid."""
    check(actor, "dealership.origins")
    wanted: list[str] = []
    for text in written:
        origin = origin_of(text)
        if origin is None:
            raise Invalid([FieldError("origins", "no_origin", NO_ORIGIN, {"text": text[:60]})])
        if origin not in wanted:
            wanted.append(origin)
    if len(wanted) > MOST_ORIGINS:
        raise Invalid([FieldError("origins", "too_many", TOO_MANY, {"most": MOST_ORIGINS})])
    row = find_origins() or ApiOrigins(id=new_id(), origins=[])
    before = list(row.origins)
    if before == wanted:
        return
    row.origins = wanted
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "api_origins.edit", "api_origins", row.id, changes={"origins": (before, wanted)})
