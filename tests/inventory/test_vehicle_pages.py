"""The pages of vehicles: by VIN first, corrected, searched for by plate and tail, deleted or not."""

import re
from dataclasses import replace

import pytest

from app.core.db import db, tenant
from app.core.db.ids import to_public
from app.inventory import queries
from app.inventory.models import Vehicle
from app.inventory.queries import likeness
from tests.factories.inventory import SYSTEM, make_unit, make_vehicle, new_vin
from tests.factories.pages import error_of, field_of, post

CHINESE = "LSVAA49J2F2000001"


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha)


def address(vehicle, *rest):
    return "/".join(["/vehicles", to_public("veh", vehicle.id), *rest])


def stored(app, alpha, number):
    with app.app_context(), tenant(alpha.id):
        return queries.find_vehicle_by_vin(SYSTEM, number)


def test_the_vin_fills_the_form(client, stores):
    page = post(client, "/vehicles/new", vin=CHINESE.lower()).text
    assert field_of(page, "vin") == CHINESE.lower()
    assert field_of(page, "make") == "SAIC Volkswagen"
    assert field_of(page, "model_year") == ""
    assert "1985, 2015" in page
    american = post(client, "/vehicles/new", vin="2C3CDYAGXDH825982").text
    assert field_of(american, "model_year") == "2013"


def test_the_model_is_that_of_cars_whose_numbers_begin_alike(client, stores, in_alpha):
    for model in ("Kona", "Kona", "Kauai"):
        make_vehicle(vin=new_vin("KM8"), make="Hyundai", model=model)
    page = post(client, "/vehicles/new", vin=new_vin("KM8")).text
    assert (field_of(page, "make"), field_of(page, "model")) == ("Hyundai", "Kona")
    assert "whose numbers begin alike: Hyundai Kona" in page
    make_vehicle(vin=new_vin("KM8"), make="Hyundai", model="kauai")
    assert field_of(post(client, "/vehicles/new", vin=new_vin("KM8")).text, "model") == ""
    blind = replace(SYSTEM, system=False, grants={})
    assert likeness.model_like(blind, new_vin("KM8")) is None


def test_the_short_form_says_what_the_number_says(client, stores):
    vehicle = make_vehicle(make="Ford", model="Focus")
    fresh, page = new_vin(), client.get("/vehicles/new").text
    assert 'hx-post="/vehicles/vin"' in page
    told = post(client, "/vehicles/vin", vin=fresh).text
    assert "Ford Focus" in told
    assert "Check digit is right" in told
    known = post(client, "/vehicles/vin", vin=vehicle.vin.lower()).text
    assert address(vehicle) in known
    wrong = post(client, "/vehicles/vin", vin="1M8GDM9AXKPO42788").text
    assert "Not a VIN" in wrong
    assert "1M8GDM9AXKP042788" in wrong
    for short in ("", fresh[:16], "x" * 41):
        assert post(client, "/vehicles/vin", vin=short).text.strip() == ""


def test_a_known_vin_leads_to_its_vehicle(client, stores):
    vehicle = make_vehicle()
    answer = post(client, "/vehicles/new", vin=vehicle.vin)
    assert answer.status_code == 303
    assert answer.location == address(vehicle)


def test_a_vehicle_is_added_with_plate_and_odometer(client, app, alpha):
    number = new_vin()
    answer = post(
        client, "/vehicles", vin=number, make="Toyota", model="RAV4", model_year="2023", plate="KLO 7343",
        odometer="12480", odometer_unit="mi",
    )  # fmt: skip
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "2023 Toyota RAV4" in page
    assert "KLO 7343" in page
    assert "12,480" in page
    assert stored(app, alpha, number).odometer == 12480


def test_bad_input_is_named_and_kept(client):
    wrong = "1M8GDM9A1KP042788"
    answer = post(client, "/vehicles", vin=wrong, make="MCI", model="", model_year="soon", colour="Blue & white")
    assert answer.status_code == 422
    assert field_of(answer.text, "colour") == "Blue & white"
    assert (error_of(answer.text, "model"), error_of(answer.text, "model_year")) != ("", "")
    answer = post(client, "/vehicles", vin=wrong, make="MCI", model="102", plate="?" * 3)
    assert answer.status_code == 422
    assert "Position 9 should be X" in error_of(answer.text, "vin")
    assert error_of(answer.text, "plate")
    assert field_of(answer.text, "vin") == wrong
    assert field_of(answer.text, "vin_override_reason") == ""


def test_lookalike_letters_get_a_suggestion(client):
    page = post(client, "/vehicles/new", vin="1M8GDM9AXKPO42788").text
    assert "Did you mean 1M8GDM9AXKP042788?" in page
    assert field_of(page, "vin") == "1M8GDM9AXKPO42788"


