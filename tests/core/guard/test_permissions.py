"""Permissions: what is not granted is refused, and a wider scope never shows less."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Uuid

from app.core.errors import PermissionDenied
from app.core.guard import permissions
from app.core.guard.permissions import SCOPES, Actor, allows, check, covers, declare, scope_clause, system_actor, widest

IDS = [uuid.UUID(int=n) for n in range(1, 5)]
ME, STORES = IDS[0], [uuid.UUID(int=n) for n in range(11, 14)]
SEE = "guard_test.see"
declare("guard_test", verbs=("see", "edit"), extra=("close",))

maybe_user = st.sampled_from([*IDS, None])
maybe_store = st.sampled_from([*STORES, None])
teams = st.frozensets(st.sampled_from(IDS))
stores = st.frozensets(st.sampled_from(STORES))


def actor(scope=None, team=frozenset(), own_stores=frozenset()):
    grants = {SEE: scope} if scope else {}
    return Actor(user_id=ME, name="Kim", grants=grants, team_user_ids=team, store_ids=own_stores)


def test_no_grant_means_no():
    assert not allows(actor(), SEE)
    with pytest.raises(PermissionDenied) as refused:
        check(actor(), SEE)
    assert refused.value.permission == SEE


def test_a_grant_allows_what_it_names_and_nothing_else():
    assert allows(actor("own"), SEE)
    assert not allows(actor("all"), "guard_test.edit")
    assert not allows(actor("all"), "guard_test.close")


@pytest.mark.parametrize("scope", ["everything", "", "ALL", "own "])
def test_an_unknown_scope_is_no_grant(scope):
    assert not allows(actor(scope), SEE)
    assert not covers(actor(scope), SEE, owner_id=ME, store_id=STORES[0])
    assert str(scope_clause(actor(scope), SEE)) == "false"


@pytest.mark.parametrize("who", [actor("all"), system_actor("nightly")])
def test_a_name_nobody_declared_is_loud(who):
    with pytest.raises(LookupError):
        allows(who, "guard_test.sea")
    with pytest.raises(LookupError):
        scope_clause(who, "guard_test.sea")


def test_the_system_may_everything_that_exists():
    check(system_actor("nightly"), "guard_test.close", owner_id=None, store_id=None)


def test_a_record_outside_the_scope_is_refused():
    check(actor("own"), SEE, owner_id=ME)
    check(actor("store", own_stores={STORES[0]}), SEE, owner_id=IDS[1], store_id=STORES[0])
    for owner_id, store_id in [(IDS[1], STORES[0]), (None, None), (None, STORES[0])]:
        with pytest.raises(PermissionDenied):
            check(actor("own"), SEE, owner_id=owner_id, store_id=store_id)


def test_an_actor_without_a_user_owns_nothing():
    nobody = Actor(user_id=None, name="key", grants={SEE: "own"})
    assert not covers(nobody, SEE, owner_id=None, store_id=None)
    assert str(scope_clause(nobody, SEE, owner=_table().c.owner)) == "false"


def test_an_actor_cannot_be_widened():
    grants = {SEE: "own"}
    who = Actor(user_id=ME, name="Kim", grants=grants)
    grants[SEE] = "all"
    assert who.grants[SEE] == "own"
    with pytest.raises(TypeError):
        who.grants[SEE] = "all"


def test_roles_add_up_to_the_widest():
    assert widest(["own", "store", "team"]) == "store"
    assert widest(["own", "galaxy"]) == "own"
    assert widest([]) is None


def test_names_are_declared_once_and_well():
    declare("guard_test", verbs=("see",))
    with pytest.raises(ValueError, match="differently"):
        declare("guard_test", verbs=("close",) if "close" in permissions.MATRIX_VERBS else (), extra=("see",))
    with pytest.raises(ValueError, match="matrix"):
        declare("guard_test", verbs=("deliver",))
    with pytest.raises(ValueError, match="letters"):
        declare("Guard Test", verbs=("see",))


@given(maybe_user, maybe_store, teams, stores)
def test_a_wider_scope_never_shows_less(owner_id, store_id, team, own_stores):
    seen = [covers(actor(scope, team, own_stores), SEE, owner_id=owner_id, store_id=store_id) for scope in SCOPES]
    assert seen == sorted(seen)
    assert seen[-1]


def _table():
    return Table("things", MetaData(), Column("owner", Uuid), Column("store", Uuid))


def test_a_record_type_without_owner_and_store_is_reached_by_all_alone():
    for scope in ("own", "team", "store"):
        assert str(scope_clause(actor(scope, own_stores=set(STORES)), SEE)) == "false"
    assert str(scope_clause(actor("all"), SEE)) == "true"
