"""Case I16, beside the access matrix: the ids next to one's own are answered like ids that nobody has."""

from __future__ import annotations

import re
import uuid

import pytest

from app.core.db.ids import from_public, to_public
from tests.architecture.matrix import ROWS
from tests.fixtures.browsing import steady, token_of
from tests.isolation.conftest import Twin

NAMED = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
ROUTES = sorted(
    route for route, row in ROWS.items()
    if len(row.ids) == 1 and row.ids[0] in ("customer_id", "activity_id", "vehicle_id", "unit_id", "deal_id",
                                            "store_id", "user_id", "role_id")
)  # fmt: skip


def near(public_id: str) -> list[str]:
    """The ids before and after, and the same id under other types' prefixes."""
    prefix, _, _ = public_id.rpartition("_")
    value = from_public(prefix, public_id)
    neighbours = [to_public(prefix, uuid.UUID(int=value.int + step)) for step in (-1, 1)]
    return [*neighbours, *(to_public(other, value) for other in ("cus", "veh", "deal", "usr") if other != prefix)]


@pytest.mark.parametrize("route", ROUTES)
def test_neighbours_are_missing(twins: tuple[Twin, Twin], route: str) -> None:
    twin = twins[0]
    name = ROWS[route].ids[0]
    prefix = twin.ids[name].rpartition("_")[0]
    method, _, rule = route.partition(" ")
    token = token_of(twin.client)

    def ask(value: str) -> tuple[int, str]:
        sent = {"json": {}, "headers": {"X-CSRF-Token": token}} if "/api/" in rule else {"data": {"csrf_token": token}}
        answer = twin.client.open(NAMED.sub(value, rule), method=method, **({} if method == "GET" else sent))
        return answer.status_code, steady(answer.text).replace(value, "")

    missing = ask(to_public(prefix, uuid.uuid4()))
    assert missing[0] == 404
    for value in near(twin.ids[name]):
        assert ask(value) == missing, value
