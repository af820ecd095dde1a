"""Case I1: same ids, same addresses, 500 interleaved requests to the real server: nobody sees the other's marker."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.architecture.matrix import ROWS
from tests.fixtures.serving import Served
from tests.isolation.conftest import Twin

REQUESTS = 500
THREADS = 8
# Pages that show the marked record itself, not only the dealership's name.
MARKED = (
    "/customers", "/customers/<customer_id>", "/customers/<customer_id>/edit", "/activities/<activity_id>/edit",
    "/vehicles", "/vehicles/all", "/vehicles/<vehicle_id>", "/vehicles/<vehicle_id>/edit", "/deals/<deal_id>",
)  # fmt: skip
# A part of a page, or a file, does not say whose it is.
API = "/api/"
PARTS = ("/jobs/tray", "/exports/<export_id>/file", "/session")


# Pages of another host, and those that lead elsewhere while nothing is begun.
ABSENT = ("/platform", "/confirm", "/account/factors/app")


def pages(twin: Twin) -> list[str]:
    """Every address that answers GET with a page and whose arguments the twin has."""
    rules = [route.partition(" ")[2] for route, row in ROWS.items() if route.startswith("GET") and not row.public]
    rules = [rule for rule in rules if not rule.startswith(ABSENT)]
    named = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
    return [rule for rule in rules if set(named.findall(rule)) <= twin.ids.keys()]


def filled(rule: str, twin: Twin) -> str:
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: twin.ids[found[1]], rule)


def test_every_body_holds_its_own_marker_only(twins: tuple[Twin, Twin], served: Served) -> None:
    rules = pages(twins[0])
    assert set(MARKED) <= set(rules)
    asked = [(twins[number % 2], rules[number // 2 % len(rules)]) for number in range(REQUESTS)]

    def look(what: tuple[Twin, str]) -> tuple[str, int, bool, bool, bool]:
        twin, rule = what
        other = twins[1] if twin is twins[0] else twins[0]
        answer = served.ask(twin.host, filled(rule, twin), cookie=twin.cookie)
        foreign = any(text in answer.text for text in (other.marker, other.tenant.name, other.host, other.tenant.id))
        return rule, answer.status, twin.tenant.name in answer.text, twin.marker in answer.text, foreign

    with ThreadPoolExecutor(THREADS) as pool:
        seen = list(pool.map(look, asked))
    assert [row for row in seen if row[4]] == []
    # A refusal (a closed unit cannot be edited …) shows nothing of anybody; most pages are really there.
    whole = [row for row in seen if row[1] == 200]
    refused = Counter(row[1] for row in seen if row[1] != 200)
    assert len(whole) > REQUESTS * 0.9, (refused, [row[:2] for row in seen if row[1] != 200])
    assert [row for row in whole if not row[2] and row[0] not in PARTS and not row[0].startswith(API)] == []
    assert [row for row in whole if row[0] in MARKED and not row[3]] == []
    assert {row[0] for row in whole} >= set(MARKED)


def test_going_back_and_forth_mixes_nothing(twins: tuple[Twin, Twin]) -> None:
    for _ in range(20):
        for twin, other in (twins, twins[::-1]):
            page = twin.client.get(filled("/customers/<customer_id>", twin)).text
            assert twin.marker in page
            assert other.marker not in page
