"""A view as a file: its rows, its columns, its order; masks kept, cells never computed; for who asked and no longer."""

from __future__ import annotations

import csv
import io
import re
import uuid

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select

from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.models import AuditEntry, StoredFile
from app.core.guard.permissions import system_actor
from app.core.jobs.models import Job
from app.core.lists.exports import steps
from app.core.lists.exports.models import RULES_ID, ExportRules
from app.crm.models import Customer
from app.crm.operations import contacts, customers
from app.tenants.models import Grant, Role, Store
from tests.fixtures.importing import work_off
from worker.tasks import lists as tasks

assert tasks is not None
SYSTEM = system_actor("test")
NAMES = ("=1+1 Export", "Bo Export", "Cy Export", "Di Export", "Émile 王 Export")


@pytest.fixture
def people_to_export(app, alpha):
    """Five customers, two of them at the second store; their ids."""
    with app.app_context(), tenant(alpha.id):
        found = db.session.scalars(select(Customer.id).where(Customer.name.like("% Export"))).all()
        if not found:
            stores = db.session.scalars(select(Store.id).order_by(Store.code)).all()
            with transaction():
                for at, name in enumerate(NAMES):
                    customers.create_customer(
                        actor=SYSTEM, kind="individual", store_id=stores[at > 2], name=name,
                        contact_points=[contacts.ContactInput("phone", f"+1 202 555 01{at:02}")],
                    )  # fmt: skip
    return NAMES


def token(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)


def sent(page, **fields):
    """The form of an export as somebody fills it in."""
    return {"csrf_token": token(page), "format": "csv", "purpose": "The yearly letter", **fields}


def download(client, export_id):
    """Press *Download* and follow the link."""
    page = client.get(f"/exports/{export_id}").text
    answer = client.post(f"/exports/{export_id}/link", data={"csrf_token": token(page)})
    return client.get(answer.location) if answer.status_code == 303 else answer


@pytest.fixture(autouse=True)
def names_leave_as_seen(app, alpha):
    """Here files are compared with pages; what is masked on the way out is looked at in tests of its own."""
    with app.app_context(), tenant(alpha.id), transaction():
        row = db.session.get(ExportRules, RULES_ID)
        if row is None:
            db.session.add(
                ExportRules(id=RULES_ID, treatments={"personal": "seen"}, rows_a_day=100_000, kept_hours=24)
            )


def export(app, client, of, **fields):
    """Ask for the customers as a file and let the worker make it; the public id of the export."""
    page = client.get("/customers").text
    answer = client.post("/lists/customers/export", data=sent(page, **fields))
    assert answer.status_code == 303, answer.text
    work_off(app, of, queue="exports")
    return re.search(r"exp_\w+", answer.location).group()


def lines_of(answer):
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_file_is_the_view(app, client_for, alpha, people_to_export):
    client = client_for(alpha)
    asked = {"name": "export", "csrf_token": token(client.get("/customers").text)}
    kept = client.post("/customers/filter", data=asked)
    filter_id = re.search(r"flt_\w+", kept.location).group()
    job = export(app, client, alpha, filter=filter_id, sort="-name", cols="name,contact,store")
    lines = lines_of(download(client, job))
    assert [line[0] for line in lines[1:]] == [
        "Émile 王 Export", "Di Export", "Cy Export", "Bo Export", "'=1+1 Export",
    ]  # fmt: skip
    assert [name for name in lines[0] if ":" not in name] == ["Name", "Contact", "Store"]
    assert "20255501" not in str(lines)  # A list shows contacts masked, and so does its file.
    assert all("01" in line[lines[0].index("Contact")] for line in lines[1:])


def test_a_workbook_holds_text_where_text_stood(app, client_for, alpha, people_to_export):
    client = client_for(alpha)
    job = export(app, client, alpha, format="xlsx", sort="name")
    answer = download(client, job)
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert "=1+1 Export" in [row[0] for row in rows]


