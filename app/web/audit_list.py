"""The list of the audit: who did what to which record, when, from where and for whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select

from app.core.db.columns import INTERNAL, PERSONAL
from app.core.db.ids import from_public, to_public
from app.core.errors import N_, NotFound
from app.core.guard import audit
from app.core.guard.models import AuditEntry, AuditSeal
from app.core.guard.permissions import Actor
from app.core.guard.policy import declare_record
from app.core.lists.models import SavedView
from app.core.lists.spec import By, Column, Filter, ListSpec, Outgoing, Peek, Sort, Target, Under, View, declare_list
from app.web.audit_words import ACTIONS, PREFIXES, RECORDS


def _entries(actor: Actor) -> Select[Any]:
    entry = AuditEntry
    columns: list[Any] = [entry.id, entry.at, entry.actor_name, entry.action, entry.record_type, entry.record_id]
    columns += [entry.origin, entry.agent, entry.behind, entry.key_id, entry.request_id, AuditSeal.seq]
    return (
        select(*columns)
        .select_from(entry)
        .outerjoin(AuditSeal, AuditSeal.entry_id == entry.id)
        .where(audit.visible_to(actor))
    )


def _page(row: Any) -> Target:
    return Target("audit.show_entry", {"entry_id": to_public("aud", row.id)})


def _behind(row: Any) -> Under | None:
    """Who stood behind the person that is named."""
    return Under(row.behind) if row.behind else None


def public_record(kind: str, record_id: UUID | None) -> str | None:
    """A record's id as addresses carry it, where its kind has such ids."""
    return to_public(PREFIXES[kind], record_id) if record_id is not None and kind in PREFIXES else None


def _record(row: Any) -> str | None:
    return public_record(row.record_type, row.record_id)


def _about(text: str) -> ColumnElement[bool]:
    """Entries about the record with this public id; about none for what is no id."""
    try:
        return AuditEntry.record_id == from_public(text.partition("_")[0], text)
    except NotFound:
        return false()


def _glance(actor: Actor, entry_id: UUID) -> dict[str, Any]:
    """What the preview shows; raises NotFound for an entry the actor may not read."""
    target = Target("audit.show_entry", {"entry_id": to_public("aud", entry_id)})
    return {"seen": audit.get_entry(actor, entry_id), "target": target}


# What entries tell of besides the columns of their records.
declare_record("audit_event", AuditEntry)
declare_record("view", SavedView)
declare_record("import", kind=INTERNAL, rows=INTERNAL)
declare_record("tenant", exported_at=INTERNAL, rows=INTERNAL)

# What somebody saw in full or took away.
LEAVING = (
    "customer.reveal", "customer.reveal_contact", "customer.reveal_identity", "customer.reveal_id_number",
    "export", "export.approve", "export.link", "download", "tenant.export",
)  # fmt: skip
_PERSON = Outgoing(PERSONAL, "name")
_NAMED: dict[str, Any] = {"out": _PERSON, "under_out": _PERSON}


def _agent(row: Any) -> Under | None:
    return Under(row.agent) if row.agent else None


AUDIT = declare_list(
    ListSpec(
        name="audit",
        label=N_("Audit"),
        permission="audit.see",
        source=_entries,
        columns=(
            Column("action", N_("What"), labels=ACTIONS, url=_page),
            Column("actor_name", N_("Who"), under=_behind, field=AuditEntry.__table__.c.actor_name, **_NAMED),
            Column("at", N_("When"), "instant", sort="at"),
            Column("record_type", N_("Record"), labels=RECORDS),
            Column("origin", N_("From"), under=_agent, under_out=Outgoing(INTERNAL)),
            Column("seq", N_("Number"), "number"),
            Column("record", N_("Record id"), value=_record, shown=False, out=Outgoing(INTERNAL)),
            Column("behind", N_("On behalf of"), shown=False),
            Column("agent", N_("Program"), shown=False),
            Column("request_id", N_("Request"), shown=False),
        ),
        filters=(
            Filter("person", N_("Person"), "id", column=AuditEntry.actor_id, prefix="usr", words=("me",)),
            Filter("type", N_("Record"), "choices", column=AuditEntry.record_type, choices=tuple(RECORDS.items())),
            Filter("action", N_("What"), "choices", column=AuditEntry.action, choices=tuple(ACTIONS.items())),
            Filter("at", N_("When"), "date_range", column=AuditEntry.at, instants=True),
            Filter("key", N_("API key"), "id", column=AuditEntry.key_id, prefix="apk"),
            Filter("record", N_("Record id"), apply=_about, normalise=str.lower),
        ),
        sorts=(Sort("at", N_("When"), (By(AuditEntry.at),), words=(N_("Oldest first"), N_("Newest first"))),),
        default_sort="-at",
        views=(
            View("all", N_("All")),
            View("access", N_("Signing in"), {"action": ("session.start", "session.refuse", "session.block")}),
            View("rights", N_("Rights"), {"type": ("role", "user")}),
            View("leaving", N_("Shown and exported"), {"action": LEAVING}),
            View("refused", N_("Refused"), {"action": ("access.deny", "session.refuse", "session.block")}),
        ),
        peek=Peek("web/audit/_peek.html", _glance),
        id_prefix="aud",
        endpoint="audit.list_entries",
    )
)
