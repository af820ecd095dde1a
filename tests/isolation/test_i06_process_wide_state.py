"""Case I6: what a process keeps between requests is keyed by tenant or holds nobody's data."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.core.db import Tenant, db, tenant, transaction
from app.tenants.models import Grant, Role

ROOT = Path(__file__).parents[2]
CONTAINERS = {"dict", "list", "set", "OrderedDict", "defaultdict", "deque", "WeakKeyDictionary", "WeakValueDictionary",
              "TTLCache", "LRUCache", "local"}  # fmt: skip
# What lives as long as the process, and why no tenant can find another's data in it.
REVIEWED = {
    "app/core/config.py:self.problems": "one reading of the environment",
    "app/core/db/bulk.py:_together": "statements without values, keyed by tables and columns",
    "app/core/db/ddl.py:tenant_tables_script": "tables of the models, before any tenant's name is put in",
    "app/core/db/directory.py:self._hosts": "the directory itself: host -> tenant id",
    "app/core/db/directory.py:self._tenants": "the directory itself: tenant id -> its row",
    "app/core/db/revisions.py:readable": "versions this code reads, from its own files",
    "app/core/guard/keys.py:self._held": "keyed by tenant id, bounded; tests/core/guard/test_vault.py tries it",
    "app/core/guard/erasing.py:_TAKERS": "functions declared at import",
    "app/core/guard/words.py:_WORDS": "columns declared at import",
    "app/core/guard/outbound.py:self._watched": "connections of one call, closed with it",
    "app/core/guard/reindexing.py:_ROOMS": "functions declared at import",
    "app/core/guard/facts.py:_FACTS": "subqueries declared at import",
    "app/core/guard/permissions.py:_REGISTRY": "names declared at import",
    "app/core/guard/whereabouts.py:_KINDS": "kinds of records declared at import",
    "app/core/guard/policy.py:_FIELDS": "data classes declared at import",
    "app/core/jobs/events.py:_handlers": "the table of app/wiring.py",
    "app/core/jobs/imports/kinds.py:_KINDS": "importable records declared at import",
    "app/core/jobs/relay.py:self._inactive": "roles of tenants that were suspended when last met; ids alone",
    "app/core/jobs/relay.py:self._skipped": "tenants to pass over in one tick; the relay sees ids alone",
    "app/core/jobs/relay.py:self._unsent": "messages of two ids that the broker has not taken",
    "app/core/jobs/servers.py:self._open": "connections of the relay, by server; each look sets role and path LOCAL",
    "app/core/jobs/servers.py:self._tenants": "the directory as the relay reads it: role -> server and login",
    "app/tenants/operations/migrating.py:self._open": "connections of one run of the migration",
    "app/core/jobs/traffic.py:self._counts": "numbers by tenant id, for a minute",
    "app/core/jobs/topics.py:_NAMES": "names of records declared at import",
    "app/core/guard/undo.py:_KINDS": "kinds of changes declared at import",
    "app/core/jobs/topics.py:_TOPICS": "topics declared at import",
    "app/core/jobs/registry.py:_TASKS": "tasks declared at import",
    "app/core/jobs/timing.py:_current": "settings of the process",
    "app/core/lists/search/kinds.py:_REGISTRY": "kinds declared at import",
    "app/core/lists/spec.py:_REGISTRY": "lists declared at import",
    "app/core/lists/views.py:_teams_of": "the question of a user's teams, given at start",
    "app/tenants/queries/api_keys.py:_made_of": "keyed by tenant id and all that its row says, bounded",
    "app/tenants/rules/passwords.py:_steps": "neighbours on a keyboard",
    "app/tenants/rules/passwords.py:notorious": "the shipped list of breached passwords",
    "app/web/api_changes.py:self.begun": "pairs of schemas of one comparison",
    "app/web/assets.py:assets_of": "our own static files",
    "app/web/formats.py:region": "keyed by the code of a country",
    "worker/process.py:_application_of": "keyed by the process id",
    "app/tenants/operations/migrating.py:self._unnoted": "ids of tenants one migration run has moved",
}


def kept(source: str) -> set[str]:
    """Names in a module that keep something for the life of the process: caches, empty containers, globals."""
    tree = ast.parse(source)
    found = {name for node in tree.body for name in _assigned(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            found |= set(node.names)
        elif isinstance(node, ast.FunctionDef):
            marks = {ast.unparse(mark).partition("(")[0].rpartition(".")[2] for mark in node.decorator_list}
            found |= {node.name} if marks & {"cache", "lru_cache"} else set()
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            found |= {name for name in _assigned(node) if name.startswith("self.")}
    return found


def _assigned(node: ast.stmt) -> set[str]:
    value = getattr(node, "value", None)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or value is None:
        return set()
    is_container = isinstance(value, ast.Dict | ast.List | ast.Set) and not (
        getattr(value, "keys", None) or getattr(value, "elts", None)
    )
    if isinstance(value, ast.Call):
        is_container = ast.unparse(value.func).rpartition(".")[2] in CONTAINERS and not value.args
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {ast.unparse(target) for target in targets} if is_container else set()


def test_everything_a_process_keeps_is_reviewed() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}:{name}"
        for room in ("app", "worker")
        for path in (ROOT / room).rglob("*.py")
        if "demo" not in path.parts
        for name in kept(path.read_text())
    }
    assert found - REVIEWED.keys() == set(), "say in REVIEWED by what it is keyed"
    assert REVIEWED.keys() - found == set(), "these are gone"


def test_the_search_finds_what_is_kept() -> None:
    source = (
        "import functools\n_SEEN: dict[str, int] = {}\nNAMES = {'a': 1}\nlater = defaultdict(list)\nlast = None\n"
        "@functools.lru_cache(maxsize=9)\ndef f(x): ...\ndef g():\n    global last\n    last = 1\n"
    )
    assert kept(source) == {"_SEEN", "last", "f"}


def test_the_same_role_id_means_something_else_in_each_dealership(
    app: Flask, alpha: Tenant, beta: Tenant, client_for: Callable[..., FlaskClient]
) -> None:
    """Both sales managers hold a role of the same id; beta's loses its rights in between, again and again."""
    with app.app_context():
        for of in (alpha, beta):
            with tenant(of.id):
                role_id = db.session.scalars(select(Role.id).where(Role.key == "sales_manager")).one()
    clients = {of.id: client_for(of, "sales_manager") for of in (alpha, beta)}
    with app.app_context(), tenant(beta.id):
        rows = db.session.scalars(select(Grant).where(Grant.role_id == role_id)).all()
        grants = {row.permission: row.scope for row in rows}
    for held in (True, False, True, False, True):
        with app.app_context(), tenant(beta.id), transaction():
            db.session.execute(delete(Grant).where(Grant.role_id == role_id))
            if held:
                db.session.add_all(Grant(role_id=role_id, permission=name, scope=to) for name, to in grants.items())
        for _ in range(3):
            for of, expected in ((alpha, 200), (beta, 200 if held else 403)):
                page = clients[of.id].get("/customers")
                assert page.status_code == expected
                offered = set(re.findall(r'href="(/[a-z]+)"', clients[of.id].get("/more").text))
                assert ("/deals" in offered) is (expected == 200)
