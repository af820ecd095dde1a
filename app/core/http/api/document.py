"""The OpenAPI document, made from the routes on first demand: processes that are never asked for it pay nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from apispec import APISpec
from flask import Flask, current_app
from flask_smorest import Api
from marshmallow import fields

from app.core.http.access import access_of
from app.core.http.api.fields import Flag, Instant, Money, MoneyParts, Number, PublicId, Text, TypedId, Whole
from app.core.http.api.finishing import METHODS, Served, finished, template_of
from app.core.http.api.records import PREFIX

TITLE = "Forecourt API"
VERSION = "1.0.0"
OPENAPI = "3.1.0"
DESCRIPTION = (
    "Every dealership has this API at its own host. A key acts through a role: what the role may not see is absent "
    "and named in `_hidden`; what it sees masked is named in `_masked`. Money is text with its currency, instants are "
    "RFC 3339 in UTC, business dates have no time zone. Refusals are RFC 9457 problem details."
)


class _Document(Api):
    """flask-smorest's collector without what it would add to a running application."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Refusals are answered by `problems.py`."""


def api_document() -> dict[str, Any]:
    """The document of the running application; raises nothing, changes nothing that answers requests."""
    kept = current_app.extensions.get("forecourt_api_document")
    if kept is None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        kept = app.extensions["forecourt_api_document"] = _made(app)
    return kept


def init_app(app: Flask) -> None:
    """Take note of the blueprints as they are registered."""
    app.extensions["forecourt_api_blueprints"] = []


def register(app: Flask, blueprint: Any) -> None:
    """Serve the operations of `blueprint` and remember them for the document."""
    app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.extensions["forecourt_api_blueprints"].append(blueprint)


def _made(app: Flask) -> dict[str, Any]:
    collector = _Document()
    collector.config_prefix = ""
    collector._app = app
    collector.config = {}
    for kind in (Text, PublicId, TypedId, Number):
        collector.register_field(kind, "string", None)
    collector.register_field(Instant, "string", "date-time")
    collector.register_field(Whole, "integer", None)
    collector.register_field(Flag, "boolean", None)
    collector.register_field(Money, "object", None)
    security = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "dms_live_…"}}
    collector._init_spec(
        title=TITLE,
        version=VERSION,
        openapi_version=OPENAPI,
        info={"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        security=[{"key": []}],
    )
    document: APISpec = collector.spec
    for name, scheme in security.items():
        document.components.security_scheme(name, scheme)
    converter = collector.ma_plugin.converter
    converter.add_attribute_function(_shape)
    for blueprint in app.extensions["forecourt_api_blueprints"]:
        blueprint.register_views_in_doc(collector, app, document, name=blueprint.name, parameters=None)
        document.tag({"name": blueprint.kind, "description": blueprint.description})
    return finished(document.to_dict(), _served(app))


def _served(app: Flask) -> dict[tuple[str, str], Served]:
    """What the application knows of its operations, by path and method; a view's name is its operation's."""
    found: dict[tuple[str, str], Served] = {}
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        if rule.rule.startswith(f"{PREFIX}/") and access is not None:
            known = Served(rule.endpoint.rpartition(".")[2], access.permission)
            path = template_of(rule.rule)
            found |= {(path, method): known for method in METHODS if method.upper() in (rule.methods or ())}
    return found


def _shape(self: Any, field: fields.Field[Any], *, ret: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """What the document says of our own kinds of fields beyond their type."""
    enum = _enum(field, ret)
    if enum is not None:
        return {"enum": enum}
    if isinstance(field, PublicId):
        return {"pattern": f"^{field.prefix}_[0-9a-hjkmnp-tv-z]{{26}}$"}
    if isinstance(field, Text):
        return {"maxLength": field.longest}
    if isinstance(field, Number):
        return {"pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
    if isinstance(field, Money):
        found = self.schema2jsonschema(MoneyParts())
        return {key: value for key, value in found.items() if key != "type"}
    return {}


def _enum(field: fields.Field[Any], said: Mapping[str, Any]) -> list[Any] | None:
    """The values a field has, where they are known; null is one of them where it may stand there."""
    offered = next((check.choices for check in field.validators if hasattr(check, "choices")), said.get("enum"))
    if offered is None:
        return None
    plain = [value.value if isinstance(value, Enum) else value for value in offered]
    return [*plain, None] if field.allow_none and None not in plain else plain
