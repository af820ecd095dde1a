"""Every view says who may call it, the list of routes is reviewed, and reading changes nothing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, literal, literal_column, select

from app.core.db import Tenant, db, tenant
from app.core.guard.permissions import declared
from app.core.http.access import ANY_USER, OPERATOR, Access, access_of, is_static, public, require, unmarked_views
from tests.architecture.matrix import ROWS
from tests.fixtures import records

ROOT = Path(__file__).parents[2]
REVIEWED = Path(__file__).with_name("route_list.json")
VIEW_FILES = sorted(
    path for path in (ROOT / "app").rglob("*.py") if "bp." in path.read_text() or "route(" in path.read_text()
)
ROUTING = {"get", "post", "put", "patch", "delete", "route"}


def unguarded(source: str) -> list[str]:
    """Functions with a route and no `@require` or `@public` below it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        names = [_name(decorator) for decorator in node.decorator_list]
        routed = [at for at, (owner, name) in enumerate(names) if owner == "bp" and name in ROUTING]
        guards = [at for at, (owner, name) in enumerate(names) if owner is None and name in ("require", "public")]
        if routed and (len(guards) != 1 or guards[0] < max(routed)):
            found.append(node.name)
    return found


def _name(decorator: ast.expr) -> tuple[str | None, str]:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name):
        return call.value.id, call.attr
    return None, call.id if isinstance(call, ast.Name) else ""


@pytest.mark.parametrize("path", VIEW_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_view_says_who_may_call_it(path: Path) -> None:
    assert unguarded(path.read_text()) == []


def test_the_parser_finds_what_is_missing() -> None:
    bare = '@bp.get("/x")\ndef x(): ...\n'
    above = '@require("deal.see")\n@bp.get("/x")\ndef x(): ...\n'
    twice = '@bp.get("/x")\n@public("a")\n@require("deal.see")\ndef x(): ...\n'
    right = '@bp.get("/x")\n@require("deal.see")\ndef x(): ...\n'
    assert [unguarded(source) for source in (bare, above, twice, right)] == [["x"], ["x"], ["x"], []]


def test_no_view_of_the_application_is_unmarked(app: Flask) -> None:
    assert unmarked_views(app) == []
    assert len(VIEW_FILES) > 8


def test_an_unmarked_view_answers_nothing(another_app: Callable[..., Flask], alpha: Tenant) -> None:
    app = another_app()
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten", base_url=f"http://{alpha.hosts[0]}")
    assert (answer.status_code, "secret" in answer.text) == (500, False)


def test_a_view_is_marked_once_and_a_public_one_says_why() -> None:
    with pytest.raises(ValueError, match="twice"):
        require("deal.see")(require("deal.edit")(lambda: None))
    with pytest.raises(ValueError, match="why"):
        public("")


def test_every_required_permission_is_declared(app: Flask) -> None:
    asked = {access.permission for view in app.view_functions.values() if (access := access_of(view)) is not None}
    assert asked - {None, ANY_USER, OPERATOR} - set(declared()) == set()


def routes_of(app: Flask) -> dict[str, str]:
    """`METHOD rule` -> who may call it."""
    found = {}
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint]) or Access(reason="files of ours")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[f"{method} {rule.rule}"] = access.permission or f"public: {access.reason}"
    return dict(sorted(found.items(), key=lambda item: item[0].split()[::-1]))


def test_the_list_of_routes_is_the_reviewed_one(app: Flask) -> None:
    """A new, lost or differently guarded route is acknowledged by changing `route_list.json`."""
    assert routes_of(app) == json.loads(REVIEWED.read_text())


# That a session is used is noted once a minute, and this takes longer on a busy machine.
NOTED = ("tenants_sessions",)


def state() -> dict[str, tuple[int, int]]:
    """Number of rows and sum of the row versions of every table."""
    version = func.coalesce(func.sum(literal_column("xmin::text::bigint")), 0)
    return {
        table.name: tuple(
            db.session.execute(
                select(func.count(), literal(0) if table.name in NOTED else version).select_from(table)
            ).one()
        )
        for table in db.metadata.sorted_tables
    }


# Whoever takes a file away is written down, so that this one read adds to the audit.
ON_RECORD = tuple(f"GET {below}/exports/<export_id>/file/<file_key>" for below in ("", "/api/v1"))
# That a customer has opened what was sent to him is written down too.
ON_RECORD += ("GET /papers/<sent_id>/<paper_token>/file",)


def test_reading_changes_nothing(app: Flask, alpha: Tenant, client_for: Callable[..., FlaskClient]) -> None:
    with app.app_context(), tenant(alpha.id):
        ids = records.make_records(records.make_store("READ"))
    client = client_for(alpha)
    with app.app_context(), tenant(alpha.id):
        before = state()
    statuses = {}
    for route in (route for route, row in ROWS.items() if not (row.operator or row.bare)):
        method, _, path = route.partition(" ")
        if method == "GET" and route not in ON_RECORD and not is_static(path) and "/static/" not in path:
            url = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: ids[found[1]], path)
            statuses[route] = client.get(url).status_code
            statuses[f"HEAD {route}"] = client.head(url).status_code
    assert {route: status for route, status in statuses.items() if status >= 500} == {}
    assert sum(status == 200 for status in statuses.values()) > 40
    with app.app_context(), tenant(alpha.id):
        assert state() == before
    assert sum(count for count, _ in before.values()) > 50
