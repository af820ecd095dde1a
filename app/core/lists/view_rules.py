"""Rules of saved views, without a database: who may see and change one, and what it may be called."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Protocol, TypeVar

from app.core.errors import N_, DomainError, FieldError, Invalid

LONGEST_NAME = 60
MOST_VIEWS = 30


class ViewScope(StrEnum):
    """Who finds a view among the tabs."""

    OWN = "own"
    TEAM = "team"
    TENANT = "tenant"


# Narrow to wide: the narrowest default is the one that counts.
ORDER = tuple(ViewScope)


class Facts(Protocol):
    """What the rules ask of a view."""

    @property
    def owner_id(self) -> uuid.UUID: ...
    @property
    def scope(self) -> str: ...
    @property
    def team_id(self) -> uuid.UUID | None: ...
    @property
    def is_default(self) -> bool: ...


Known = TypeVar("Known", bound=Facts)


class TooManyViews(DomainError):
    """The user keeps as many views of this list as fit above it."""

    code = "too_many_views"
    message = N_("At most {most} views of one list. Delete one first.")
    status = 409


def may_see(view: Facts, user_id: uuid.UUID | None, teams: Collection[uuid.UUID]) -> bool:
    """Whether a view stands among this user's tabs."""
    if view.owner_id == user_id or view.scope == ViewScope.TENANT:
        return True
    return view.scope == ViewScope.TEAM and view.team_id in teams


def may_change(view: Facts, user_id: uuid.UUID | None, teams: Collection[uuid.UUID], *, may_share: bool) -> bool:
    """Whether this user may rename, replace or delete a view: one's own, or a shared one with the right to share."""
    if view.owner_id == user_id:
        return view.scope == ViewScope.OWN or may_share
    return may_share and view.scope != ViewScope.OWN and may_see(view, user_id, teams)


def default_of(views: Iterable[Known], user_id: uuid.UUID | None) -> Known | None:
    """The view a list opens with: one's own choice before the team's before the dealership's."""
    marked = [view for view in views if view.is_default and (view.scope != ViewScope.OWN or view.owner_id == user_id)]
    return min(marked, key=lambda view: ORDER.index(ViewScope(view.scope)), default=None)


def checked_name(name: str) -> str:
    """`name` trimmed; raises Invalid when it is empty or too long to be a tab."""
    trimmed = " ".join(name.split())
    if not trimmed:
        raise Invalid([FieldError("name", "missing", N_("Give the view a name."), {})])
    if len(trimmed) > LONGEST_NAME:
        raise Invalid([FieldError("name", "too_long", N_("At most {most} characters."), {"most": LONGEST_NAME})])
    return trimmed
