"""Exports in words: how one stands, what is done to each kind of value; the list of them, and how they are named."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, func, select

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.jobs.topics import Named, Phrase, declare_subject
from app.core.lists.exports import operations
from app.core.lists.exports.cells import DETAILS
from app.core.lists.exports.models import Export
from app.core.lists.exports.outgoing import FULL, under_key
from app.core.lists.exports.purposes import purpose_of, recipient_of
from app.core.lists.exports.states import Every, ExportState
from app.core.lists.exports.treatments import Treatment
from app.core.lists.spec import REGISTRY, By, Column, Filter, ListSpec, Sort, Target, Under, View, declare_list
from app.tenants.queries.callers import caller_facts
from app.web.formats import format_number

PREFIX = "exp"
STATES = {
    ExportState.WAITING.value: N_("Waiting for approval"),
    ExportState.REFUSED.value: N_("Not approved"),
    ExportState.LAPSED.value: N_("Nobody decided"),
    ExportState.STARTED.value: N_("Being made"),
    ExportState.FAILED.value: N_("Failed"),
    ExportState.READY.value: N_("Ready"),
    ExportState.GONE.value: N_("Deleted"),
}
TREATMENTS = {
    Treatment.SEEN.value: N_("As seen"),
    Treatment.MASKED.value: N_("Masked"),
    Treatment.PSEUDONYM.value: N_("A code in its place"),
    Treatment.DROPPED.value: N_("Left out"),
    FULL: N_("In full"),
}
KINDS_OF_VALUE = {
    "public": (N_("Public"), N_("Names of stores, makes of cars")),
    "internal": (N_("Internal"), N_("States, days, numbers of records")),
    "personal": (N_("Personal"), N_("Names of customers and colleagues, number plates")),
    "contact": (N_("Contact"), N_("Phone numbers and e-mail addresses")),
    "identity": (N_("Identity"), N_("ID documents and bank accounts")),
    "sensitive": (N_("Sensitive"), N_("Anything else that is to be kept closely")),
    "financial": (N_("Prices"), N_("Asking prices and net prices")),
    "cost": (N_("Cost"), N_("What the dealership paid")),
    "margin": (N_("Margin"), N_("What the dealership earns")),
    "pay": (N_("Pay"), N_("What people are paid")),
}
EVERY = {Every.DAY.value: N_("Every day"), Every.WEEK.value: N_("Every week"), Every.MONTH.value: N_("Every month")}
WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
STOPPED = {
    "view_gone": N_("The view is gone, or is not everybody's any more."),
    "rights_changed": N_("Whoever set it up may not export this any more."),
    "purpose_gone": N_("What it is for was taken away with somebody's data. Say it again."),
}
FORMATS = {"csv": "CSV", "xlsx": "Excel (XLSX)"}


@dataclass(frozen=True)
class ShownColumn:
    """A column of a file, what is done to it, and whether that takes something away."""

    label: str
    treatment: str
    words: str


def shown_columns(told: Mapping[str, str], wanted: Sequence[Column]) -> list[ShownColumn]:
    """The columns of a view and what happens to each on the way out, those left out as well."""
    shown = []
    for column in wanted:
        label = gettext(column.label)
        shown.append(_shown(label, told.get(column.key, Treatment.DROPPED.value)))
        if under_key(column) in told:
            shown.append(_shown(gettext(DETAILS).format(column=label), told[under_key(column)]))
    return shown


def treated_words(row: Export) -> list[ShownColumn]:
    """What is done to the columns of an export."""
    spec = REGISTRY.get(row.list_name)
    return shown_columns(row.treated, [one for one in spec.columns if one.key in row.treated]) if spec else []


def condition_words(row: Export) -> str:
    """By what the rows of an export are chosen; what was asked for is not said, it may name people."""
    spec, keys = REGISTRY.get(row.list_name), row.asked.get("conditions", ())
    labels = {item.key: gettext(item.label) for item in spec.filters} if spec else {}
    return ", ".join(labels.get(key, key) for key in keys)


def rows_words(row: Export) -> str:
    """How many rows an export has, or would have when it was asked for; nothing where that is not known."""
    if row.state != ExportState.WAITING:
        return format_number(row.rows) if row.rows else ""
    about = row.asked.get("about")
    return "" if about is None else format_number(about) + ("+" if about >= operations.MOST_COUNTED else "")


def _shown(label: str, treatment: str) -> ShownColumn:
    return ShownColumn(label, treatment, gettext(TREATMENTS[treatment]) if treatment in TREATMENTS else treatment)


def _exports(actor: Actor) -> Select[Any]:
    callers = caller_facts()
    return (
        select(
            Export.id,
            Export.list_name,
            Export.format,
            Export.state,
            Export.purpose_enc,
            Export.recipient_enc,
            Export.unmasked,
            func.nullif(Export.rows, 0).label("rows"),
            Export.created_at,
            Export.expires_at,
            callers.c.name.label("owner"),
            callers.c.user_id,
            callers.c.key_id,
        )
        .select_from(Export)
        .outerjoin(callers, callers.c.caller_id == Export.created_by)
        .where(operations.visible_to(actor))
    )


def list_words(name: str) -> str:
    """What a list is called; its own name when this application has it no more."""
    return gettext(REGISTRY[name].label) if name in REGISTRY else name


def _page(row: Any) -> Target:
    return Target("exports.show_export", {"export_id": to_public(PREFIX, row.id)})


def _is_unmasked(wanted: bool) -> Any:
    return Export.unmasked.is_(wanted)


EXPORTS = declare_list(
    ListSpec(
        name="exports",
        label=N_("Exports"),
        permission="",
        source=_exports,
        columns=(
            Column(
                "list", N_("List"), value=lambda row: list_words(row.list_name), url=_page,
                under=lambda row: Under(purpose_of(row) or None),
            ),
            Column("state", N_("State"), "status", labels=STATES),
            Column("rows", N_("Rows"), "number"),
            Column("unmasked", N_("In full"), "flag"),
            Column("owner", N_("Asked by")),
            Column("created_at", N_("Asked"), "instant", sort="created"),
            Column("format", N_("Format"), labels=FORMATS, shown=False),
            Column("recipient", N_("Who gets it"), value=recipient_of, shown=False),
            Column("expires_at", N_("Deleted on"), "instant", shown=False),
        ),
        filters=(
            Filter("state", N_("State"), "choices", column=Export.state, choices=tuple(STATES.items())),
            Filter("unmasked", N_("In full"), "flag", apply=_is_unmasked),
            Filter("owner", N_("Asked by"), "id", column=Export.created_by, prefix="usr", words=("me",)),
            Filter("created", N_("Asked"), "date_range", column=Export.created_at, instants=True),
        ),
        sorts=(Sort("created", N_("Asked"), (By(Export.created_at),), words=(N_("Oldest first"), N_("Newest first"))),),
        default_sort="-created",
        views=(
            View("all", N_("All")),
            View("mine", N_("My exports"), {"owner": ("me",)}),
            View("waiting", N_("Waiting for approval"), {"state": (ExportState.WAITING.value,)}),
            View("ready", N_("Ready"), {"state": (ExportState.READY.value,)}),
        ),
        id_prefix=PREFIX,
        endpoint="exports.list_exports",
        row_url=_page,
        exports=False,
    )
)  # fmt: skip


def name_exports(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Exports the actor may see, by the list they are of, and how each stands."""
    found = operations.find_exports(actor, list(ids))
    return {
        row.id: Named(
            Phrase(N_("Export: {list}"), {"list": Phrase(REGISTRY[row.list_name].label)}),
            Phrase(STATES[row.state]),
            "exports.show_export",
            {"export_id": to_public(PREFIX, row.id)},
        )
        for row in found
        if row.list_name in REGISTRY
    }


declare_subject("export", name_exports)
