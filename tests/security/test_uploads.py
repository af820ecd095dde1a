"""What is sent as a table is read as one or refused, and never comes back as a page (checklist 41, 43, 44)."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant
from tests.fixtures.browsing import token_of

Clients = Callable[..., FlaskClient]
PAGE = b"<!doctype html><script>alert(7)</script>"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(7)"/>'
ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(64)
DISGUISED = b"PK\x03\x04" + bytes(40)
NAMES = ("../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "a\x00.csv", "C:\\x.csv", "x" * 300 + ".csv",
         "report.csv\r\nX-Planted: 1", "<img src=x onerror=alert(7)>.csv", ".htaccess")  # fmt: skip


def upload(client: FlaskClient, data: bytes, name: str, media: str = "text/csv"):  # type: ignore[no-untyped-def]
    """Send a file to the importer, wherever that leads."""
    token = token_of(client, "/imports/new")
    form = {"csrf_token": token, "kind": "customers", "file": (io.BytesIO(data), name, media)}
    return client.post("/imports", data=form, content_type="multipart/form-data", follow_redirects=True)


@pytest.mark.parametrize(
    ("data", "name", "media"),
    [
        (PROGRAM, "customers.csv", "text/csv"),
        (PROGRAM, "customers.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (DISGUISED, "customers.xlsx", "application/zip"),
        (b"", "customers.csv", "text/csv"),
    ],
)
def test_what_is_no_table_is_refused(alpha: Tenant, client_for: Clients, data: bytes, name: str, media: str) -> None:
    answer = upload(client_for(alpha), data, name, media)
    assert answer.status_code == 422
    assert "error" in answer.text


@pytest.mark.parametrize("data", [PAGE, DRAWING, ENTITY])
def test_a_page_sent_as_a_table_is_text_in_cells(alpha: Tenant, client_for: Clients, data: bytes) -> None:
    answer = upload(
        client_for(alpha), b"Name,Phone\n" + data.replace(b",", b" ") + b",x\n", "customers.html", "text/html"
    )
    assert answer.status_code < 500
    assert data.decode() not in answer.text
    assert "root:" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_words(alpha: Tenant, client_for: Clients, name: str) -> None:
    answer = upload(client_for(alpha), b"Name,Phone\nAnn Named,+12025550111\n", name)
    assert answer.status_code in (200, 422)
    assert "X-Planted" not in answer.headers
    assert "<img src=x" not in answer.text
    assert "../" not in answer.request.path
