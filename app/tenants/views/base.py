"""The blueprint of the tenants module, and what its views share."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("tenants", "app.tenants", template_folder="templates")
