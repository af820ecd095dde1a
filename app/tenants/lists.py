"""The lists of users, stores, teams, roles and API keys; how users are named elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows, declared
from app.core.jobs.topics import declare_subject
from app.core.lists.parts import BulkAction, BulkField
from app.core.lists.search import SearchKind, Word, declare_search
from app.core.lists.spec import Column, Filter, ListSpec, Peek, Sort, Target, Under, View, declare_list
from app.tenants.models import ApiKey, Membership, Role, Store, Team, TeamMember, User
from app.tenants.operations import many
from app.tenants.queries import finding, listing, people, subjects
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES

DEFAULT_ROLE_LABELS = {role.name: role.name for role in DEFAULT_ROLES.values()}
EVERYWHERE = "*"
KEY_LABELS = {"active": N_("In use"), "expired": N_("Expired"), "revoked": N_("Revoked")}
STATE_LABELS = {"invited": N_("Invited"), "active": N_("Active"), "disabled": N_("Disabled")}


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
        source=listing.users,
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


def _store_page(row: Any) -> Target:
    return Target("tenants.show_store", {"store_id": to_public("store", row.id)})


def _is_closed(closed: bool) -> ColumnElement[bool]:
    return Store.closed_at.is_not(None) if closed else Store.closed_at.is_(None)


STORES = declare_list(
    ListSpec(
        name="stores",
        label=N_("Stores"),
        permission="store.see",
        source=listing.stores,
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


def _team_page(row: Any) -> Target:
    return Target("tenants.show_team", {"team_id": to_public("team", row.id)})


def _has_member(user_id: uuid.UUID) -> ColumnElement[bool]:
    return exists().where(TeamMember.team_id == Team.id, TeamMember.user_id == user_id)


TEAMS = declare_list(
    ListSpec(
        name="teams",
        label=N_("Teams"),
        permission="user.edit",
        source=listing.teams,
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


def _role_page(row: Any) -> Target:
    return Target("tenants.show_role", {"role_id": to_public("role", row.id)})


def _permissions(row: Any) -> int:
    return len(declared()) if row.key == ADMIN else row.grant_count


ROLES = declare_list(
    ListSpec(
        name="roles",
        label=N_("Roles"),
        permission="role.see",
        source=listing.roles,
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


def _key_page(row: Any) -> Target:
    return Target("tenants.show_api_key", {"api_key_id": to_public("apk", row.id)})


def _where_key_acts(row: Any) -> str:
    return row.store or EVERYWHERE


API_KEYS = declare_list(
    ListSpec(
        name="api_keys",
        label=N_("API keys"),
        permission="api_key.see",
        source=listing.api_keys,
        columns=(
            Column("name", N_("Name"), url=_key_page, sort="name", under=lambda row: Under(f"{row.beginning}…")),
            Column("state", N_("State"), "status", labels=KEY_LABELS),
            Column("role", N_("Role"), labels=DEFAULT_ROLE_LABELS),
            Column("store", N_("Store"), value=_where_key_acts, labels={EVERYWHERE: N_("Every store")}),
            Column("last_used_at", N_("Last used"), "instant", sort="used"),
            Column("expires_at", N_("Valid until"), "instant", sort="expires"),
            Column("by", N_("Made by"), shown=False),
            Column("created_at", N_("Added"), "instant", sort="created", shown=False),
        ),
        filters=(
            Filter("state", N_("State"), "choices", apply=listing.keys_in, choices=tuple(KEY_LABELS.items())),
            Filter("role", N_("Role"), "id", column=ApiKey.role_id, prefix="role"),
            Filter("store", N_("Store"), "id", column=ApiKey.store_id, prefix="store"),
            Filter("unused", N_("Not used for 30 days"), "flag", apply=listing.is_unused_key),
            Filter("expires", N_("Valid until"), "date_range", column=ApiKey.expires_at, instants=True),
        ),
        sorts=(
            Sort("created", N_("Added"), (ApiKey.created_at,)),
            Sort("name", N_("Name"), (ApiKey.name,)),
            Sort("used", N_("Last used"), (ApiKey.last_used_at,)),
            Sort("expires", N_("Valid until"), (ApiKey.expires_at,)),
        ),
        default_sort="-created",
        default_args={"state": ("active",)},
        views=(
            View("active", KEY_LABELS["active"], {"state": ("active",)}),
            View("unused", N_("Not used for 30 days"), {"state": ("active",), "unused": ("yes",)}),
            View("over", N_("Not in use any more"), {"state": ("expired", "revoked")}),
            View("all", N_("All")),
        ),
        id_prefix="apk",
        endpoint="tenants.list_api_keys",
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