def test_many_steps_make_the_same_file_as_one(app, client_for, alpha, people_to_export, monkeypatch):
    client = client_for(alpha)
    whole = lines_of(download(client, export(app, client, alpha)))
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    job = export(app, client, alpha)
    assert lines_of(download(client, job)) == whole
    assert len(whole) > len(NAMES)
    with app.app_context(), tenant(alpha.id):
        left = db.session.scalars(select(StoredFile.id).where(StoredFile.kind == "export_part")).all()
        assert left == []


def test_only_who_asked_takes_the_file_and_it_is_on_record(app, client_for, alpha, beta, people_to_export):
    client = client_for(alpha)
    job = export(app, client, alpha)
    assert client_for(alpha, "lot_staff").get(f"/exports/{job}").status_code == 404
    assert client_for(beta).get(f"/exports/{job}").status_code == 404
    assert download(client, job).status_code == 200
    with app.app_context(), tenant(alpha.id):
        entries = db.session.execute(
            select(AuditEntry.action, AuditEntry.record_type).where(AuditEntry.action.in_(("export", "download")))
        ).all()
        assert ("export", "customer") in entries
        assert ("download", "customer") in entries


def test_who_may_not_export_is_refused(client_for, alpha, people_to_export):
    client = client_for(alpha, "salesperson")
    page = client.get("/customers").text
    assert "/lists/customers/export" not in page
    answer = client.post("/lists/customers/export", data=sent(page))
    assert answer.status_code == 403


def test_rights_lost_on_the_way_fail_the_job(app, client_for, alpha, people_to_export):
    client = client_for(alpha, "gm")
    page = client.get("/customers").text
    answer = client.post("/lists/customers/export", data=sent(page))
    job = re.search(r"exp_\w+", answer.location).group()
    with app.app_context(), tenant(alpha.id):
        role = select(Role.id).where(Role.key == "gm").scalar_subquery()
        of = (Grant.role_id == role, Grant.permission == "customer.export")
        scope = db.session.scalar(select(Grant.scope).where(*of))
        role_id = db.session.scalar(select(Grant.role_id).where(*of))
        with transaction():
            db.session.execute(delete(Grant).where(*of))
        work_off(app, alpha, queue="exports")
        with transaction():
            db.session.add(Grant(role_id=role_id, permission="customer.export", scope=scope))
        state, result = db.session.execute(
            select(Job.state, Job.result).where(Job.kind == "lists.export").order_by(Job.id.desc()).limit(1)
        ).one()
        assert (state, result["error"]) == ("failed", "rights_changed")
    assert download(client, job).status_code == 404


def test_an_export_reaches_no_further_than_its_own_right(app, client_for, alpha, people_to_export):
    """Seeing everywhere and exporting one's own store gives a file of that store."""
    with app.app_context(), tenant(alpha.id):
        role = select(Role.id).where(Role.key == "gm").scalar_subquery()
        grant = db.session.scalars(
            select(Grant).where(Grant.role_id == role, Grant.permission == "customer.export")
        ).one()
        before = grant.scope
        with transaction():
            db.session.get(Grant, (grant.role_id, grant.permission)).scope = "own"
    client = client_for(alpha, "gm")
    try:
        lines = lines_of(download(client, export(app, client, alpha)))
    finally:
        with app.app_context(), tenant(alpha.id), transaction():
            db.session.get(Grant, (grant.role_id, grant.permission)).scope = before
    assert len(lines) == 1  # The headings: none of these customers is his.


def test_wrong_formats_and_lists_are_refused(client_for, alpha):
    client = client_for(alpha)
    filled = sent(client.get("/customers").text)
    assert client.post("/lists/customers/export", data={**filled, "format": "pdf"}).status_code == 422
    assert client.post("/lists/nothing/export", data=filled).status_code == 404
    assert client.get(f"/exports/{to_public('exp', uuid.UUID(int=1))}").status_code == 404
