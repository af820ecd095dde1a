"""What a trade-in is worth: as an approved appraisal says, or by hand up to the limit of two people."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from decimal import Decimal as D

import pytest

from app.core.db import transaction
from app.core.db.ids import to_public
from app.core.errors import FieldClosed, Invalid
from app.core.guard import undo
from app.inventory.operations.appraisals import delete_appraisal, edit_appraisal
from app.sales.errors import WorthNeedsAppraisal
from app.sales.operations import removal, trade_ins
from app.sales.operations.contents import TradeInput
from app.sales.queries import sheets
from tests.factories.appraisals import make_appraisal, make_approved
from tests.factories.desk import CLERK, content, save, told
from tests.factories.inventory import SYSTEM, make_vehicle
from tests.factories.pages import post
from tests.factories.sales import make_deal
from tests.fixtures import people
from tests.fixtures.programs import Program, make_key


@pytest.fixture
def deal(stores):
    return make_deal(stores[0], price=D(31950))


@pytest.fixture
def approved(stores):
    """An approved appraisal, at the deal's store unless another is named."""
    return lambda car=None, store=None, **found: make_approved(store or stores[0], car, **found)


def add(deal, car, actor=SYSTEM, **said):
    with transaction():
        return trade_ins.add_trade(actor=actor, deal_id=deal.id, vehicle_id=car, allowance=D(12000), **said)


def edit(deal, actor=SYSTEM, **said):
    row = trade(deal)
    with transaction():
        trade_ins.edit_trade(
            actor=actor, deal_id=deal.id, trade_id=row.id, version=None, allowance=D(12000), payoff=D(0), **said
        )


def trade(deal):
    return sheets.list_trades(deal.id)[0]


def worth(deal):
    row = trade(deal)
    return row.acv, row.appraisal_id


@contextmanager
def taken_back(actor):
    """What is done inside is taken back at its end."""
    yield
    with transaction():
        undo.take_back(actor, undo.last_offer())


def test_the_latest_value_that_holds_at_the_store_is_taken(deal, stores, approved):
    car = make_vehicle()
    approved(car, acv=D(9000))
    latest = approved(car, acv=D(11000))
    approved(car, store=stores[1], acv=D(15000))
    make_appraisal(stores[0], car, acv=D(16000))
    add(deal, car.id, actor=CLERK)
    assert worth(deal) == (D(11000), latest.id)
    assert told(deal).changes["trade_values"][1][0].endswith("11000, appraised")


def test_nothing_is_taken_of_a_car_without_an_approved_value(deal, stores):
    add(deal, make_appraisal(stores[0], acv=D(16000)).vehicle_id)
    assert worth(deal) == (None, None)


def test_another_value_is_ones_own_and_the_same_one_is_not(deal, approved):
    car = make_vehicle()
    made = approved(car)
    add(deal, car.id)
    edit(deal, acv=D("11000.004"))
    assert worth(deal) == (D(11000), made.id)
    edit(deal, acv=D(10500))
    assert worth(deal) == (D(10500), None)
    edit(deal, appraisal_id=made.id)
    assert worth(deal) == (D(11000), made.id)
    edit(deal, appraisal_id=None)
    assert worth(deal) == (D(11000), None)


def test_an_appraisal_must_be_of_the_car_at_the_store_and_hold(deal, stores, approved):
    car = make_vehicle()
    for other in (approved(make_vehicle()), approved(car, store=stores[1]), make_appraisal(stores[0], car)):
        with pytest.raises(Invalid) as error:
            add(deal, car.id, appraisal_id=other.id)
        assert [item.field for item in error.value.errors] == ["appraisal_id"]
    made = approved(car)
    with pytest.raises(Invalid) as error:
        add(deal, car.id, appraisal_id=made.id, acv=D(10999))
    assert [item.field for item in error.value.errors] == ["acv"]
    with pytest.raises(Invalid):
        add(deal, car.id, appraisal_id=uuid.uuid4())


def test_a_value_that_is_revised_later_changes_no_deal(deal, approved):
    car = make_vehicle()
    made = approved(car)
    add(deal, car.id)
    with transaction():
        edit_appraisal(actor=SYSTEM, appraisal_id=made.id, version=made.version, acv=D(8000))
    assert worth(deal) == (D(11000), made.id)
    # What it stands at is no news; anything else is.
    edit(deal, acv=D(11000), appraisal_id=made.id)
    assert worth(deal) == (D(11000), made.id)
    with pytest.raises(Invalid):
        edit(deal, acv=D(8000), appraisal_id=made.id)


def test_above_the_limit_of_two_people_nobody_names_a_worth_by_hand(deal, stores, approved):
    car = make_vehicle()
    with pytest.raises(WorthNeedsAppraisal):
        add(deal, car.id, acv=D("20000.01"))
    add(deal, car.id, acv=D(20000))
    row = trade(deal)
    with pytest.raises(WorthNeedsAppraisal):
        edit(deal, acv=D(25000))
    with pytest.raises(WorthNeedsAppraisal) as refused:
        save(deal, content(trades=(TradeInput(row.id, D(12000), D(0), D(25000), at="t-1-"),)))
    assert refused.value.field == "t-1-acv"
    made = approved(car, acv=D(25000))
    edit(deal, appraisal_id=made.id)
    assert worth(deal) == (D(25000), made.id)
    # What is there already is not asked about again; leaving the appraisal with its value is naming it by hand.
    save(deal, content(trades=(TradeInput(row.id, D(12500), D(0), D(25000)),)))
    assert worth(deal) == (D(25000), made.id)
    with pytest.raises(WorthNeedsAppraisal):
        edit(deal, appraisal_id=None)


