"""Who sees and changes a view, which one opens a list, and what an address says beside a view."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest

from app.core.errors import Invalid
from app.core.lists.query import read_query, readable
from app.core.lists.view_rules import checked_name, default_of, may_change, may_see
from tests.core.lists.samples import SPEC, Rules

ANNA, BOB, TEAM, OTHER = (uuid.UUID(int=number) for number in range(1, 5))
RULES = Rules()


@dataclass(frozen=True)
class View:
    """A view as the rules see it."""

    scope: str
    owner_id: uuid.UUID = ANNA
    team_id: uuid.UUID | None = None
    is_default: bool = False


OWN, TENANT, TEAMS = View("own"), View("tenant"), View("team", team_id=TEAM)


@pytest.mark.parametrize(
    ("view", "user", "teams", "seen"),
    [
        (OWN, ANNA, [], True),
        (OWN, BOB, [TEAM], False),
        (TENANT, BOB, [], True),
        (TEAMS, BOB, [TEAM], True),
        (TEAMS, BOB, [OTHER], False),
        (TEAMS, ANNA, [], True),
        (View("own", owner_id=BOB), None, [], False),
    ],
)
def test_who_sees_a_view(view, user, teams, seen):
    assert may_see(view, user, teams) is seen


@pytest.mark.parametrize(
    ("view", "user", "teams", "may_share", "allowed"),
    [
        (OWN, ANNA, [], False, True),
        (OWN, BOB, [], True, False),
        (TENANT, BOB, [], True, True),
        (TENANT, BOB, [], False, False),
        (TENANT, ANNA, [], False, False),
        (TEAMS, BOB, [TEAM], True, True),
        (TEAMS, BOB, [OTHER], True, False),
    ],
)
def test_who_changes_a_view(view, user, teams, may_share, allowed):
    assert may_change(view, user, teams, may_share=may_share) is allowed


def test_the_nearest_default_opens_the_list():
    tenant, own = View("tenant", BOB, is_default=True), View("own", is_default=True)
    assert default_of([OWN, TENANT], ANNA) is None
    assert default_of([tenant, OWN], ANNA) is tenant
    assert default_of([tenant, own], ANNA) is own


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_name_is_a_name(name):
    with pytest.raises(Invalid):
        checked_name(name)


def test_a_name_is_trimmed():
    assert checked_name("  Quiet   people ") == "Quiet people"


BASE = {"state": ["new"], "price_from": ["100"], "sort": ["-price"], "cols": ["name_key,status"]}


def over(**args):
    return read_query(SPEC, {name: [text] for name, text in args.items()}, RULES, view="view_x", base=BASE)


def test_a_view_alone_is_its_whole_address():
    query = over()
    assert query.errors == ()
    assert (query.sort, query.cols, set(query.values)) == ("-price", ("name_key", "status"), {"state", "price"})
    assert query.to_args() == {"view": ["view_x"]}


def test_an_address_says_only_what_differs():
    assert over(state="used").to_args() == {"view": ["view_x"], "state": ["used"]}
    # What the view asks and this address does not has to be said, and so has the way back to the list's own order.
    assert over(state="").to_args() == {"view": ["view_x"], "state": [""]}
    assert over(sort="name").to_args() == {"view": ["view_x"], "sort": ["name"]}
    assert over(doors_from="2").to_args() == {"view": ["view_x"], "doors_from": ["2"]}


@pytest.mark.parametrize("args", [{}, {"state": "used"}, {"state": ""}, {"sort": "name"}, {"price_from": ""}])
def test_an_address_leads_to_the_same_question(args):
    query = over(**args)
    again = read_query(SPEC, query.to_args(), RULES, view="view_x", base=BASE)
    assert (again.values, again.sort, again.cols) == (query.values, query.sort, query.cols)


def test_a_colleagues_view_loses_what_one_may_not_see():
    args = {**BASE, "cost_from": ["5"], "cols": ["name_key,cost,status"], "sort": ["-cost"], "gone": ["x"]}
    saved = {"phone": ["555 0100"], "name": ["smith"]}
    seen, personal = readable(SPEC, args, Rules(cost="hidden"), saved)
    assert seen == {"state": ["new"], "price_from": ["100"], "cols": ["name_key,status"]}
    assert personal == saved
    _, personal = readable(SPEC, args, Rules(cost="hidden", phone="hidden"), saved)
    assert personal == {"name": ["smith"]}
    full, _ = readable(SPEC, args, RULES, saved)
    assert full["sort"] == ["-cost"]
    assert full["cols"] == ["name_key,cost,status"]


def test_a_view_survives_a_choice_that_is_gone():
    seen, _ = readable(
        SPEC, {"state": ["scrapped"], "price_from": ["9"], "price_to": ["1"], "sold": ["yes"]}, RULES, {}
    )
    assert seen == {"sold": ["yes"]}


@pytest.mark.parametrize(("name", "text", "code"), [
    ("cols", "name_key,nothing", "unknown_column"), ("cols", "cost", "unknown_column"),
    ("density", "airy", "unknown_look"), ("layout", "board", "unknown_look"),
])  # fmt: skip
def test_looks_are_read_and_refused(name, text, code):
    query = read_query(SPEC, {name: [text]}, Rules(cost="hidden"))
    assert [(problem.field, problem.code) for problem in query.errors] == [(name, code)]


def test_the_first_column_says_which_row_it_is():
    query = read_query(SPEC, {"cols": ["status,price"]}, RULES)
    assert query.cols == ("name_key", "status", "price")
    assert read_query(SPEC, {"cols": ["name_key,status,price,cost"]}, RULES).cols is None
