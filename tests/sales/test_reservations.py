"""Reservations: a unit is kept for one deal until a moment, and not an instant longer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.core.errors import Invalid
from app.core.jobs.models import Outbox
from app.inventory.models import StockUnit
from app.sales.errors import NotReserved, UnitHasDeal, UnitReserved
from app.sales.models import Reservation
from app.sales.operations import removal, reservations, reserving
from tests.factories.inventory import SYSTEM, make_unit
from tests.factories.pages import post
from tests.factories.sales import make_deal
from tests.fixtures.audited import by_hand
from tests.sales.test_deal_operations import deliver, edit, unit_of


def reserve(deal, **values):
    with transaction():
        return reserving.reserve(actor=SYSTEM, deal_id=deal.id, **values)


def kept(deal):
    return db.session.scalars(select(Reservation).where(Reservation.deal_id == deal.id)).all()


def over(deal):
    """The reservation's moment has come, and no task has run."""
    with by_hand(), transaction():
        gone = clock.now() - timedelta(hours=1)
        db.session.execute(update(Reservation).where(Reservation.deal_id == deal.id).values(expires_at=gone))


@pytest.fixture
def two(stores):
    """Two deals over one unit."""
    unit = make_unit(stores[0], status="in_recon")
    return make_deal(stores[0], unit), make_deal(stores[0], unit)


def test_a_reserved_unit_is_on_hold_and_nobody_else_sells_it(two):
    mine, other = two
    reserve(mine, days=2, deposit=Decimal("500.005"))
    (row,) = kept(mine)
    assert (unit_of(mine).status, row.status_before, row.deposit) == ("on_hold", "in_recon", Decimal("500.01"))
    assert timedelta(days=1, hours=23) < row.expires_at - clock.now() <= timedelta(days=2)
    for refused in (lambda: edit(other, status="sold"), lambda: deliver(other), lambda: reserve(other)):
        with pytest.raises(UnitReserved) as error:
            refused()
        assert error.value.params["deal_number"] == mine.deal_number
        db.session.expire_all()
    edit(mine, status="sold")
    (row,) = kept(mine)
    assert (row.release_reason, unit_of(mine).status) == ("sold", "sold")
    # Where it fell through, the unit stands where it stood before it was reserved.
    edit(mine, status="lost")
    assert unit_of(mine).status == "in_recon"


def test_reserving_again_puts_the_moment_off_and_releasing_lets_go(two):
    mine, other = two
    reserve(mine, days=1)
    reserve(mine, days=9)
    (row,) = kept(mine)
    assert row.expires_at > clock.now() + timedelta(days=8)
    assert len(db.session.scalars(select(Outbox).where(Outbox.task == reservations.EXPIRE)).all()) >= 2
    with transaction():
        reservations.expire(row.id)
    assert row.released_at is None
    with transaction():
        reserving.release(actor=SYSTEM, deal_id=mine.id)
    assert (row.release_reason, unit_of(mine).status) == ("released", "in_recon")
    with pytest.raises(NotReserved), transaction():
        reserving.release(actor=SYSTEM, deal_id=mine.id)
    reserve(other)


def test_what_is_over_holds_nothing_also_before_the_task_ran(two):
    mine, other = two
    reserve(mine)
    over(mine)
    edit(other, status="sold")
    (row,) = kept(mine)
    assert (row.release_reason, unit_of(mine).status) == ("expired", "sold")


def test_the_task_releases_it_at_its_moment(two):
    mine, _ = two
    reserve(mine)
    over(mine)
    (row,) = kept(mine)
    for _ in range(2):
        with transaction():
            reservations.expire(row.id)
    assert (row.release_reason, unit_of(mine).status) == ("expired", "in_recon")


def test_a_unit_held_by_another_deal_is_not_reserved_and_days_are_checked(two):
    mine, other = two
    with pytest.raises(Invalid):
        reserve(mine, days=0)
    with pytest.raises(Invalid):
        reserve(mine, deposit=Decimal(-1))
    edit(other, status="pending")
    with pytest.raises(UnitHasDeal):
        reserve(mine)


def test_the_end_of_a_deal_and_its_deletion_let_the_unit_go(two):
    mine, other = two
    reserve(mine)
    edit(mine, status="lost")
    assert (kept(mine)[0].release_reason, unit_of(mine).status) == ("deal_ended", "in_recon")
    reserve(other)
    unit_id = other.stock_unit_id
    with transaction():
        removal.delete_deal(actor=SYSTEM, deal_id=other.id)
    assert db.session.get(StockUnit, unit_id, populate_existing=True).status == "in_recon"


def test_the_page_reserves_and_tells_the_other(two, client_for, alpha):
    mine, other = two
    client = client_for(alpha, "gm")
    refused = post(client, f"/deals/{to_public('deal', mine.id)}/reserve", days="900", deposit="1")
    assert refused.status_code == 422
    assert post(client, f"/deals/{to_public('deal', mine.id)}/reserve", days="3", deposit="250").status_code == 303
    assert "Kept until" in client.get(f"/deals/{to_public('deal', mine.id)}").text
    assert f"for the deal {mine.deal_number} until" in client.get(f"/deals/{to_public('deal', other.id)}").text
    assert post(client, f"/deals/{to_public('deal', mine.id)}/release").status_code == 303
