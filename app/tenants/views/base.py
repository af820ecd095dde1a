"""The blueprint of the tenants module, and what its views share."""

from __future__ import annotations

from flask import Blueprint

from app.core.db.ids import to_public

bp = Blueprint("tenants", "app.tenants", template_folder="templates")
bp.add_app_template_filter(lambda value, prefix: to_public(prefix, value), "public_id")
