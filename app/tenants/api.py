"""What programs may ask about themselves."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.http.access import ANY_USER, require
from app.core.http.api import ApiBlueprint
from app.core.http.keys import current_key
from app.core.http.sessions import current_actor, current_visitor

bp = ApiBlueprint("me", "What a program may ask about itself.")


@bp.route("/me", methods=["GET"])
@require(ANY_USER)
def show_me() -> dict[str, Any]:
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


blueprints = (bp,)
