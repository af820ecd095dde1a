"""Saved filters: sealed, for one user and one list, and gone when they expire."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import Invalid
from app.core.guard.keys import SealBroken
from app.core.lists.models import SavedFilter
from app.core.lists.saved_filters import PREFIX, load_filter, save_filter

ANNA, BOB = uuid.UUID(int=1), uuid.UUID(int=2)
TYPED = {"name": ["Smith-Jones 王伟"], "phone": ["+1 555 0100"]}


def refused(list_name: str, user_id: uuid.UUID | None, public_id: str) -> None:
    with pytest.raises(Invalid) as problem:
        load_filter(list_name, user_id, public_id)
    assert [(e.field, e.code) for e in problem.value.errors] == [("filter", "unknown_filter")]


@pytest.fixture
def saved(in_alpha: Tenant) -> str:
    with transaction():
        return save_filter("customers", ANNA, TYPED)


def test_what_was_typed_comes_back(saved: str) -> None:
    assert load_filter("customers", ANNA, saved) == TYPED


def test_nothing_typed_can_be_read_in_the_row(saved: str) -> None:
    row = db.session.scalars(select(SavedFilter).where(SavedFilter.id == from_public(PREFIX, saved))).one()
    assert len(row.conditions) > 20
    for text in ("Smith", "name", "555", "王伟"):
        assert text.encode() not in row.conditions


def test_only_its_user_may_use_it_and_only_on_its_list(saved: str) -> None:
    refused("customers", BOB, saved)
    refused("customers", None, saved)
    refused("vehicles", ANNA, saved)


@pytest.mark.parametrize("text", ["", "flt_", "cus_01890000000000000000000000", "' OR 1=1", "\x00", "flt_" + "z" * 26])
def test_what_is_no_id_is_refused(in_alpha: Tenant, text: str) -> None:
    refused("customers", ANNA, text)
    refused("customers", ANNA, to_public(PREFIX, uuid.uuid4()))


def test_another_tenant_has_no_such_filter(saved: str, beta: Tenant) -> None:
    with tenant(beta.id):
        refused("customers", ANNA, saved)


def test_a_row_moved_to_another_id_does_not_open(saved: str) -> None:
    with transaction():
        other = save_filter("customers", ANNA, {"name": ["other"]})
        blob = select(SavedFilter.conditions).where(SavedFilter.id == from_public(PREFIX, saved)).scalar_subquery()
        db.session.execute(
            update(SavedFilter).where(SavedFilter.id == from_public(PREFIX, other)).values(conditions=blob)
        )
    with pytest.raises(SealBroken):
        load_filter("customers", ANNA, other)


def test_it_expires_and_is_swept_by_the_next_one(saved: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr("app.core.lists.saved_filters.now", lambda: later)
    refused("customers", ANNA, saved)
    with transaction():
        kept = save_filter("customers", BOB, TYPED)
    assert db.session.get(SavedFilter, from_public(PREFIX, saved)) is not None
    with transaction():
        save_filter("customers", ANNA, TYPED)
    db.session.expire_all()
    assert db.session.get(SavedFilter, from_public(PREFIX, saved)) is None
    assert db.session.get(SavedFilter, from_public(PREFIX, kept)) is not None
