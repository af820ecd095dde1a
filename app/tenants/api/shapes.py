"""What goes in and out of the API of the dealership itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import declared
from app.core.http.api.expansions import named_field
from app.core.http.api.fields import Flag, Ids, Instant, PublicId, Text, Whole, Words
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema
from app.core.http.forms import Refused, one_of
from app.core.languages import LANGUAGES
from app.tenants.rules.roles import SCOPES, SIGHTS, expand, expand_sights

STORE_STATES = ("open", "closed")
USER_STATES = ("invited", "active", "disabled")
NO_ROLE = N_("Choose at least one role at a store.")


class MembershipSchema(BodySchema):
    """A role at a store."""

    store_id = PublicId("store", required=True)
    role_id = PublicId("role", required=True)


class Memberships(fields.List):
    """The roles of a user at stores; rows hold them as [store, role], in the order of the ids."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(MembershipSchema), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[Any] | None:
        if value is None:
            return None
        return [{"store_id": to_public("store", store), "role_id": to_public("role", role)} for store, role in value]

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        found: list[Any] = super()._deserialize(value, attr, data, **kwargs)
        pairs: set[tuple[uuid.UUID, uuid.UUID]] = {(one["store_id"], one["role_id"]) for one in found}
        return [list(pair) for pair in sorted(pairs)]


def _not_empty(value: list[Any]) -> None:
    if not value:
        raise ValidationError([Refused("required", NO_ROLE)])


class Grants(Words):
    """Permissions with how far they reach, by name; `*` of the administrator's role is spelt out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SCOPES, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else dict(sorted(expand(value.items(), declared()).items()))


class Sights(Words):
    """How much is seen of each group of fields; groups that are hidden are absent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SIGHTS, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else dict(sorted(expand_sights(value.items(), GROUPS).items()))


class StoreSchema(RecordSchema):
    """A place of business. `users` are those who work there."""

    record = "store"

    id = PublicId("store", required=True)
    version = Whole()
    code = fields.String()
    name = fields.String()
    state = fields.String(metadata={"guard": ("store", "closed_at"), "enum": [*STORE_STATES]})
    timezone = fields.String()
    region = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    users = Whole(metadata={"guard": OPEN})
    closed_at = Instant(allow_none=True)
    created_at = Instant()
    updated_at = Instant()


class StoreFields(BodySchema):
    """What a store says about itself; its code is the dealership's own and tells it from others."""

    code = Text(longest=12, required=True)
    name = Text(longest=120, required=True)
    timezone = Text(longest=60, required=True)
    region = Text(longest=60, load_default=None, allow_none=True)
    address = Text(longest=300, load_default=None, allow_none=True)


class UserSchema(RecordSchema):
    """Somebody who signs in, with roles at stores."""

    record = "user"

    id = PublicId("usr", required=True)
    version = Whole()
    name = fields.String()
    email_masked = fields.String(attribute="email", metadata={"guard": ("user", "email_masked"), "mask": True})
    state = fields.String(metadata={"enum": [*USER_STATES]})
    locale = fields.String(allow_none=True)
    memberships = Memberships(metadata={"guard": ("user", "roles")})
    created_at = Instant()
    updated_at = Instant()


class UserFields(BodySchema):
    """A user. `memberships` are all roles at stores, at least one; another `email` is for signed-in people to set."""

    name = Text(longest=120, required=True)
    email = Text(longest=254, required=True)
    locale = fields.String(load_default=None, allow_none=True, validate=one_of(*LANGUAGES))
    memberships = Memberships(required=True, validate=_not_empty)


class RoleSchema(RecordSchema):
    """A role: `key` is that of a default role; `users` have it; who has it shows a second factor, or need not."""

    record = "role"

    id = PublicId("role", required=True)
    version = Whole()
    key = fields.String(allow_none=True)
    name = fields.String()
    grants = Grants()
    sights = Sights()
    requires_second_factor = Flag()
    users = Whole(metadata={"guard": OPEN})
    created_at = Instant()
    updated_at = Instant()


class RoleFields(BodySchema):
    """A role. A patch names the grants and sights that change; null takes one away."""

    name = Text(longest=80, required=True)
    grants = Grants(load_default=dict)
    sights = Sights(load_default=dict)


class TeamSchema(RecordSchema):
    """Named users of a store with a lead, who is always one of them."""

    record = "team"

    id = PublicId("team", required=True)
    version = Whole()
    name = fields.String()
    store_id = PublicId("store")
    lead_id = PublicId("usr", allow_none=True)
    member_ids = Ids("usr")
    created_at = Instant()
    updated_at = Instant()
    store = named_field("store", "TeamStore")
    lead = named_field("usr", "TeamLead")


class TeamFields(BodySchema):
    """A team; everybody in it works at its store."""

    name = Text(longest=80, required=True)
    lead_id = PublicId("usr", load_default=None, allow_none=True)
    member_ids = Ids("usr", load_default=list)


class NewTeam(TeamFields):
    """A team of a store."""

    store_id = PublicId("store", required=True)