def test_a_worksheet_keeps_the_appraisal_until_it_says_another_value_and_takes_it_back(deal, actor, alpha, approved):
    manager = actor(alpha, "tenant_admin")
    car = make_vehicle()
    made = approved(car, acv=D(25000))
    add(deal, car.id)
    key = trade(deal).id
    save(deal, content(trades=(TradeInput(key, D(12000), D(0), keep_acv=True),)))
    assert worth(deal) == (D(25000), made.id)
    with taken_back(manager):
        save(deal, content(trades=(TradeInput(key, D(12000), D(0), D(9000)),)), actor=manager)
        assert worth(deal) == (D(9000), None)
    assert worth(deal) == (D(25000), made.id)


def test_taking_back_brings_the_appraisal_back(deal, actor, alpha, approved):
    manager = actor(alpha, "tenant_admin")
    car = make_vehicle()
    made = approved(car, acv=D(25000))
    add(deal, car.id)
    with taken_back(manager):
        edit(deal, actor=manager, acv=D(9000))
    assert worth(deal) == (D(25000), made.id)
    with taken_back(manager), transaction():
        trade_ins.remove_trade(actor=manager, deal_id=deal.id, trade_id=trade(deal).id)
    assert worth(deal) == (D(25000), made.id)


def test_who_sees_no_cost_chooses_no_appraisal_and_empties_no_worth(deal, approved):
    car = make_vehicle()
    made = approved(car)
    with pytest.raises(FieldClosed):
        add(deal, car.id, actor=CLERK, appraisal_id=made.id)
    add(deal, car.id, actor=CLERK)
    with pytest.raises(FieldClosed):
        save(deal, content(lines=(), ways=(), trades=(TradeInput(trade(deal).id, D(1), D(0)),)), actor=CLERK)
    assert worth(deal) == (D(11000), made.id)


def test_the_desk_says_where_a_worth_comes_from_and_offers_others(client_for, alpha, deal, approved):
    car = make_vehicle()
    client = client_for(alpha)
    made = approved(car, acv=D(11750))
    address = f"/deals/{to_public('deal', deal.id)}"
    assert post(client, f"{address}/trade-ins", vehicle=car.vin, allowance="12000").status_code == 303
    page = client.get(address).text
    assert f"/appraisals/{to_public('apr', made.id)}" in page
    assert ("No longer holds" in page, '/appraisal"' in page) == (False, False)
    newer = approved(car, acv=D(11250))
    page = client.get(address).text
    key = to_public("ti", trade(deal).id)
    assert f"{address}/trade-ins/{key}/appraisal" in page
    taken = post(client, f"{address}/trade-ins/{key}/appraisal", appraisal_id=to_public("apr", newer.id))
    assert taken.status_code == 303
    assert worth(deal) == (D(11250), newer.id)
    clerk = client_for(alpha, "bdc_agent").get(address).text
    assert not [text for text in ("11,250", "11250", "11,750", "No longer holds") if text in clerk]


def test_the_api_takes_and_gives_the_appraisal(client_for, alpha, deal, approved):
    manager = Program(client_for(alpha, None), make_key("tenant_admin"))
    car = make_vehicle()
    path, made = f"/deals/{to_public('deal', deal.id)}/trade-ins", approved(car)
    body = {"vehicle_id": to_public("veh", car.id), "allowance": usd("12000.00")}
    stranger = approved(make_vehicle())
    refused = manager.post(path, {**body, "appraisal_id": to_public("apr", stranger.id)})
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "/appraisal_id")
    answer = manager.post(path, body)
    said = answer.get_json()
    assert (said["appraisal_id"], said["acv"]) == (to_public("apr", made.id), usd("11000.00"))
    one = f"{path}/{said['id']}"
    refused = manager.patch(one, {"acv": usd("20000.01")}, answer.headers["ETag"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "worth_needs_appraisal")
    own = manager.patch(one, {"acv": usd("10000.00")}, answer.headers["ETag"])
    assert (own.get_json()["appraisal_id"], own.get_json()["acv"]) == (None, usd("10000.00"))
    again = manager.patch(one, {"appraisal_id": said["appraisal_id"]}, own.headers["ETag"])
    assert again.get_json()["acv"] == usd("11000.00")


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def test_a_deal_comes_back_although_its_appraisal_is_gone(deal, approved):
    car, admin = make_vehicle(), people.actor_of("tenant_admin")
    found = approved(car, acv=D(11000))
    add(deal, car.id)
    with taken_back(admin):
        with transaction():
            removal.delete_deal(actor=admin, deal_id=deal.id)
        with transaction():
            # Somebody takes the approval back first; what nobody has decided on may be deleted.
            edit_appraisal(actor=SYSTEM, appraisal_id=found.id, version=found.version, acv=D(10500))
        with transaction():
            delete_appraisal(actor=SYSTEM, appraisal_id=found.id)
    assert worth(deal) == (D(11000), None)
