"""Saved views: kept for oneself, a team or the dealership; read in one statement for the tabs of a list."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.errors import N_, FieldError, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, allows, declare
from app.core.guard.policy import policy_for
from app.core.guard.vault import drop_keys, load_subject_keys, seal_own, unseal_own
from app.core.lists.models import SavedView
from app.core.lists.query import Arguments
from app.core.lists.spec import ListSpec, visibility
from app.core.lists.view_rules import MOST_VIEWS, TooManyViews, ViewScope, checked_name, may_change

PREFIX = "view"
SHARE = "view.share"
declare("view", verbs=(), extra=("share",), whole=True)

# Who owns the teams says so here: a user's id -> the statement of the ids of the user's teams.
TeamsOf = Callable[[uuid.UUID], Select[Any]]
_teams_of: TeamsOf | None = None


def install_teams(teams_of: TeamsOf) -> None:
    """Take the function that knows the teams; core itself knows no module."""
    global _teams_of
    _teams_of = teams_of


@dataclass(frozen=True)
class Draft:
    """What a view is made of: a name, whom it is for, and what it asks."""

    name: str
    scope: str = ViewScope.OWN
    team_id: uuid.UUID | None = None
    is_default: bool = False


def visible_views(actor: Actor, list_name: str) -> Sequence[SavedView]:
    """The views of a list that stand among the actor's tabs, one's own first."""
    if actor.caller_id is None:
        return []
    found = db.session.scalars(
        select(SavedView)
        .where(visible_to(actor), SavedView.list_name == list_name)
        .order_by(SavedView.owner_id != actor.caller_id, SavedView.position, SavedView.id)
    ).all()
    if sealed := {view.id for view in found if view.conditions is not None}:
        load_subject_keys(sealed)
    return found


def get_view(actor: Actor, public_id: str) -> SavedView:
    """A view the actor may see; raises NotFound for any other."""
    wanted = SavedView.id == from_public(PREFIX, public_id)
    view: SavedView | None = db.session.scalar(select(SavedView).where(visible_to(actor), wanted))
    if view is None:
        raise NotFound
    return view


def may_edit(actor: Actor, view: SavedView) -> bool:
    """Whether the actor may rename, replace or delete a view that he sees."""
    # He sees it, so a team's view is one of a team of his.
    teams = [view.team_id] if view.team_id else []
    return may_change(view, actor.caller_id, teams, may_share=allows(actor, SHARE))


def personal_of(actor: Actor, spec: ListSpec, view: SavedView) -> Arguments:
    """The personal conditions sealed in a view; of somebody else's, those on values the actor sees in the clear."""
    if view.conditions is None:
        return {}
    found = unseal_own(SavedView.__tablename__, "conditions", view.id, view.conditions)
    if view.owner_id == actor.caller_id:
        return found
    # A phone's token may be asked by whoever sees the mask alone, but not read back out of a colleague's view.
    policy = policy_for(actor)
    clear = {n for item in spec.filters if visibility(policy, item.field) == "visible" for n in item.arguments}
    return {name: texts for name, texts in found.items() if name in clear}


def save_view(actor: Actor, spec: ListSpec, draft: Draft, args: Arguments, personal: Arguments) -> SavedView:
    """Keep a view of a list; raises Invalid, PermissionDenied when it may not be shared so, and TooManyViews."""
    owner_id = actor.caller_id
    if owner_id is None:
        raise PermissionDenied(SHARE)
    name = checked_name(draft.name)
    _check_sharing(actor, draft)
    mine = (SavedView.list_name == spec.name, SavedView.owner_id == owner_id)
    count, last = db.session.execute(select(func.count(), func.max(SavedView.position)).where(*mine)).one()
    if count >= MOST_VIEWS:
        raise TooManyViews(most=MOST_VIEWS)
    view = SavedView(id=new_id(), list_name=spec.name, owner_id=owner_id, position=(last or 0) + 1)
    _fill(view, draft, name)
    _keep(view, args, personal)
    db.session.add(view)
    _settle_default(view)
    _note(actor, view, "view.create")
    return view


