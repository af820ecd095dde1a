"""The pages of appraisals: a new one, the walk-round, the figures, photos, and who may see and do what."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.core.db import db, transaction
from app.core.db.ids import to_public
from app.inventory.models import Appraisal, Vehicle
from app.inventory.operations import appraisals
from app.inventory.rules.appraisals import Area
from tests.factories.appraisals import make_appraisal, picture
from tests.factories.inventory import SYSTEM, make_vehicle, new_vin
from tests.factories.pages import post

SECRET = "7777"


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha)


def address(appraisal, *rest):
    return "/".join(["/appraisals", to_public("apr", appraisal.id), *rest])


def begun(answer):
    assert answer.status_code == 303, answer.text
    db.session.expire_all()
    return db.session.scalars(select(Appraisal).order_by(Appraisal.created_at.desc())).first()


def test_a_car_is_known_by_its_vin_or_its_plate(client, stores):
    number = new_vin()
    car = make_vehicle(vin=number, plate="ABC 1234")
    for typed in ({"vin": number.lower()}, {"plate": "abc-1234"}):
        made = begun(post(client, "/appraisals", store_id=stores[0].id, **typed))
        assert made.vehicle_id == car.id


def test_an_unknown_car_is_added_with_its_appraisal(client, stores):
    number = new_vin()
    answer = post(
        client, "/appraisals", store_id=stores[0].id, vin=number, make="Ford", model="Focus",
        odometer="41,000", odometer_unit="mi",
    )  # fmt: skip
    made = begun(answer)
    car = db.session.get(Vehicle, made.vehicle_id)
    assert (car.vin, car.odometer, made.odometer) == (number, 41_000, 41_000)


def test_without_vin_and_plate_nothing_begins(client, stores):
    answer = post(client, "/appraisals", store_id=stores[0].id, make="Ford", model="Focus")
    assert answer.status_code == 422
    assert "Give the VIN or the plate." in answer.text


def test_the_grid_says_what_was_not_looked_at(client, stores):
    made = make_appraisal(stores[0])
    page = client.get(address(made)).text
    assert page.count('value="not_checked" checked') == len(Area)
    assert 'value="ok" checked' not in page
    answer = post(
        client, address(made, "condition"), version=made.version, finding_front="major",
        note_front="dented", finding_roof="ok",
    )  # fmt: skip
    assert answer.status_code == 303
    page = client.get(address(made)).text
    assert page.count('value="not_checked" checked') == len(Area) - 2
    assert "dented" in page
    assert "0 minor, 1 major, 14 not checked" in page


def test_figures_are_typed_agreed_to_and_shown_to_the_next(client, stores):
    made = make_appraisal(stores[0], acv=None)
    typed = {"acv": "12,500", "recon_estimate": "800", "source_2": "Auction", "amount_2": "13000", "link_2": ""}
    assert post(client, address(made, "edit"), version=made.version, **typed).status_code == 303
    db.session.expire_all()
    assert (made.acv, [row["source"] for row in made.comparables]) == (Decimal(12500), ["Auction"])
    for step, word in (("submit", "Waiting for approval"), ("approve", "Approved")):
        version = db.session.get(Appraisal, made.id).version
        assert post(client, address(made, step), version=version).status_code == 303
        db.session.expire_all()
        assert word in client.get(address(made)).text
    car = client.get(f"/vehicles/{to_public('veh', made.vehicle_id)}").text
    assert address(made) in car
    assert "12,500" in car


def test_an_older_version_is_told_so(client, stores):
    made = make_appraisal(stores[0])
    read = made.version
    with transaction():
        appraisals.edit_appraisal(actor=SYSTEM, appraisal_id=made.id, version=read, acv=Decimal(9000))
    answer = post(client, address(made, "submit"), version=read)
    assert answer.status_code == 409
    assert "Somebody changed this record" in answer.text


def test_whoever_does_not_see_costs_reads_none(client_for, alpha, stores):
    made = make_appraisal(stores[0], acv=Decimal(SECRET), recon_estimate=Decimal("777.70"))
    seller = client_for(alpha, "salesperson")
    for page in (address(made), "/appraisals", f"/vehicles/{to_public('veh', made.vehicle_id)}"):
        text = seller.get(page).text
        assert text
        for shape in (SECRET, "7,777", "777.70"):
            assert shape not in text


def send(client, appraisal, *sent, **fields):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address(appraisal)).text)[1]
    data = {"csrf_token": token, "photos": [(BytesIO(file.data), file.name) for file in sent], **fields}
    return client.post(address(appraisal, "photos"), data=data, content_type="multipart/form-data")


def test_photos_come_in_and_are_only_pictures_to_a_browser(client, stores):
    made = make_appraisal(stores[0])
    answer = send(client, made, picture(size=(900, 600)), picture("rear.png", form="PNG"), area="front")
    assert answer.status_code == 303
    small, *_ = set(re.findall(r'src="(/photos/pho_\w+/small)"', client.get(address(made)).text))
    answer = client.get(small)
    assert answer.content_type == "image/jpeg"
    assert max(Image.open(BytesIO(answer.data)).size) == 480
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("inline")


def test_a_file_that_is_no_picture_is_named(client, stores):
    made = make_appraisal(stores[0])
    answer = send(client, made, picture(), picture("moving.gif", form="GIF"))
    assert answer.status_code == 422
    assert "moving.gif is not a whole JPEG, PNG or WebP picture." in answer.text
    assert "/photos/pho_" not in answer.text
    assert send(client, made).status_code == 422


def test_a_photo_is_deleted(client, stores):
    made = make_appraisal(stores[0])
    send(client, made, picture())
    photo = re.search(r"/photos/pho_\w+", client.get(address(made)).text)[0]
    assert post(client, f"{photo}/delete").status_code == 303
    assert client.get(photo).status_code == 404


def test_the_list_filters_by_what_has_run_out(client, stores):
    draft = make_appraisal(stores[0])
    page = client.get("/appraisals?status=draft").text
    assert address(draft) in page
    assert address(draft) not in client.get("/appraisals?status=expired").text
