"""Photos over the API: brought by a file of one's own, listed, read in both sizes, deleted, each by its right."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from app.core.db import Tenant, db, transaction
from app.core.db.ids import to_public
from app.inventory.models import Appraisal, Photo
from app.inventory.operations import photos
from app.tenants.models import Store
from tests.factories.appraisals import make_appraisal, picture
from tests.factories.inventory import SYSTEM
from tests.fixtures.programs import Program, make_key

SEE = ["appraisal.see", "vehicle.see"]


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Callable[..., Program]:
    """A program with all rights of a manager, or with some."""
    return lambda *rights: Program(client_for(alpha, None), make_key("tenant_admin", rights or None))


@pytest.fixture
def appraisal(stores: list[Store]) -> Appraisal:
    return make_appraisal(stores[0])


def path_of(appraisal: Appraisal) -> str:
    return f"/appraisals/{to_public('apr', appraisal.id)}/photos"


def bring(who: Program, appraisal: Appraisal, data: bytes, key: str = "one", **said: Any) -> TestResponse:
    body = {"file_id": who.upload(data, purpose="photo"), **said}
    return who.post(path_of(appraisal), body, Idempotency_Key=key)


def size_of(answer: TestResponse) -> tuple[int, int]:
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    return Image.open(io.BytesIO(answer.data)).size


def test_a_photo_is_brought_read_and_taken_away(program: Callable[..., Program], appraisal: Appraisal) -> None:
    manager = program()
    data = picture(size=(3000, 1500), comment=b"Marker Phone").data
    made = bring(manager, appraisal, data, area="front", caption="Stone chips")
    assert made.status_code == 201, made.text
    told = made.get_json()
    assert (told["area"], told["caption"], told["width"], told["height"]) == ("front", "Stone chips", 2048, 1024)
    one = f"/photos/{told['id']}"
    assert made.headers["Location"] == f"/api/v1{one}"
    assert manager.get(one).get_json() == told
    assert manager.get(path_of(appraisal)).get_json()["data"] == [told]
    large = manager.get(f"{one}/file")
    assert (size_of(large), size_of(manager.get(f"{one}/small"))) == ((2048, 1024), (480, 240))
    assert b"Marker Phone" not in large.data
    assert manager.delete(one).status_code == 204
    assert [manager.get(f"{one}{rest}").status_code for rest in ("", "/file", "/small")] == [404, 404, 404]
    assert manager.get(path_of(appraisal)).get_json()["data"] == []


def test_the_same_request_twice_is_one_photo(program: Callable[..., Program], appraisal: Appraisal) -> None:
    manager = program()
    body = {"file_id": manager.upload(picture().data, purpose="photo")}
    first, again = (manager.post(path_of(appraisal), body, Idempotency_Key="same") for _ in range(2))
    assert (first.status_code, again.status_code, again.get_json()) == (201, 201, first.get_json())
    assert len(manager.get(path_of(appraisal)).get_json()["data"]) == 1
    assert manager.post(path_of(appraisal), body).status_code == 400


def test_what_is_no_picture_of_ones_own_for_this_is_refused(
    program: Callable[..., Program], appraisal: Appraisal
) -> None:
    manager = program()
    refused = bring(manager, appraisal, b"GIF89a" + b"0" * 64)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "photo_unreadable")
    assert refused.get_json()["errors"][0]["pointer"] == "/file_id"
    others = program().upload(picture().data, purpose="photo")
    table = manager.upload(b"Name\nMarker\n")
    for number, file_id in enumerate((others, table)):
        answer = manager.post(path_of(appraisal), {"file_id": file_id}, Idempotency_Key=f"other {number}")
        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (422, "no_such_file")
    answer = bring(manager, appraisal, picture().data, "area", area="moon")
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/area")


def test_each_step_takes_its_right(program: Callable[..., Program], appraisal: Appraisal) -> None:
    with transaction():
        kept = photos.add_photos(actor=SYSTEM, appraisal_id=appraisal.id, sent=[picture(size=(40, 30))])[0]
    one, reader, stranger = f"/photos/{to_public('pho', kept.id)}", program(*SEE), program("deal.see", "vehicle.see")
    assert size_of(reader.get(f"{one}/file")) == (40, 30)
    assert reader.announce(picture().data, purpose="photo").status_code == 403
    assert reader.delete(one).status_code == 403
    for rest in ("", "/file", "/small"):
        assert stranger.get(f"{one}{rest}").status_code == 403
    assert stranger.get(path_of(appraisal)).status_code == 403
    assert db.session.get(Photo, kept.id, populate_existing=True) is not None
