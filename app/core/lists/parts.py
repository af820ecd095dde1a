"""What a list may have besides columns, filters and sorts: views, a preview, a board, bulk changes, a way out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.guard.permissions import Actor


@dataclass(frozen=True)
class Target:
    """Where a cell leads: an endpoint and its arguments, made into an address at the edge."""

    endpoint: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Under:
    """The small line below a cell's main text; the end of it may stand out, as the tail of a VIN does."""

    text: str | None = None
    strong: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """What a cell holds when it leaves as a file, where the column it is read from does not tell.

    `info` is a data class or group, `kind` the mask's; `is_mask` says that the cell shows a mask already. `person(row)`
    is whom it tells of. An approved export in the clear asks `full(rows)` for key -> value, if `field` is visible.
    """

    info: Mapping[str, Any] | None = None
    kind: str = ""
    is_mask: bool = False
    person: Callable[[Any], Any] | None = None
    field: Any = None
    full: Callable[[Sequence[Any]], Mapping[Any, str]] | None = None


@dataclass(frozen=True)
class View:
    """A tab every list has from the start: arguments with a name. One that leads elsewhere names a place instead."""

    key: str
    label: str
    args: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: Target | None = None


@dataclass(frozen=True)
class Peek:
    """The preview of one record beside the list.

    `load(actor, id)` gives what the template shows, through the module's own queries: it raises NotFound for a
    record that is not there or lies outside the actor's scope, so that both look the same.
    """

    template: str
    load: Callable[[Actor, uuid.UUID], Mapping[str, Any]]


@dataclass(frozen=True)
class Board:
    """The list as columns of cards, one for each state of `filter`; `move(row)` is where a card's change is posted.

    `may(row)` are the states a card may be moved to, told before anybody tries; whoever lacks `permission` moves none.
    `leave(row)` is the page for what ends a card's time on the board.
    """

    filter: str
    states: Sequence[tuple[str, str]]
    move: Callable[[Any], Target | None] | None = None
    may: Callable[[Any], Sequence[str]] | None = None
    leave: Callable[[Any], Target | None] | None = None
    permission: str = ""
    # The name in that form of the state a card is moved to, and of the version the mover saw.
    argument: str = "status"
    title: str = ""
    facts: tuple[str, ...] = ()
    sum_of: str = ""


@dataclass(frozen=True)
class BulkField:
    """One thing a change of many rows has to be told."""

    name: str
    label: str
    kind: Literal["text", "money", "number", "date", "choice", "id", "textarea"] = "text"
    choices: Sequence[tuple[str, str]] = ()
    # The key of the list's own choices (stores, people) that this field offers.
    choices_of: str = ""
    required: bool = True
    help: str = ""
    # Of an id: what it begins with.
    prefix: str = ""


@dataclass(frozen=True)
class BulkAction:
    """A change that can be made to many rows at once; `danger` is for what takes something away.

    `apply(actor, id, values)` does it to one row by the module's own operation and raises what is to be said of a row
    that stays as it is. Fields must not be called as arguments of the list. With `proof` people show again who they
    are, as for a view marked `@step_up`.
    """

    key: str
    label: str
    icon: str
    permission: str
    fields: tuple[BulkField, ...] = ()
    danger: bool = False
    proof: bool = False
    apply: Callable[[Actor, uuid.UUID, Mapping[str, Any]], None] | None = None
