"""What programs may ask about themselves."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from marshmallow import Schema, fields

from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.http.access import ANY_USER, require
from app.core.http.api import ApiBlueprint, documented
from app.core.http.api.fields import Instant, PublicId
from app.core.http.keys import current_key
from app.core.http.sessions import current_actor, current_visitor

bp = ApiBlueprint("me", "What a program may ask about itself.")


class MyDealershipSchema(Schema):
    """The dealership a key opens."""

    name = fields.String(required=True)
    country = fields.String(required=True)
    currency = fields.String(required=True)
    timezone = fields.String(required=True)


class MyKeySchema(Schema):
    """The key itself, with the name of the role it acts through."""

    id = PublicId("apk", required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    expires_at = Instant(required=True)


class MyUserSchema(Schema):
    """Who is signed in, where no key asks."""

    id = PublicId("usr", required=True)
    name = fields.String(required=True)


class MyStoreSchema(Schema):
    """A store the caller works at."""

    id = PublicId("store", required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)


class MeSchema(Schema):
    """Who asks: rights by name with their reach, and how fields are seen that are not simply visible."""

    dealership = fields.Nested(MyDealershipSchema, required=True)
    key = fields.Nested(MyKeySchema, required=True, allow_none=True)
    user = fields.Nested(MyUserSchema, required=True, allow_none=True)
    permissions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.String(), required=True, data_key="fields")
    stores = fields.List(fields.Nested(MyStoreSchema), required=True)


@bp.route("/me", methods=["GET"])
@require(ANY_USER)
@documented(gives={200: MeSchema})
def show_me() -> dict[str, Any]:
    """Read what the caller may do, and where"""
    actor, key, visitor = current_actor(), current_key(), current_visitor()
    tenant, stores = current_tenant(), key.stores if key else visitor.stores if visitor else ()
    return {
        "dealership": {
            "name": tenant.name,
            "country": tenant.country,
            "currency": tenant.currency,
            "timezone": tenant.timezone,
        },
        "key": {
            "id": to_public("apk", key.key_id),
            "name": actor.name,
            "role": key.role,
            "expires_at": key.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        if key
        else None,
        "user": {"id": to_public("usr", visitor.user_id), "name": visitor.name} if visitor else None,
        "permissions": dict(sorted(actor.grants.items())),
        "fields": dict(sorted(actor.sights.items())),
        "stores": [{"id": to_public("store", s.id), "code": s.code, "name": s.name} for s in stores],
    }
