"""The lists of users, stores, teams and roles; how users are named elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows, declared, scope_clause
from app.core.jobs.topics import declare_subject
from app.core.lists.parts import BulkAction, BulkField
from app.core.lists.search import SearchKind, Word, declare_search
from app.core.lists.spec import Column, Filter, ListSpec, Peek, Sort, Target, Under, View, declare_list
from app.tenants.models import Grant, Membership, Role, Store, Team, TeamMember, User
from app.tenants.operations import many
from app.tenants.queries import finding, people, subjects
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES

DEFAULT_ROLE_LABELS = {role.name: role.name for role in DEFAULT_ROLES.values()}
STATE_LABELS = {"invited": N_("Invited"), "active": N_("Active"), "disabled": N_("Disabled")}


def _users(actor: Actor) -> Select:
    held = Membership.user_id == User.id
    roles = select(func.array_agg(Role.name.distinct())).join(Membership, Membership.role_id == Role.id).where(held)
    stores = select(func.string_agg(Store.code.distinct(), ", ")).join(Membership, Membership.store_id == Store.id)
    return select(
        User.id,
        User.name,
        User.email_masked.label("email"),
        User.state,
        User.created_at,
        roles.correlate(User).scalar_subquery().label("roles"),
        stores.where(held).correlate(User).scalar_subquery().label("stores"),
        literal(allows(actor, "user.edit")).label("is_open"),
    ).where(people.reachable_users(actor, "user.see"))


def _user_page(row: Any) -> Target | None:
    return Target("tenants.show_user", {"user_id": to_public("usr", row.id)}) if row.is_open else None


def _name_contains(folded: str) -> ColumnElement[bool]:
    return func.lower(User.name).contains(folded, autoescape=True)


def _has_role(role_id: uuid.UUID) -> ColumnElement[bool]:
    return exists().where(Membership.user_id == User.id, Membership.role_id == role_id)


def _works_at(store_id: uuid.UUID) -> ColumnElement[bool]:
    return exists().where(Membership.user_id == User.id, Membership.store_id == store_id)


def _glance(actor: Actor, user_id: uuid.UUID) -> dict[str, Any]:
    """What the preview of a user shows; raises NotFound for one the actor may not see."""
    user = people.get_user(actor, "user.see", user_id)
    page = Target("tenants.show_user", {"user_id": to_public("usr", user_id)})
    target = page if allows(actor, "user.edit") else None
    return {
        "user": user,
        "state": STATE_LABELS[user.state],
        "places": people.list_memberships(user_id),
        "target": target,
    }


_NEW_ROLE = (
    BulkField("role_id", N_("Role"), "id", choices_of="role", prefix="role"),
    BulkField("store_id", N_("Store"), "id", choices_of="store", prefix="store"),
)

USERS = declare_list(
    ListSpec(
        name="users",
        label=N_("Users"),
        permission="user.see",
        source=_users,
        columns=(
            Column("name", N_("Name"), url=_user_page, sort="name", under=lambda row: Under(row.email)),
            Column("roles", N_("Roles"), "words"),
            Column("stores", N_("Stores")),
            Column("state", N_("State"), "status", labels=STATE_LABELS),
            Column("email", N_("E-mail"), shown=False),
            Column("created_at", N_("Added"), "instant", sort="created", shown=False),
        ),
        filters=(
            Filter("name", N_("Name"), apply=_name_contains, personal=True),
            Filter("state", N_("State"), "choice", column=User.state, choices=tuple(STATE_LABELS.items())),
            Filter("role", N_("Role"), "id", apply=_has_role, prefix="role"),
            Filter("store", N_("Store"), "id", apply=_works_at, prefix="store"),
        ),
        sorts=(Sort("name", N_("Name"), (User.name,)), Sort("created", N_("Added"), (User.created_at,))),
        default_sort="name",
        views=(
            View("all", N_("All users")),
            View("active", N_("Active"), {"state": ("active",)}),
            View("invited", N_("Invited"), {"state": ("invited",)}),
            View("disabled", N_("Disabled"), {"state": ("disabled",)}),
        ),
        bulk=(
            BulkAction("role", N_("Give a role"), "shield", "user.edit", _NEW_ROLE, apply=many.give_role, proof=True),
            BulkAction("disable", N_("Disable"), "ban", "user.edit", danger=True, apply=many.disable),
            BulkAction("enable", N_("Let in again"), "user-check", "user.edit", apply=many.enable),
        ),
        peek=Peek("tenants/_peek.html", _glance),
        id_prefix="usr",
        endpoint="tenants.list_users",
        filter_endpoint="tenants.filter_users",
    )
)


def _stores(actor: Actor) -> Select:
    users = select(func.count(Membership.user_id.distinct())).where(Membership.store_id == Store.id)
    return select(
        Store.id,
        Store.code,
        Store.name,
        Store.region,
        Store.timezone,
        case((Store.closed_at.is_(None), literal("open")), else_=literal("closed")).label("state"),
        users.correlate(Store).scalar_subquery().label("users"),
    ).where(scope_clause(actor, "store.see", store=Store.id))


def _store_page(row: Any) -> Target:
    return Target("tenants.show_store", {"store_id": to_public("store", row.id)})


def _is_closed(closed: bool) -> ColumnElement[bool]:
    return Store.closed_at.is_not(None) if closed else Store.closed_at.is_(None)


STORES = declare_list(
    ListSpec(
        name="stores",
        label=N_("Stores"),
        permission="store.see",
        source=_stores,
        columns=(
            Column("name", N_("Name"), url=_store_page, sort="name"),
            Column("code", N_("Code"), sort="code"),
            Column("state", N_("State"), "status", labels={"open": N_("Open"), "closed": N_("Closed")}),
            Column("region", N_("Region")),
            Column("timezone", N_("Time zone")),
            Column("users", N_("Users"), "number"),
        ),
        filters=(Filter("closed", N_("Closed"), "flag", apply=_is_closed),),
        sorts=(Sort("code", N_("Code"), (Store.code,)), Sort("name", N_("Name"), (Store.name,))),
        default_sort="code",
        default_args={"closed": ("no",)},
        views=(
            View("open", N_("Open"), {"closed": ("no",)}),
            View("closed", N_("Closed"), {"closed": ("yes",)}),
            View("all", N_("All")),
        ),
        id_prefix="store",
        endpoint="tenants.list_stores",
        exports=False,
    )
)


def _teams(actor: Actor) -> Select:
    lead = aliased(User)
    members = select(func.count()).select_from(TeamMember).where(TeamMember.team_id == Team.id)
    return (
        select(
            Team.id,
            Team.name,
            Team.created_at,
            Store.name.label("store"),
            lead.name.label("lead"),
            members.correlate(Team).scalar_subquery().label("members"),
        )
        .join(Store, Store.id == Team.store_id)
        .outerjoin(lead, lead.id == Team.lead_id)
        .where(scope_clause(actor, "user.edit", store=Team.store_id))
    )


def _team_page(row: Any) -> Target:
    return Target("tenants.show_team", {"team_id": to_public("team", row.id)})


def _has_member(user_id: uuid.UUID) -> ColumnElement[bool]:
    return exists().where(TeamMember.team_id == Team.id, TeamMember.user_id == user_id)


TEAMS = declare_list(
    ListSpec(
        name="teams",
        label=N_("Teams"),
        permission="user.edit",
        source=_teams,
        columns=(
            Column("name", N_("Name"), url=_team_page, sort="name"),
            Column("store", N_("Store")),
            Column("lead", N_("Lead")),
            Column("members", N_("Members"), "number"),
            Column("created_at", N_("Added"), "instant", sort="created", shown=False),
        ),
        filters=(
            Filter("store", N_("Store"), "id", column=Team.store_id, prefix="store"),
            Filter("member", N_("Member"), "id", apply=_has_member, prefix="usr"),
        ),
        sorts=(Sort("name", N_("Name"), (Team.name,)), Sort("created", N_("Added"), (Team.created_at,))),
        default_sort="name",
        id_prefix="team",
        endpoint="tenants.list_teams",
        exports=False,
    )
)


def _roles(actor: Actor) -> Select:
    users = select(func.count(Membership.user_id.distinct())).where(Membership.role_id == Role.id)
    grants = select(func.count()).select_from(Grant).where(Grant.role_id == Role.id)
    return select(
        Role.id,
        Role.key,
        Role.name,
        users.correlate(Role).scalar_subquery().label("users"),
        grants.correlate(Role).scalar_subquery().label("grants"),
    )


def _role_page(row: Any) -> Target:
    return Target("tenants.show_role", {"role_id": to_public("role", row.id)})


def _permissions(row: Any) -> int:
    return len(declared()) if row.key == ADMIN else row.grants


ROLES = declare_list(
    ListSpec(
        name="roles",
        label=N_("Roles"),
        permission="role.see",
        source=_roles,
        columns=(
            # The default roles are named in the reader's language, the dealership's own as somebody wrote them.
            Column("name", N_("Name"), url=_role_page, sort="name", labels=DEFAULT_ROLE_LABELS),
            Column("grants", N_("Permissions"), "number", value=_permissions),
            Column("users", N_("Users"), "number"),
        ),
        filters=(),
        sorts=(Sort("name", N_("Name"), (Role.name,)),),
        default_sort="name",
        id_prefix="role",
        endpoint="tenants.list_roles",
        exports=False,
    )
)

declare_subject("user", subjects.name_users)
declare_subject("account", subjects.name_account)
declare_subject("rights", subjects.name_rights)
declare_subject("session", subjects.name_sessions)


def _describe(_actor: Actor, user_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[str]]:
    rows = db.session.execute(select(User.id, User.email_masked, User.state).where(User.id.in_(user_ids)))
    return {row.id: [row.email_masked, Word(STATE_LABELS[row.state])] for row in rows}


declare_search(
    SearchKind(
        name="user",
        label=N_("Users"),
        permission="user.edit",
        prefix="usr",
        endpoint="tenants.show_user",
        argument="user_id",
        icon="users",
        key=User.id,
        load=finding.user_entries,
        has_names=True,
        secrets={"email": User.email_enc},
        scope=finding.within_reach,
        describe=_describe,
    )
)
