"""A small application with nothing but the shell: no database, no module, so that the shell stands on its own."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from app.core.config import Settings
from app.core.db import Tenant, scopes
from app.core.guard.permissions import Actor
from app.core.http import problems, rendering, sessions
from app.web import shell, today

AMERICAN = Tenant("aaaaaaaaaaaa", "riverside", "Riverside Motors", "active", "main", 1, "0001", "en", "USD", "US",
                  "America/New_York", ("riverside.localhost",))  # fmt: skip
CHINESE = Tenant("bbbbbbbbbbbb", "jiangpan", "江畔汽车", "active", "main", 1, "0001", "zh", "CNY", "CN",
                 "Asia/Shanghai", ("jiangpan.localhost",))  # fmt: skip
TENANTS = {tenant.slug: tenant for tenant in (AMERICAN, CHINESE)}


@dataclass
class Shell:
    """The application, and who is signed in on the next requests."""

    app: Flask
    signed_in: Actor | None = None
    locale: str | None = None
    stores: tuple[Any, ...] = field(default=())
    preferences: dict[str, str] = field(default_factory=dict)

    def client(self, slug: str = "riverside") -> FlaskClient:
        """A browser at the host of the tenant `slug`, or at the bare host."""
        client = self.app.test_client()
        client.host = f"{slug}.localhost" if slug else "localhost"
        return client

    def page(self, source: str, slug: str = "riverside", **values: Any) -> str:
        """A page made of `source`, as the tenant `slug`."""
        with self.app.test_request_context(f"http://{slug}.localhost/somewhere"), scopes.entered(_scope(slug)):
            return self.app.jinja_env.from_string(source).render(**{**_context(self.app), **values})


def _context(app: Flask) -> dict[str, Any]:
    values: dict[str, Any] = {}
    app.update_template_context(values)
    return values


def _scope(slug: str) -> scopes.Scope | None:
    return scopes.tenant_scope(TENANTS[slug]) if slug in TENANTS else None


class HostClient(FlaskClient):
    """A browser that stays at one host."""

    host = "localhost"

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Ask this client's host."""
        kwargs.setdefault("base_url", f"http://{self.host}")
        return super().open(*args, **kwargs)


def _with_tenant(inner: Callable[..., Any]) -> Callable[..., Any]:
    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with scopes.entered(_scope(environ.get("HTTP_HOST", "").partition(".")[0])):
            return inner(environ, start_response)

    return call


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The shell alone, signed out."""
    # Modules that another test has loaded have declared their lists, and there is no database to count them in.
    monkeypatch.setattr(today, "REGISTRY", {})
    monkeypatch.setattr(today, "_waiting", lambda _desk: None)
    app = Flask("app", static_folder=None)
    app.extensions["forecourt_settings"] = Settings({"main": "postgresql://"}, "redis://", "k" * 40, b"m" * 32)
    app.config.update(SECRET_KEY="k" * 40, TESTING=True)
    app.test_client_class = HostClient
    sessions.init_app(app)
    problems.init_app(app)
    rendering.init_app(app)
    shell.init_app(app)
    app.add_url_rule("/sign-in", "tenants.sign_in", lambda: "sign in here")
    app.add_url_rule("/sign-up", "tenants.sign_up", lambda: "sign up here")
    # What the tenants' module, which every application has, gives the frame.
    importlib.import_module("app.tenants.permissions")
    app.jinja_env.globals["mark_of_visitor"] = lambda: "mark"
    made = Shell(app)

    def sign_in() -> None:
        if made.signed_in is not None:
            facts = SimpleNamespace(session_id=uuid.uuid4(), actor=made.signed_in, locale=made.locale,
                                    last_seen_at=datetime.now(UTC), stores=made.stores, preview=None,
                                    preferences=made.preferences, facts={}, factor_at=None, proved_at=datetime.now(UTC),
                                    factor_required=False, has_factor=False)  # fmt: skip
            session.visitor = sessions.Visitor(facts)

    app.before_request(sign_in)
    app.wsgi_app = _with_tenant(app.wsgi_app)  # type: ignore[method-assign]
    return made
