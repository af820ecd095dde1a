"""A form takes the fields it has and refuses every other: nobody sets a column by naming it (checklist 30, 42)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask.testing import FlaskClient
from marshmallow import RAISE, Schema
from psycopg import sql
from sqlalchemy import make_url

from app.core.http.forms import FormSchema
from tests.architecture.matrix import ROWS
from tests.fixtures.browsing import token_of
from tests.security.conftest import Infested

NAMED = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
CHANGES = sorted(route for route, row in ROWS.items() if route.startswith("POST"))
# Columns that no form of people may carry, and a value that would be found again wherever it was stored.
LOOKS_ONLY = {"DuplicatesForm"}  # It is sent what is being typed into another form, and changes nothing.
# Their ids say which record an item is about, as the address does elsewhere.
NAMES_A_RECORD = {"BatchItem", "LineParts", "ScenarioParts"}
PLANTED = "planted0value7"
COLUMNS = ("id", "tenant_id", "created_by", "created_at", "password_hash", "key", "deal_number", "stock_number_of",
           "email_enc", "email_index", "seller_id", "approved_by", "is_admin", "schema")  # fmt: skip


def schemas(of: type[Schema] = FormSchema) -> Iterator[type[Schema]]:
    """Every form of the application."""
    for one in of.__subclasses__():
        if one.__module__.startswith("app."):
            yield one
        yield from schemas(one)


def test_every_form_refuses_fields_it_does_not_have(app: object) -> None:
    found = list(schemas())
    assert len(found) > 20
    assert [one.__name__ for one in found if one.Meta.unknown != RAISE and one.__name__ not in LOOKS_ONLY] == []


def test_no_form_has_a_field_of_what_the_server_decides(app: object) -> None:
    decided = {"id", "tenant_id", "created_by", "created_at", "updated_at", "password_hash"}
    found = [one.__name__ for one in schemas() if decided & set(one._declared_fields)]
    assert [name for name in found if name not in NAMES_A_RECORD] == []


@pytest.fixture
def stored(admin_url: str, database: str, infested: Infested) -> Callable[[str], list[str]]:
    """`stored(text)`: the tables of the infested dealership in which a text stands."""

    def search(text: str) -> list[str]:
        dsn = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
        schema, found = infested.tenant.schema, []
        with psycopg.connect(dsn) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
            for (table,) in tables:
                query = sql.SQL("SELECT count(*) FROM {} t WHERE position(%s in t::text) > 0")
                row = connection.execute(query.format(sql.Identifier(schema, table)), [text]).fetchone()
                if row and row[0]:
                    found.append(table)
        return sorted(found)

    return search


def test_no_route_stores_a_column_that_was_named(
    infested: Infested, stored: Callable[[str], list[str]], browsers: Callable[..., FlaskClient]
) -> None:
    refused = 0
    for route in CHANGES:
        path = NAMED.sub(lambda found: infested.ids.get(found[1], "x"), route.partition(" ")[2])
        # A browser of its own for each, because some of these routes end the session.
        client = browsers(infested.tenant)
        data = {"csrf_token": token_of(client), **{name: f"{PLANTED}-{name}" for name in COLUMNS}}
        answer = client.post(path, data=data)
        assert answer.status_code < 500, route
        refused += answer.status_code in (400, 422)
    assert stored(PLANTED) == []
    assert refused > 15


def test_a_field_sent_twice_or_as_a_list_breaks_nothing(
    infested: Infested, browsers: Callable[..., FlaskClient]
) -> None:
    client = browsers(infested.tenant)
    token = token_of(client)
    for data in (
        {"csrf_token": token, "name": ["One", "Two"], "kind": "individual"},
        {"csrf_token": token, "name[]": "One"},
        {"csrf_token": [token, "x"], "name": "One"},
    ):
        answer = client.post("/customers", data=data)
        assert answer.status_code in (400, 403, 422), data
