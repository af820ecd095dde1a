"""A customer's timeline: what was said and done, and what somebody changed, as one stream that can be narrowed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.masks import MaskKind, mask
from app.core.guard.permissions import Actor, allows, covers
from app.core.http.timelines import CHANGE, Change, Entry, Group, collapsed, history
from app.crm import queries
from app.crm.models import Activity
from app.crm.rules.customers import DIRECTION_LABELS, KIND_LABELS, OUTCOME_LABELS, TYPE_LABELS
from app.tenants import queries as tenants

ACTIVITY = "activity"
ICONS = {"call": "phone", "message": "message", "visit": "visit", "test_drive": "test-drive", "note": "note"}
FIELDS = {
    "name": N_("Name"),
    "given_name": N_("Given name"),
    "family_name": N_("Family name"),
    "kind": N_("Kind"),
    "contact_kind": N_("Kind of contact"),
    "owner_id": N_("Looked after by"),
    "store_id": N_("Store"),
    "id_number": N_("ID number"),
    "notes": N_("Notes"),
    "language": N_("Language"),
}
ACTIONS = {
    "customer.create": N_("added the customer"),
    "customer.delete": N_("deleted the customer"),
    "customer.restore": N_("brought the customer back"),
    "customer.add_contact": N_("added a contact"),
    "customer.remove_contact": N_("removed a contact"),
    "customer.reveal": N_("unmasked the contacts for a stated reason"),
    "customer.reveal_contact": N_("looked at a contact in full"),
    "customer.reveal_identity": N_("unmasked the ID number for a stated reason"),
    "customer.reveal_id_number": N_("looked at the ID number in full"),
}
SHOWN = {"": N_("All"), ACTIVITY: N_("Activities"), CHANGE: N_("Changes")}


def stream(actor: Actor, customer_id: uuid.UUID, shown: str) -> dict[str, Any]:
    """The groups of the timeline, its words, and the links that narrow it; the caller has checked the customer."""
    entries = [*activity_entries(actor, customer_id), *_changes(actor, customer_id)]
    public_id = to_public("cus", customer_id)
    shown = shown if shown in SHOWN else ""
    return {
        "groups": collapsed(entries, shown),
        "fields": {name: gettext(label) for name, label in FIELDS.items()},
        "actions": {name: gettext(label) for name, label in ACTIONS.items()},
        "links": [
            (gettext(label), url_for("crm.show_customer", customer_id=public_id, timeline=key or None), key == shown)
            for key, label in SHOWN.items()
        ],
    }


def activity_entries(actor: Actor, customer_id: uuid.UUID) -> list[Entry]:
    """What was said and done with the customer, as far as the actor may see it."""
    if not allows(actor, "activity.see"):
        return []
    return [
        Entry(
            at=activity.at,
            kind=ACTIVITY,
            title=" · ".join([title_of(activity), *([activity.subject] if activity.subject else [])]),
            who=user or "",
            body=activity.body or "",
            icon=ICONS[activity.type],
            key=to_public("act", activity.id),
            more={
                "version": activity.version,
                "may_edit": covers(actor, "activity.edit", owner_id=activity.user_id, store_id=activity.store_id),
                "may_delete": covers(actor, "activity.delete", owner_id=activity.user_id, store_id=activity.store_id),
            },
        )
        for activity, user in queries.list_activities(actor, customer_id)
    ]


def title_of(activity: Activity) -> str:
    """What kind of activity it was, which way it went and how it ended."""
    parts = [TYPE_LABELS[activity.type]]
    if activity.direction:
        parts.append(DIRECTION_LABELS[activity.direction])
    if activity.outcome:
        parts.append(OUTCOME_LABELS[activity.outcome])
    return " · ".join(map(gettext, parts))


def _changes(actor: Actor, customer_id: uuid.UUID) -> list[Entry]:
    entries = history(actor, "customer", customer_id)
    changed = {change.field for entry in entries for change in entry.changes}
    people = dict(_named(tenants.list_active_users())) if "owner_id" in changed else {}
    stores = {str(store.id): store.name for store in tenants.list_open_stores(actor, "customer.see")} \
        if "store_id" in changed else {}  # fmt: skip

    def word(field: str, value: Any) -> Any:
        if field == "kind" and value in KIND_LABELS:
            return gettext(KIND_LABELS[value])
        if field == "id_number":
            # In full it is shown where looking leaves an entry.
            return mask(MaskKind.NATIONAL_ID, value) or None
        known = {"owner_id": people, "store_id": stores}.get(field)
        # Somebody who has left, or a store that is not the reader's: there was one, and that is all there is to say.
        return value if known is None or value is None else known.get(str(value), "…")

    def told(entry: Entry) -> Entry:
        changes = [] if entry.action != "customer.edit" else [
            Change(one.field, word(one.field, one.before), word(one.field, one.after))
            for one in entry.changes if one.field in FIELDS
        ]  # fmt: skip
        return Entry(at=entry.at, kind=CHANGE, who=entry.who, icon=entry.icon, key=entry.key, action=entry.action,
                     changes=changes)  # fmt: skip

    return [told(entry) for entry in entries]


def _named(rows: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(row.id), row.name) for row in rows]


__all__ = ["ICONS", "Group", "activity_entries", "stream", "title_of"]
