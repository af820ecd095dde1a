"""The application, put together in named steps and checked at the end."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping

from flask import Flask

from app import wiring
from app.core import http
from app.core.config import Settings
from app.core.db import revisions, session
from app.core.jobs import cli as jobs_cli
from app.core.jobs import events, outbox
from app.core.logging import configure
from app.tenants import cli as tenants_cli
from app.tenants import queries as tenant_queries
from app.web import shell

# One line a module, lowest first. Each has views.bp; APP_MODULES leaves out routes, never tables or operations.
MODULES = ("tenants", "inventory", "crm", "sales", "insights")
ALWAYS_ROUTED = ("tenants",)


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The application with the settings of `environ` (the process's own by default). Raises ConfigError."""
    settings = Settings.load(os.environ if environ is None else environ)
    configure(settings.log_level)
    app = Flask("app", static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=64 * 1024 * 1024, MAX_FORM_MEMORY_SIZE=1_000_000)
    app.extensions["forecourt_settings"] = settings
    session.init_app(app, settings)
    outbox.init_app(app, settings)
    events.install(wiring.HANDLERS)
    shell.init_app(app)
    http.init_app(app, settings, read_session=tenant_queries.read_session, readable=is_readable)
    register_modules(app, settings)
    app.cli.add_command(tenants_cli.group)
    app.cli.add_command(jobs_cli.group)
    return app


def is_readable(schema_version: str | None) -> bool:
    """Whether this code can serve a tenant whose schema is at `schema_version`."""
    return schema_version in revisions.readable()


def register_modules(app: Flask, settings: Settings) -> None:
    """Every module's models, permissions and lists; and the routes of those that are served here."""
    for name in MODULES:
        views = importlib.import_module(f"app.{name}.views")
        if not settings.modules or name in settings.modules or name in ALWAYS_ROUTED:
            app.register_blueprint(views.bp)
