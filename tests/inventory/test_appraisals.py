"""Appraising a car: its figures, how they are agreed to, and by whom."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.errors import FieldClosed, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor
from app.inventory.errors import AppraisalDecided, AppraisalMoveNotAllowed, SecondPersonNeeded
from app.inventory.models import Appraisal, OdometerReading
from app.inventory.operations import appraisals
from app.inventory.queries import appraisals as asking
from app.inventory.rules.appraisals import EXPIRED, AppraisalStatus, shown_status
from app.tenants.queries.sessions import get_actor
from tests.factories.appraisals import make_appraisal
from tests.factories.inventory import SYSTEM, make_vehicle
from tests.fixtures import people

TODAY = clock.today("America/New_York")
RIGHTS = "appraisal.see appraisal.create appraisal.edit appraisal.delete appraisal.approve vehicle.see"


def person(role):
    found = people.find_user(role)
    sights = {"cost": "visible"}
    return Actor(user_id=found.id, name=found.name, grants=dict.fromkeys(RIGHTS.split(), "all"), sights=sights)


def edit(appraisal, actor=SYSTEM, **found):
    with transaction():
        return appraisals.edit_appraisal(
            actor=actor, appraisal_id=appraisal.id, version=found.pop("version", appraisal.version), **found
        )


def submit(appraisal, actor=SYSTEM):
    with transaction():
        return appraisals.submit_appraisal(actor=actor, appraisal_id=appraisal.id, version=appraisal.version)


def approve(appraisal, actor=SYSTEM, version=None):
    with transaction():
        return appraisals.approve_appraisal(
            actor=actor, appraisal_id=appraisal.id, version=version or appraisal.version
        )


def refused(error):
    return {item.field: item.code for item in error.value.errors}


def test_what_was_not_looked_at_is_stored_as_nothing(stores):
    grid = {"front": {"finding": "minor", "note": "stone chips"}, "roof": {"finding": "splendid"}, "moon": {}}
    made = make_appraisal(stores[0], condition=grid)
    db.session.expire_all()
    assert made.condition == {"front": {"finding": "minor", "note": "stone chips"}}
    assert (made.status, made.currency) == ("draft", "USD")


def test_a_reading_goes_into_the_cars_history_once(stores):
    car = make_vehicle(odometer=40_000, odometer_unit="mi")
    made = make_appraisal(stores[0], car, odometer=41_000, odometer_unit="mi")
    edit(made, note="again", odometer=41_000, odometer_unit="mi")
    readings = select(OdometerReading.reading).where(OdometerReading.vehicle_id == car.id)
    assert sorted(db.session.scalars(readings)) == [40_000, 41_000]
    with pytest.raises(Invalid) as error:
        edit(made, odometer=100, odometer_unit="mi")
    assert refused(error) == {"odometer_reason": "lower_reading"}
    assert edit(made, odometer=100, odometer_unit="mi", odometer_reason="replaced").odometer == 100


def test_amounts_are_rounded_and_never_negative(stores):
    made = make_appraisal(stores[0], acv=Decimal("9000.005"), recon_estimate=Decimal("800.4449"))
    db.session.expire_all()
    assert (made.acv, made.recon_estimate) == (Decimal("9000.01"), Decimal("800.44"))
    with pytest.raises(Invalid) as error:
        edit(made, acv=Decimal(-1))
    assert refused(error) == {"acv": "not_possible"}


def test_comparables_are_kept_as_exact_text(stores):
    rows = [{"source": "Auction", "amount": "12500.5", "on": TODAY, "link": "https://example.com/1", "note": " a  b "}]
    made = make_appraisal(stores[0], comparables=rows)
    db.session.expire_all()
    (kept,) = made.comparables
    assert kept == {
        "source": "Auction", "amount": "12500.50", "on": TODAY.isoformat(), "link": "https://example.com/1",
        "note": "a b",
    }  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        {"source": "", "amount": "1"},
        {"source": "A", "amount": "NaN"},
        {"source": "A", "amount": "-1"},
        {"source": "A", "amount": "1", "link": "javascript:alert(1)"},
    ],
)
def test_an_impossible_comparable_is_refused(stores, row):
    with pytest.raises(Invalid) as error:
        make_appraisal(stores[0], comparables=[row])
    assert set(refused(error)) == {"comparables"}


def test_a_value_is_agreed_to_by_steps(stores):
    made = make_appraisal(stores[0])
    with pytest.raises(AppraisalMoveNotAllowed):
        approve(made)
    submit(made)
    assert made.valid_until == TODAY + timedelta(days=14)
    assert asking.valid_acv(vehicle_id=made.vehicle_id) is None
    approve(made)
    found = asking.valid_acv(vehicle_id=made.vehicle_id)
    assert (found.appraisal_id, found.acv, found.valid_until) == (made.id, Decimal(11000), made.valid_until)
    with pytest.raises(AppraisalMoveNotAllowed):
        submit(made)


def test_without_a_value_nothing_is_submitted(stores):
    with pytest.raises(Invalid) as error:
        submit(make_appraisal(stores[0], acv=None))
    assert refused(error) == {"acv": "required"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("acv", Decimal(11001)), ("recon_estimate", Decimal(1)), ("condition", {"front": {"finding": "major"}}),
        ("comparables", [{"source": "A", "amount": "1"}]), ("valid_until", TODAY + timedelta(days=3)),
    ],
)  # fmt: skip
def test_other_figures_make_it_a_draft_again(stores, name, value):
    made = approve(submit(make_appraisal(stores[0])))
    edit(made, **{name: value})
    assert (made.status, made.submitted_at, made.decided_by, made.decided_at) == ("draft", None, None, None)
    assert asking.valid_acv(appraisal_id=made.id) is None


def test_a_note_leaves_the_agreement_as_it_is(stores):
    made = approve(submit(make_appraisal(stores[0])))
    assert edit(made, note="Winter tyres in the boot", acv=Decimal(11000)).status == "approved"


def test_above_the_limit_two_people_agree(stores):
    appraiser, manager, other = person("salesperson"), person("sales_manager"), person("gm")
    made = make_appraisal(stores[0], actor=appraiser, acv=None)
    edit(made, manager, acv=Decimal("20000.01"))
    submit(made, manager)
    for involved in (appraiser, manager):
        with pytest.raises(SecondPersonNeeded) as error:
            approve(made, involved)
        db.session.expire_all()
    assert error.value.params == {"limit": "20000.00 USD"}
    assert approve(made, other).decided_by == other.user_id


def test_exactly_the_limit_takes_one(stores):
    manager = person("sales_manager")
    made = make_appraisal(stores[0], actor=manager, acv=Decimal(20000))
    assert approve(submit(made, manager), manager).status == "approved"


def test_a_program_is_nobodys_second_person(stores):
    made = submit(make_appraisal(stores[0], actor=person("gm"), acv=Decimal(30000)))
    with pytest.raises(SecondPersonNeeded):
        approve(made, SYSTEM)


def test_an_agreement_is_to_the_version_that_was_read(stores):
    made = submit(make_appraisal(stores[0]))
    read = made.version
    submit(edit(made, acv=Decimal(15000)))
    with pytest.raises(Stale):
        approve(made, version=read)


def test_of_two_approvers_one_is_told(app, alpha, stores):
    made = submit(make_appraisal(stores[0]))
    key, version, start, outcomes = made.id, made.version, Barrier(2), []
    actors = [person("sales_manager"), person("gm")]

    def agree(actor):
        with app.app_context(), tenant(alpha.id):
            start.wait(timeout=20)
            try:
                with transaction():
                    appraisals.approve_appraisal(actor=actor, appraisal_id=key, version=version)
                outcomes.append(actor.user_id)
            except Stale:
                outcomes.append("told")

    threads = [Thread(target=agree, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    db.session.expire_all()
    assert outcomes.count("told") == 1
    assert set(outcomes) == {"told", db.session.get(Appraisal, key).decided_by}
    noted = select(AuditEntry.id).where(AuditEntry.record_id == key, AuditEntry.action == "appraisal.approve")
    assert len(db.session.scalars(noted).all()) == 1


def test_a_value_that_has_run_out_is_worth_nothing(stores):
    made = approve(submit(make_appraisal(stores[0])))
    with transaction():
        db.session.execute(
            text("UPDATE inventory_appraisals SET valid_until = :day WHERE id = :id"),
            {"day": TODAY - timedelta(days=1), "id": made.id},
        )
    db.session.expire_all()
    assert asking.valid_acv(vehicle_id=made.vehicle_id) is None
    assert shown_status(AppraisalStatus(made.status), made.valid_until, TODAY) == EXPIRED
    assert made.status == "approved"


def test_declining_takes_a_reason_and_ends_the_agreement(stores):
    made = approve(submit(make_appraisal(stores[0])))
    how = {"actor": SYSTEM, "appraisal_id": made.id}
    with pytest.raises(Invalid), transaction():
        appraisals.decline_appraisal(**how, version=made.version, reason=" ")
    with transaction():
        appraisals.decline_appraisal(**how, version=made.version, reason="Flood damage")
    assert (made.status, made.decline_reason) == ("declined", "Flood damage")
    assert asking.valid_acv(vehicle_id=made.vehicle_id) is None
    assert edit(made, acv=Decimal(2000)).status == "draft"


def test_one_that_was_decided_on_stays(stores):
    draft, agreed = make_appraisal(stores[0]), approve(submit(make_appraisal(stores[0])))
    with transaction():
        appraisals.delete_appraisal(actor=SYSTEM, appraisal_id=draft.id)
    assert db.session.get(Appraisal, draft.id) is None
    with pytest.raises(AppraisalDecided), transaction():
        appraisals.delete_appraisal(actor=SYSTEM, appraisal_id=agreed.id)


def test_whoever_does_not_see_costs_names_none(stores):
    blind = replace(person("salesperson"), sights={})
    made = make_appraisal(stores[0], actor=person("salesperson"), acv=None)
    edit(made, blind, condition={"front": {"finding": "ok"}})
    with pytest.raises(FieldClosed):
        edit(made, blind, acv=Decimal(1))
    db.session.expire_all()
    submit(edit(made, person("gm"), acv=Decimal(1000)))
    with pytest.raises(FieldClosed):
        approve(made, blind)


def test_rights_reach_as_far_as_they_say(stores, in_alpha):
    made = make_appraisal(stores[1])
    lot, seller = get_actor(people.find_user("lot_staff").id), get_actor(people.find_user("salesperson").id)
    with pytest.raises(NotFound):
        asking.get_appraisal(seller, made.id)
    here = make_appraisal(stores[0])
    assert asking.get_appraisal(lot, here.id).id == here.id
    with pytest.raises(PermissionDenied):
        edit(here, seller, note="mine?")


def test_the_next_appraiser_sees_what_was_said_before(stores):
    car = make_vehicle()
    first, second = make_appraisal(stores[0], car), make_appraisal(stores[1], car)
    rows = asking.list_of_vehicle(SYSTEM, car.id)
    assert [row.Appraisal.id for row in rows] == [second.id, first.id]
