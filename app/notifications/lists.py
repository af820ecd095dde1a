"""The inbox as a list: one's own notifications, what is to do first, drawn as lines instead of a table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.jobs.topics import declared_topics
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, View, declare_list
from app.notifications import queries
from app.notifications.models import Item
from app.notifications.queries import Line
from app.notifications.rules import Tab

_TABS = {Tab.OPEN: N_("To do"), Tab.DONE: N_("Done")}


def _lines(actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, Line]:
    return {line.id: line for line in queries.lines_of(actor, rows)}


def _general(row: Any) -> list[str]:
    """What happened, whatever it happened to; the line itself says that too."""
    return [declared_topics()[row.topic].general]


INBOX = declare_list(
    ListSpec(
        name="inbox",
        label=N_("Inbox"),
        permission="",
        source=queries.own_items,
        gather=_lines,
        columns=(
            Column("topic", N_("What happened"), "words", value=_general),
            Column("last_at", N_("When"), "instant", sort="at"),
        ),
        filters=(
            Filter("tab", N_("State"), "choice", apply=queries.in_tab, choices=tuple(_TABS.items())),
            Filter("unread", N_("Unread"), "flag", apply=queries.is_unread),
            Filter("asks", N_("Asks something of me"), "flag", apply=queries.asks_something),
            Filter("at", N_("When"), "date_range", column=Item.last_at, instants=True),
        ),
        sorts=(Sort("at", N_("When"), (By(Item.last_at),), words=(N_("Oldest first"), N_("Newest first"))),),
        default_sort="-at",
        default_args={"tab": (Tab.OPEN,)},
        views=(
            View("open", _TABS[Tab.OPEN], {"tab": (Tab.OPEN,)}),
            View("done", _TABS[Tab.DONE], {"tab": (Tab.DONE,)}),
            View("all", N_("All")),
        ),
        id_prefix="ntf",
        endpoint="notifications.show_inbox",
        exports=False,
    )
)
