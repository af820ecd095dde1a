"""The application, put together in named steps and checked at the end."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Mapping

from flask import Flask

from app import wiring
from app.core import http
from app.core.config import Settings
from app.core.db import revisions, session
from app.core.guard import cli as guard_cli
from app.core.http import api
from app.core.jobs import cli as jobs_cli
from app.core.jobs import events, keys_cli, outbox
from app.core.jobs.imports import cli as imports_cli
from app.core.lists import views
from app.core.lists.search import cli as search_cli
from app.core.logging import configure
from app.operators import cli as operators_cli
from app.operators.operations.signing import touch_session as touch_operator
from app.operators.queries.accounts import read_session as read_operator
from app.tenants.cli import dealerships as tenants_cli
from app.tenants.cli import keys as api_keys_cli
from app.tenants.operations.api_keys import touch_key
from app.tenants.operations.signing import touch_session
from app.tenants.queries import teams_of
from app.tenants.queries.api_keys import read_key
from app.tenants.queries.origins import is_allowed
from app.tenants.queries.sessions import read_session
from app.web import api as web_api
from app.web import shell

# One line a module, lowest first. APP_MODULES leaves out routes, never tables, operations or permissions.
MODULES = ("tenants", "inventory", "crm", "sales", "insights", "notifications", "operators")
DECLARING = (
    *("models", "permissions", "events", "queries", "lists", "imports"),
    *("operations.undoing", "operations.erasing", "operations.reindexing"),
)
# The core's own tables, permissions and names, listed so that what exists never depends on who imported what.
CORE_PARTS = (
    "app.core.db.numbering",
    "app.core.guard.key_models",
    "app.core.guard.models",
    "app.core.guard.reveals",
    "app.core.jobs.jobs",
    "app.core.jobs.imports.erasing",
    "app.core.jobs.imports.operations",
    "app.core.jobs.imports.reindexing",
    "app.core.jobs.uploads.operations",
    "app.core.lists.erasing",
    "app.core.lists.models",
    "app.core.lists.search.models",
    "app.core.lists.search.reindexing",
    "app.core.lists.views",
    "app.web.subjects",
    "app.web.work_lists",
)
ALWAYS_ROUTED = ("tenants", "operators")
MAX_UPLOAD_BYTES = 64 * 1024 * 1024
MAX_FORM_BYTES = 1024 * 1024


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The application with the settings of `environ` (the process's own by default). Raises ConfigError."""
    settings = Settings.load(os.environ if environ is None else environ)
    configure(settings.log_level)
    app = Flask("app", static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES, MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES
    )
    app.extensions["forecourt_settings"] = settings
    session.init_app(app, settings)
    outbox.init_app(app, settings)
    events.install(wiring.HANDLERS)
    views.install_teams(teams_of)
    shell.init_app(app)
    http.init_app(
        app,
        settings,
        read_session=read_session,
        touch_session=touch_session,
        read_operator=read_operator,
        touch_operator=touch_operator,
        read_key=read_key,
        touch_key=touch_key,
        allows_origin=is_allowed,
        readable=is_readable,
    )
    api.init_app(app)
    register_modules(app, settings)
    register_commands(app)
    return app


def is_readable(schema_version: str | None) -> bool:
    """Whether this code can serve a tenant whose schema is at `schema_version`."""
    return schema_version in revisions.readable()


def register_modules(app: Flask, settings: Settings) -> None:
    """What core and every module declare to the registries; and the routes of those that are served here."""
    for part in CORE_PARTS:
        importlib.import_module(part)
    for name in MODULES:
        for part in DECLARING:
            if importlib.util.find_spec(f"app.{name}.{part}") is not None:
                importlib.import_module(f"app.{name}.{part}")
        if not settings.modules or name in settings.modules or name in ALWAYS_ROUTED:
            app.register_blueprint(importlib.import_module(f"app.{name}.views").bp)
            if importlib.util.find_spec(f"app.{name}.api") is not None:
                for blueprint in importlib.import_module(f"app.{name}.api").blueprints:
                    api.register(app, blueprint)
    for blueprint in web_api.blueprints:
        api.register(app, blueprint)


def register_commands(app: Flask) -> None:
    """The shell commands, under `flask`."""
    platform = (tenants_cli.group, tenants_cli.platform_group, tenants_cli.roles_group, operators_cli.group)
    work = (api_keys_cli.group, jobs_cli.group, jobs_cli.jobs_group)
    for group in (*platform, *work, imports_cli.group, search_cli.group, guard_cli.group, keys_cli.group):
        app.cli.add_command(group)
