"""What the shell adds to the application: filters, globals, files, languages, and the blueprint of its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from app.core import languages
from app.core.db import find_tenant
from app.core.db.ids import to_public
from app.notifications.ports import words
from app.web import (
    api_cli,
    api_docs,
    audit,
    bulk,
    cli,
    export_rules,
    export_schedules,
    exports,
    first_steps,
    imports,
    jobs,
    saved_views,
    styleguide,
    undo,
)
from app.web.assets import static_url
from app.web.components import init_components
from app.web.edits import init_edits
from app.web.field_names import init_field_names
from app.web.formats import init_formats
from app.web.frame import init_frame
from app.web.i18n import current_locale, init_i18n, signed_in
from app.web.listing import init_listing
from app.web.preferences import current_theme
from app.web.views import bp


def _from(source: object, name: str) -> Any:
    """`name` of a dict of what was typed, or of a record; None when there is no such thing."""
    if source is None or isinstance(source, Undefined):
        return None
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)


@pass_context
def field_value(context: Context, name: str, given: Any = None) -> Any:
    """What stands in the field: the value given to the macro, else the page's `values`, else nothing."""
    value = _from(context.get("values"), name) if given is None or isinstance(given, Undefined) else given
    return "" if value is None else value


@pass_context
def field_errors(context: Context, name: str, given: Any = None) -> list[str]:
    """The refusals of the field: those given to the macro, else the page's `errors`."""
    found = _from(context.get("errors"), name) if given is None or isinstance(given, Undefined) else given
    if not found:
        return []
    return [found] if isinstance(found, str) else list(found)


@pass_context
def field_checked(context: Context, name: str, value: str, given: Any = None) -> bool:
    """Whether the box is ticked: as given to the macro, else by the page's `values` (a flag, a value or a list)."""
    if given is not None and not isinstance(given, Undefined):
        return bool(given)
    found = _from(context.get("values"), name)
    if isinstance(found, (list, tuple, set, frozenset)):
        return value in {str(item) for item in found}
    return found is True or (found is not None and str(found) in (value, "true", "on"))


@pass_context
def all_errors(context: Context, given: Any = None) -> dict[str, list[str]]:
    """Every refusal by field, in the order they came."""
    found = context.get("errors") if given is None or isinstance(given, Undefined) else given
    if not isinstance(found, Mapping):
        return {}
    return {name: [texts] if isinstance(texts, str) else list(texts) for name, texts in found.items() if texts}


def _page_context() -> dict[str, Any]:
    return {
        "locale": current_locale(),
        "html_lang": languages.LANGUAGES[current_locale()].html_lang,
        "product_languages": languages.LANGUAGES,
        "theme": current_theme(),
        "tenant": find_tenant(),
        "visitor": signed_in(),
    }


def init_app(app: Flask) -> None:
    """Everything above, once, for the factory."""
    init_i18n(app)
    init_formats(app)
    init_listing(app)
    init_components(app)
    init_field_names(app)
    init_edits(app)
    audit.init_audit(app)
    init_frame(app)
    app.jinja_env.globals.update(
        static_url=static_url, language_choices=languages.language_choices,
        field_value=field_value, field_errors=field_errors, field_checked=field_checked, all_errors=all_errors,
    )  # fmt: skip
    app.jinja_env.filters.update(words=words, public_id=lambda key, prefix: to_public(prefix, key))
    app.context_processor(_page_context)
    served = (audit, bulk, exports, export_rules, export_schedules, first_steps, imports, jobs, saved_views, styleguide)
    for module in (*served, undo, api_docs):
        app.register_blueprint(module.bp)
    app.register_blueprint(bp)
    app.cli.add_command(cli.group)
    app.cli.add_command(api_cli.group)
