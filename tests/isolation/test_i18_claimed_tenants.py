"""Case I18: whatever a client says about the tenant, in headers, query, cookies or body, on every route: no effect."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import make_url

from tests.architecture.matrix import ROWS
from tests.fixtures.browsing import steady, token_of
from tests.isolation.conftest import Twin

NAMED = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
READS = sorted(route for route, row in ROWS.items() if route.startswith("GET") and not row.public)
CHANGES = sorted(route for route, row in ROWS.items() if route.startswith("POST"))
FIELDS = ("tenant", "tenant_id", "slug", "schema", "host")


def filled(route: str, twin: Twin) -> str:
    """The path of a route; arguments that the twin has no record for get a well-formed stranger."""
    return NAMED.sub(lambda found: twin.ids.get(found[1], "x"), route.partition(" ")[2])


def claims(other: Twin) -> dict[str, str]:
    """Headers by which other systems choose a tenant."""
    host = other.host
    return {
        "X-Tenant-Id": other.tenant.id, "X-Tenant": other.tenant.slug, "X-Schema": other.tenant.schema,
        "X-Forwarded-Host": host, "X-Original-Host": host, "X-Host": host, "Forwarded": f"host={host}",
        "X-Rewrite-Url": f"http://{host}/", "X-Original-Url": f"http://{host}/", "Origin": "null",
    }  # fmt: skip


def claimed(other: Twin) -> dict[str, str]:
    """Fields by which other systems choose a tenant."""
    return {"tenant": other.tenant.slug, "tenant_id": other.tenant.id, "slug": other.tenant.slug,
            "schema": other.tenant.schema, "host": other.host}  # fmt: skip


def foreign(page: str, other: Twin) -> list[str]:
    """What of the other dealership stands in a page."""
    return [text for text in (other.marker, other.tenant.name, other.host) if text in page]


@pytest.mark.parametrize("route", READS)
def test_headers_do_not_choose(twins: tuple[Twin, Twin], route: str) -> None:
    twin, other = twins
    plain = twin.client.get(filled(route, twin))
    answer = twin.client.get(filled(route, twin), headers=claims(other))
    assert answer.status_code == plain.status_code
    assert steady(answer.text) == steady(plain.text)


@pytest.mark.parametrize("route", READS)
def test_queries_do_not_choose(twins: tuple[Twin, Twin], route: str) -> None:
    twin, other = twins
    answer = twin.client.get(filled(route, twin), query_string=claimed(other))
    # A list refuses conditions it does not know; that refusal repeats what was asked and shows no row.
    shown = re.sub(r'(href|action|value)="[^"]*"', "", answer.text)
    assert foreign(shown, other) == []
    assert answer.status_code < 500


@pytest.fixture
def written(admin_url: str, database: str) -> Callable[[Twin], dict[str, tuple[int, str]]]:
    """`written(twin)`: every table of a dealership, with its row count and a digest of its rows."""

    def read(twin: Twin) -> dict[str, tuple[int, str]]:
        dsn = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
        with psycopg.connect(dsn) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [twin.tenant.schema]
            ).fetchall()
            found = {}
            for (table,) in tables:
                query = sql.SQL(
                    "SELECT count(*), coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM {} t"
                )
                row = connection.execute(query.format(sql.Identifier(twin.tenant.schema, table))).fetchone()
                assert row is not None
                found[table] = (row[0], row[1])
            return found

    return read


def test_bodies_do_not_choose(
    twins: tuple[Twin, Twin],
    written: Callable[[Twin], dict[str, tuple[int, str]]],
    browsers: Callable[..., FlaskClient],
) -> None:
    """Every changing route with the claims in its body, its query and its headers: nothing of the other moves."""
    twin, other = twins
    before = written(other)
    for route in CHANGES:
        # A browser of its own for each, because some of these routes end the session.
        client = browsers(twin.tenant)
        answer = client.post(
            filled(route, twin),
            query_string=claimed(other),
            data={"csrf_token": token_of(client), **claimed(other)},
            headers={name: value for name, value in claims(other).items() if name != "Origin"},
        )
        assert answer.status_code < 500, route
        shown = re.sub(r'(href|action|value|content)="[^"]*"', "", answer.text)
        assert foreign(shown, other) == [], route
        assert other.host not in (answer.location or ""), route
    assert written(other) == before
    assert sum(count for count, _ in before.values()) > 100