def edit_view(actor: Actor, view: SavedView, draft: Draft, *, version: int) -> None:
    """Rename a view, share it otherwise, or open the list with it; raises Stale when somebody was faster."""
    _check_editable(actor, view)
    if view.version != version:
        raise Stale
    name = checked_name(draft.name)
    _check_sharing(actor, draft)
    _fill(view, draft, name)
    _settle_default(view)
    _note(actor, view, "view.edit")


def replace_view(actor: Actor, view: SavedView, args: Arguments, personal: Arguments) -> None:
    """Let a view ask what `args` ask from now on."""
    _check_editable(actor, view)
    _keep(view, args, personal)
    _note(actor, view, "view.edit")


def delete_view(actor: Actor, view: SavedView) -> None:
    """Take a view away from everybody who had it."""
    _check_editable(actor, view)
    _note(actor, view, "view.delete")
    db.session.delete(view)
    drop_keys([view.id])


def public_id(view: SavedView) -> str:
    """How an address names a view."""
    return to_public(PREFIX, view.id)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The views an actor may see: his own, those of his teams, and those of the dealership; a key has its own."""
    ways = [SavedView.owner_id == actor.caller_id, SavedView.scope == ViewScope.TENANT.value]
    if _teams_of is not None and actor.user_id is not None:
        ways.append(SavedView.team_id.in_(_teams_of(actor.user_id)))
    return or_(*ways)


def _check_editable(actor: Actor, view: SavedView) -> None:
    if not may_edit(actor, view):
        raise PermissionDenied(SHARE)


def _check_sharing(actor: Actor, draft: Draft) -> None:
    if draft.scope not in tuple(ViewScope) or (draft.scope == ViewScope.TEAM) != (draft.team_id is not None):
        raise Invalid([FieldError("scope", "unknown_scope", N_("Choose who is to have it."), {})])
    if draft.scope != ViewScope.OWN and not allows(actor, SHARE):
        raise PermissionDenied(SHARE)
    if draft.team_id is not None and not _is_in_team(actor, draft.team_id):
        raise Invalid([FieldError("scope", "unknown_team", N_("Choose a team you are in."), {})])


def _is_in_team(actor: Actor, team_id: uuid.UUID) -> bool:
    if _teams_of is None or actor.user_id is None:
        return False
    mine = _teams_of(actor.user_id).subquery("mine")
    return db.session.scalar(select(func.count()).select_from(mine).where(mine.c[0] == team_id)) == 1


def _fill(view: SavedView, draft: Draft, name: str) -> None:
    view.name, view.scope, view.team_id, view.is_default = name, str(draft.scope), draft.team_id, draft.is_default


def _keep(view: SavedView, args: Arguments, personal: Arguments) -> None:
    view.args = {name: list(texts) for name, texts in args.items()}
    kept = {name: list(texts) for name, texts in personal.items()}
    view.conditions = seal_own(SavedView.__tablename__, "conditions", view.id, kept) if kept else None


def _settle_default(view: SavedView) -> None:
    """A list opens with one view: the others of the same people give way."""
    if not view.is_default:
        return
    same = [SavedView.list_name == view.list_name, SavedView.scope == view.scope, SavedView.id != view.id]
    if view.scope == ViewScope.OWN:
        same.append(SavedView.owner_id == view.owner_id)
    if view.team_id is not None:
        same.append(SavedView.team_id == view.team_id)
    db.session.execute(update(SavedView).where(*same, SavedView.is_default).values(is_default=False))


def _note(actor: Actor, view: SavedView, action: str) -> None:
    """What others see too is written down; what one arranges for oneself is nobody's business."""
    if view.scope != ViewScope.OWN:
        audit.record(actor, action, "view", view.id, changes={"scope": (None, view.scope)})
