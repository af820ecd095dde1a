"""The import wizard as a browser without scripts walks it, and the pages of its jobs."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import func, select

from app.core.db import db, tenant
from app.crm.models import Customer
from app.tenants.models import Store
from tests.factories.pages import token_of
from tests.fixtures.importing import work_off

FILE = """Name,Telefon,E-Mail Address,Type,Filiale
Ada Novak,+1 202 555 0101,ada@example.com,Person,Main Street
"Acme, Inc.",+1 202 555 0102,,Company,River Road
,+1 202 555 0103,,,Nowhere
=cmd(),,,Alien,Main Street
"""


@pytest.fixture
def client(alpha, client_for):
    return client_for(alpha, "gm")


@pytest.fixture
def customers(app, alpha):
    def count():
        with app.app_context(), tenant(alpha.id):
            return db.session.scalar(select(func.count()).select_from(Customer))

    return count


def upload(client, text=FILE, kind="customers", name="customers.csv"):
    data = {"csrf_token": token_of(client), "kind": kind, "file": (io.BytesIO(text.encode()), name)}
    return client.post("/imports", data=data, content_type="multipart/form-data")


def send(client, address, **fields):
    return client.post(address, data={"csrf_token": token_of(client), **fields})


def version_of(page):
    return re.search(r'name="version" value="(\d+)"', page)[1]


def selected(page, name):
    found = re.search(rf'name="{re.escape(name)}"[^>]*>(.*?)</select>', page, re.DOTALL)
    chosen = re.search(r'value="([^"]*)" selected', found[1])
    return chosen[1] if chosen else ""


def test_from_upload_to_undo(app, alpha, client, customers):
    before = customers()
    answer = upload(client)
    assert answer.status_code == 303
    columns = answer.location
    page = client.get(columns).text
    # Guessed: what a header says plainly. Not guessed: words nobody has taught the product.
    assert selected(page, "column.name") == "Name"
    assert selected(page, "column.email") == "E-Mail Address"
    assert selected(page, "column.phone") == selected(page, "column.store") == ""
    refused = send(client, columns, version=version_of(page), **{"column.name": "Name", "column.phone": "Telefon"})
    assert refused.status_code == 422
    assert "Choose a column or a value for this field." in refused.text
    assert selected(refused.text, "column.phone") == "Telefon"
    typed = {
        "column.name": "Name", "column.phone": "Telefon", "column.email": "E-Mail Address", "column.kind": "Type",
        "column.store": "Filiale",
    }  # fmt: skip
    saved = send(client, columns, version=version_of(page), **typed)
    page = client.get(saved.location).text
    # The names of stores are understood; another word is asked for.
    assert re.search(r'Nowhere<input.*?<option value="">', page, re.DOTALL)
    with app.app_context(), tenant(alpha.id):
        code = db.session.scalar(select(Store.code).where(Store.name == "River Road"))
    mapped = {"of.store": "Filiale", "text.store": ["Nowhere"], "value.store": [code]}
    tried = send(client, columns, version=version_of(page), then="check", **typed, **mapped)
    shown = client.get(tried.location).text
    assert "data-job-url" in shown
    progress = re.search(r'data-job-url="([^"]+)"', shown)[1]
    assert client.get(progress).get_json()["finished"] is False
    work_off(app, alpha)
    assert client.get(progress).get_json()["finished"] is True
    shown = client.get(tried.location).text
    assert "This was a dry run" in shown
    assert customers() == before
    assert "Enter a name." in shown
    assert "Kind: This value is not mapped to any choice." in shown
    send(client, f"{tried.location}/run")
    work_off(app, alpha)
    shown = client.get(tried.location).text
    assert customers() == before + 2
    failed = client.get(f"{tried.location}/failed-rows")
    assert failed.mimetype == "text/csv"
    assert "attachment" in failed.headers["Content-Disposition"]
    lines = failed.data.decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Telefon,E-Mail Address,Type,Filiale,Why it was not taken"
    assert [line.split(",")[0] for line in lines[1:]] == ["", "'=cmd()"]
    assert "undo" in shown
    send(client, f"{tried.location}/undo")
    work_off(app, alpha)
    assert customers() == before
    assert "customers.csv" in client.get("/imports").text
    assert "Undo of an import" in client.get("/jobs").text


def test_the_reasons_are_in_the_readers_language(app, alpha, client):
    columns = upload(client, "姓名,门店\n王芳,哪里\n").location
    client.set_cookie("locale", "zh", domain=alpha.hosts[0])
    tried = send(client, columns, version=version_of(client.get(columns).text), then="check",
                 **{"column.name": "姓名", "column.store": "门店"})  # fmt: skip
    work_off(app, alpha)
    assert "门店：此值尚未对应任何选项。" in client.get(tried.location).text
    header = client.get(f"{tried.location}/failed-rows").data.decode("utf-8-sig").splitlines()[0]
    assert header == "姓名,门店,未导入的原因"


def test_an_upload_without_a_file_or_of_no_table_is_refused_with_what_was_chosen(client):
    for data in ({}, {"file": (io.BytesIO(b"\x00\x01"), "x.csv")}):
        answer = client.post(
            "/imports",
            data={"csrf_token": token_of(client), "kind": "sales", **data},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 422
        assert re.search(r'value="sales"[^>]*checked', answer.text)


def test_a_dry_run_can_be_canceled_and_gone_on_with(app, alpha, client):
    columns = upload(client, "Name,Store\nA,Main Street\n").location
    tried = send(client, columns, version=version_of(client.get(columns).text), then="check",
                 **{"column.name": "Name", "column.store": "Store"})  # fmt: skip
    job = re.search(r'action="(/jobs/[^"]+)/cancel"', client.get(tried.location).text)[1]
    send(client, f"{job}/cancel")
    work_off(app, alpha)
    assert "canceled" in client.get(job).text
    send(client, f"{job}/retry")
    work_off(app, alpha)
    assert "This was a dry run" in client.get(tried.location).text


def test_two_who_map_at_once(client):
    columns = upload(client, "Name,Store\nB,Main Street\n").location
    version = version_of(client.get(columns).text)
    typed = {"column.name": "Name", "column.store": "Store"}
    assert send(client, columns, version=version, **typed, **{"default.language": "en"}).status_code == 303
    answer = send(client, columns, version=version, **typed)
    assert answer.status_code == 409
    assert "Somebody changed this record" in answer.text


def test_an_undone_import_has_nothing_to_run(client):
    columns = upload(client, "Name,Store\nC,Main Street\n").location
    shown = columns.removesuffix("/columns")
    assert send(client, f"{shown}/undo").status_code == 409


def test_who_may_see_less_than_all_sees_his_own_imports_alone(alpha, client, client_for):
    columns = upload(client, "Name,Store\nD,Main Street\n").location
    other = client_for(alpha, "sales_manager")
    assert other.get(columns).status_code == 404
    assert "customers.csv" not in other.get("/imports").text
    own = upload(other, "Name,Store\nD,Main Street\n", name="own.csv").location
    assert other.get(own).status_code == 200
    assert client.get(own).status_code == 200
    # River Road is not his store.
    assert "River Road" not in other.get(own).text
