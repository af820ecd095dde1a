"""Makes and models of the shared catalogue: filled with the platform's schema, offered by the vehicle's form."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.db import Tenant, db, revisions, transaction
from app.core.db.owner import owner
from app.inventory import queries
from app.inventory.rules import wmi
from tests.factories.pages import post


def options(html: str, name: str) -> list[str]:
    found = re.search(rf'<datalist id="{name}">(.*?)</datalist>', html)
    assert found is not None
    return [unescape(value) for value in re.findall(r'value="([^"]*)"', found[1])]


def test_the_catalogue_is_there_for_every_tenant_and_only_to_read(in_alpha: Tenant) -> None:
    assert {"Toyota", "Tesla", "比亚迪", "五菱", "Geely"} <= set(queries.list_makes())
    assert {"Camry", "Corolla"} <= set(queries.list_models("toyota "))
    assert "汉" in queries.list_models("比亚迪")
    assert "Camry" not in queries.list_models("比亚迪")
    assert queries.list_models("No Such Make") == []
    for statement in (
        "DELETE FROM shared.models",
        "UPDATE shared.makes SET name = 'x'",
        "INSERT INTO shared.makes VALUES ('x')",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction():
            db.session.execute(text(statement))


def test_models_still_made_come_first_and_a_form_stays_light(in_alpha: Tenant) -> None:
    honda = list(queries.list_models("Honda"))
    assert honda.index("Civic") < honda.index("Prelude")
    assert 100 < len(queries.list_models(None)) <= 400


def test_prefixes_are_those_the_vin_rules_know(in_alpha: Tenant) -> None:
    rows = db.session.execute(text("SELECT code, maker, country FROM shared.wmi WHERE length(code) = 3")).all()
    assert len(rows) > 500
    known = [row for row in rows if row.code[2] != "9"]
    assert [
        row for row in known if (wmi.maker(row.code).make, wmi.maker(row.code).country) != (row.maker, row.country)
    ] == []


def test_filling_again_mends_and_adds_nothing(app: Flask) -> None:
    counts = "SELECT (SELECT count(*) FROM makes), (SELECT count(*) FROM models), (SELECT count(*) FROM wmi)"
    with app.app_context():
        with owner() as connection:
            before = connection.execute(counts).fetchone()
            connection.execute("UPDATE models SET last_year = 1901 WHERE (make, name) = ('Toyota', 'Camry')")
            connection.execute("DELETE FROM wmi WHERE code = 'JTD'")
        revisions.upgrade_platform()
        with owner() as connection:
            assert connection.execute(counts).fetchone() == before
            mended = "SELECT last_year FROM models WHERE (make, name) = ('Toyota', 'Camry')"
            assert connection.execute(mended).fetchone() == (None,)


def test_the_form_offers_makes_and_the_models_of_the_make(
    client_for: Callable[..., FlaskClient], alpha: Tenant
) -> None:
    client = client_for(alpha, "gm")
    # A number of Honda's: its make is read from it, so its models are offered.
    decoded = post(client, "/vehicles/new", vin="1HGCM82633A004352")
    assert 'list="makes"' in decoded.text
    assert 'list="models"' in decoded.text
    assert "Toyota" in options(decoded.text, "makes")
    assert "Accord" in options(decoded.text, "models")
    assert "Camry" not in options(decoded.text, "models")
    # What was typed counts after a refusal.
    refused = post(client, "/vehicles", make="toyota", model="", odometer_unit="mi", vin="")
    assert refused.status_code == 422
    assert "Camry" in options(refused.text, "models")