def test_a_reason_lets_the_number_pass(client):
    answer = post(
        client, "/vehicles", vin="1M8GDM9A1KP042788", vin_override_reason="as stamped", make="MCI", model="102"
    )
    assert answer.status_code == 303
    assert "as stamped" in client.get(answer.location).text


def test_editing_shows_the_plate_in_full_and_a_stale_form_keeps_what_was_typed(client, stores):
    vehicle = make_vehicle(plate="HFA 2159", colour="Red")
    form = client.get(address(vehicle, "edit")).text
    assert (field_of(form, "plate"), field_of(form, "version")) == ("HFA 2159", "1")
    fields = {"vin": vehicle.vin, "make": "Ford", "model": "Focus", "plate": "HFA 2159"}
    assert post(client, address(vehicle, "edit"), version="1", colour="Green", **fields).status_code == 303
    stale = post(client, address(vehicle, "edit"), version="1", colour="Mine", **fields)
    assert stale.status_code == 409
    assert field_of(stale.text, "colour") == "Mine"
    assert "Green" in stale.text
    # Having been told, the reader may save what stands in the form.
    again = post(client, address(vehicle, "edit"), version=field_of(stale.text, "version"), colour="Mine", **fields)
    assert again.status_code == 303
    assert "Mine" in client.get(address(vehicle)).text


def test_another_refusal_does_not_lift_a_stale_version(client, stores):
    vehicle = make_vehicle()
    post(client, address(vehicle, "edit"), version="1", make="Ford", model="Fiesta", vin=vehicle.vin)
    refused = post(client, address(vehicle, "edit"), version="1", make="Ford", model="", vin=vehicle.vin)
    assert refused.status_code == 422
    assert field_of(refused.text, "version") == "1"


def test_deleting_is_refused_with_the_reason(client, stores, app, alpha):
    unit, free = make_unit(stores[0], stock_number="KEEP-1"), make_vehicle()
    answer = post(client, address(db.session.get(Vehicle, unit.vehicle_id), "delete"), version="1")
    assert answer.status_code == 409
    assert "KEEP-1" in answer.text
    assert "cannot be deleted" in answer.text
    assert post(client, address(free, "delete"), version="1").status_code == 303
    assert client.get(address(free)).status_code == 404


@pytest.mark.parametrize("ask", [lambda vin: vin.lower(), lambda vin: vin[-8:], lambda vin: vin[-6:]])
@pytest.mark.parametrize("path", ["/vehicles", "/vehicles/all"])
def test_found_by_vin_and_its_tails(client, stores, path, ask):
    wanted, other = make_vehicle(), make_vehicle()
    for vehicle in (wanted, other):
        make_unit(stores[0], vehicle)
    page = client.get(path, query_string={"vin": ask(wanted.vin)}).text
    assert address(wanted) in page
    assert address(other) not in page


@pytest.mark.parametrize(("path", "plate"), [("/vehicles", "TYX 2431"), ("/vehicles/all", "BRT 4179")])
def test_found_by_plate_without_its_standing_in_the_address(client, stores, path, plate):
    wanted = make_vehicle(plate=plate)
    make_unit(stores[0], wanted)
    assert client.get(path, query_string={"plate": plate}).status_code == 422
    answer = post(client, f"{path}/filter", plate=plate.lower().replace(" ", "-"))
    assert answer.status_code == 303
    assert not re.search(plate.replace(" ", "|"), answer.location, re.IGNORECASE)
    page = client.get(answer.location).text
    assert set(re.findall(r"/vehicles/veh_\w+", page)) == {address(wanted)}
    # Whoever may see a vehicle sees its plate; the address never holds it.
    assert plate in page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_lower_reading_asks_for_a_reason(client, stores):
    vehicle = make_vehicle(odometer=50_000, odometer_unit="km")
    refused = post(client, address(vehicle, "odometer"), reading="49000", unit="km")
    assert refused.status_code == 422
    assert "50000 km" in error_of(refused.text, "reason")
    assert field_of(refused.text, "reading") == "49000"
    assert post(client, address(vehicle, "odometer"), reading="49000", unit="km", reason="typo").status_code == 303
    assert "typo" in client.get(address(vehicle)).text


def test_strangers_find_nothing_and_readers_change_nothing(client_for, alpha, beta, stores):
    vehicle = make_vehicle(plate="SPT 2133")
    stranger, reader = client_for(beta), client_for(alpha, "technician")
    for rest in ((), ("edit",), ("odometer",), ("stock-in",)):
        assert stranger.get(address(vehicle, *rest)).status_code == 404
    assert post(stranger, address(vehicle, "delete"), version="1").status_code == 404
    assert reader.get(address(vehicle)).status_code == 200
    for rest in ("edit", "odometer", "stock-in"):
        assert reader.get(address(vehicle, rest)).status_code == 403
    assert post(reader, address(vehicle, "delete"), version="1").status_code == 403
    assert client_for(alpha, None).get(address(vehicle)).status_code in (302, 303)
