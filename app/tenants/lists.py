"""The list of users: whoever the visitor reaches, by name, state, role and store; how users are named elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select

from app.core.db import db
from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows
from app.core.jobs.topics import declare_subject
from app.core.lists.search import SearchKind, Word, declare_search
from app.core.lists.spec import Column, Filter, ListSpec, Sort, Target, declare_list
from app.tenants.models import Membership, Role, Store, User
from app.tenants.queries import finding, people, subjects

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


USERS = declare_list(
    ListSpec(
        name="users",
        label=N_("Users"),
        permission="user.see",
        source=_users,
        columns=(
            Column("name", N_("Name"), url=_user_page, sort="name"),
            Column("email", N_("E-mail")),
            Column("roles", N_("Roles"), "words"),
            Column("stores", N_("Stores")),
            Column("state", N_("State"), "status", labels=STATE_LABELS),
        ),
        filters=(
            Filter("name", N_("Name"), apply=_name_contains, personal=True),
            Filter("state", N_("State"), "choice", column=User.state, choices=tuple(STATE_LABELS.items())),
            Filter("role", N_("Role"), "id", apply=_has_role, prefix="role"),
            Filter("store", N_("Store"), "id", apply=_works_at, prefix="store"),
        ),
        sorts=(Sort("name", N_("Name"), (User.name,)), Sort("created", N_("Added"), (User.created_at,))),
        default_sort="name",
        id_prefix="usr",
        endpoint="tenants.list_users",
        filter_endpoint="tenants.filter_users",
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
