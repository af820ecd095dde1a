"""Rights come from roles at stores: a role shows what its own store has, adds and never takes, and reaches no other."""

import json
import uuid

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Uuid, column, select, values

from app.core.db import db, tenant
from app.core.guard.carried import from_plain, to_plain
from app.core.guard.permissions import (
    SCOPES,
    Actor,
    covers,
    declare,
    scope_at,
    scope_clause,
    stores_of,
)  # fmt: skip
from app.tenants.rules.roles import expand, reach

SEE = "per_store_test.see"
declare("per_store_test", verbs=("see",))
ME, *OTHERS = USERS = [uuid.UUID(int=n) for n in range(1, 5)]
STORES = [uuid.UUID(int=n) for n in range(11, 14)]
ROWS = [(owner, store) for owner in [*USERS, None] for store in [*STORES, None]]
THINGS = values(column("owner", Uuid), column("store", Uuid), name="things").data(ROWS)

places = st.tuples(st.sampled_from(STORES), st.sampled_from([None, *map(str, SCOPES)]))
teams = st.dictionaries(st.sampled_from(STORES), st.frozensets(st.sampled_from(OTHERS)))
people = st.builds(lambda held, mates: person(held, mates), st.lists(places, max_size=4), teams)


def person(held, mates):
    """Somebody whose roles, one per (store, scope of the permission), were read the way a session reads them."""
    roles = [([store], {SEE: scope} if scope else {}) for store, scope in held]
    here = {store for store, _ in held}
    return Actor(
        user_id=ME,
        name="Kim",
        grants=expand((pair for _, grants in roles for pair in grants.items()), [SEE]),
        store_ids=here,
        team_user_ids=frozenset().union(*mates.values()),
        reach=reach(roles, here),
        teams=mates,
    )


def shown(actor):
    return {row for row in ROWS if covers(actor, SEE, owner_id=row[0], store_id=row[1])}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people)
def test_sql_and_python_agree_on_every_row(app, alpha, actor):
    both = scope_clause(actor, SEE, owner=THINGS.c.owner, store=THINGS.c.store)
    owners = scope_clause(actor, SEE, owner=THINGS.c.owner)
    stores = scope_clause(actor, SEE, store=THINGS.c.store)
    with app.app_context(), tenant(alpha.id):
        picked = [
            {tuple(row) for row in db.session.execute(select(THINGS).where(way))} for way in (both, owners, stores)
        ]
    assert picked[0] == shown(actor)
    assert picked[1] == {row for row in ROWS if covers(actor, SEE, owner_id=row[0], store_id=None)}
    assert picked[2] == {row for row in ROWS if covers(actor, SEE, owner_id=None, store_id=row[1])}


@given(st.lists(places, max_size=3), teams, places)
def test_one_more_role_never_shows_less(held, mates, more):
    assert shown(person(held, mates)) <= shown(person([*held, more], mates))


@given(st.lists(places, max_size=3), teams, places)
def test_a_role_at_one_store_opens_nothing_at_another(held, mates, more):
    assume(more[1] != "all")
    gained = shown(person([*held, more], mates)) - shown(person(held, mates))
    assert {store for owner, store in gained if owner != ME} <= {more[0], None}


@given(people)
def test_the_stores_named_are_those_shown_whole(actor):
    whole = {store for store in STORES if all((owner, store) in shown(actor) for owner in [*USERS, None])}
    everything = actor.grants.get(SEE) == "all"
    assert whole == (set(STORES) if everything else stores_of(actor, SEE))
    assert all(scope_at(actor, SEE, store) in ("store", "all") for store in whole)


@given(people)
def test_an_actor_put_away_comes_back_as_it_was(actor):
    assert from_plain(ME, json.loads(json.dumps(to_plain(actor)))) == actor


def test_a_manager_here_is_a_salesperson_there():
    here, there = STORES[0], STORES[1]
    both = person([(here, "store"), (there, "own")], {})
    assert covers(both, SEE, owner_id=OTHERS[0], store_id=here)
    assert not covers(both, SEE, owner_id=OTHERS[0], store_id=there)
    assert covers(both, SEE, owner_id=ME, store_id=there)


def test_a_team_is_a_team_at_its_own_store():
    here, there = STORES[0], STORES[1]
    lead = person([(here, "team"), (there, "own")], {here: {OTHERS[0]}, there: {OTHERS[1]}})
    seen = [(owner, store) for owner in OTHERS for store in (here, there, None) if (owner, store) in shown(lead)]
    assert seen == [(OTHERS[0], here), (OTHERS[0], None)]
