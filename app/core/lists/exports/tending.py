"""What time does to exports: files go when their hours are over, questions nobody answers lapse, schedules fire."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from app.core import clock
from app.core.db import db
from app.core.guard import audit, vault
from app.core.guard.permissions import system_actor
from app.core.jobs.events import publish
from app.core.lists.exports.models import Export, ExportLink
from app.core.lists.exports.notices import ExportDecided
from app.core.lists.exports.operations import forget_key, resource_of
from app.core.lists.exports.schedules import LocaleOf, Who, fire_due
from app.core.lists.exports.states import ExportState
from app.core.lists.exports.taking import drop_file
from app.core.lists.spec import REGISTRY

# The audit keeps who took what for as long as there is an audit; this is only the list people look at.
HISTORY_KEPT: Final = timedelta(days=400)
_AT_ONCE: Final = 500
_CLOCK: Final = system_actor("exports")


def tend_exports(who: Who, locale_of: LocaleOf) -> None:
    """Whatever is due now, in one transaction."""
    _delete_expired()
    _lapse_undecided()
    now = clock.now()
    db.session.execute(delete(ExportLink).where(ExportLink.expires_at <= now))
    ended = (ExportState.GONE, ExportState.FAILED, ExportState.REFUSED, ExportState.LAPSED)
    old = Export.created_at < now - HISTORY_KEPT, Export.state.in_([state.value for state in ended])
    vault.drop_keys(db.session.scalars(delete(Export).where(*old).returning(Export.id)).all())
    fire_due(who, locale_of)


def _delete_expired() -> None:
    ready = Export.state == ExportState.READY.value, Export.expires_at <= clock.now()
    for row in db.session.scalars(select(Export).where(*ready).limit(_AT_ONCE).with_for_update()).all():
        drop_file(_CLOCK, row, "export.expire")


def _lapse_undecided() -> None:
    waiting = Export.state == ExportState.WAITING.value, Export.expires_at <= clock.now()
    for row in db.session.scalars(select(Export).where(*waiting).limit(_AT_ONCE).with_for_update()).all():
        row.state, row.expires_at = ExportState.LAPSED.value, None
        forget_key(row)
        spec = REGISTRY.get(row.list_name)
        told = {"list": (None, row.list_name)}
        audit.record(_CLOCK, "export.lapse", resource_of(spec) if spec else "export", row.id, changes=told)
        publish(ExportDecided(row.id, row.created_by))
