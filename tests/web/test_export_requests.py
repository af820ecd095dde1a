"""Asking for an export in the clear: what the second person sees, how the question ends, and what is left then."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.db.ids import to_public
from app.core.guard.models import SubjectKey
from app.core.jobs.jobs import cancel_job
from app.core.lists.exports import operations
from app.core.lists.exports.models import Export
from app.notifications.models import Item
from app.tenants.models import Store
from tests.factories.sales import make_customer
from tests.fixtures import exporting as x
from tests.fixtures.importing import work_off


def test_whoever_decides_sees_what_would_leave(app, alpha, client_for):
    with app.app_context(), tenant(alpha.id):
        store = db.session.scalars(select(Store).order_by(Store.code)).first()
        for number in range(3):
            make_customer(store, f"Asked about {number}")
    args = {"cols": ["name,contact"], "kind": ["individual"]}
    export_id = x.ask(app, alpha, "tenant_admin", "customers", args, unmasked=True)
    page = client_for(alpha, "gm").get(f"/exports/{to_public('exp', export_id)}").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "What leaves, and how" in text
    assert "Name As seen" in text
    assert "Contact In full" in text
    assert "Rows 3 " in text
    assert "Chosen by Kind " in text
    with app.app_context(), tenant(alpha.id):
        # Nothing has left: a request takes nothing off the rows of a day.
        assert db.session.get_one(Export, export_id).rows == 0


def test_only_whom_the_right_reaches_is_asked_to_decide(app, alpha):
    export_id = x.ask(app, alpha, "tenant_admin", "customers", unmasked=True)
    with app.app_context(), tenant(alpha.id):
        row, gm = db.session.get_one(Export, export_id), x.actor_of("gm")
        assert operations.may_decide(gm, row)
        # A right to one's own reaches nobody else, as little on the page as when it comes to deciding.
        own = replace(gm, grants={**gm.grants, "export.approve": "own"}, reach=None)
        assert not operations.may_decide(own, row)
        assert not operations.may_decide(replace(gm, behind="Operator"), row)


def test_whoever_sets_the_rules_deletes_the_files_of_others(app, alpha, client_for):
    export_id = x.ask(app, alpha, "controller", "customers")
    work_off(app, alpha, queue="exports")
    path = f"/exports/{to_public('exp', export_id)}"
    other, admin = client_for(alpha, "gm"), client_for(alpha, "tenant_admin")
    assert f"{path}/delete" not in other.get(path).text
    assert other.post(f"{path}/delete", data=token_of(other, path)).status_code == 404
    assert f"{path}/delete" in admin.get(path).text
    assert admin.post(f"{path}/delete", data=token_of(admin, path)).status_code == 303
    assert x.state_of(app, alpha, export_id) == "gone"
    assert f"{path}/delete" not in admin.get(path).text


def test_a_request_that_is_refused_leaves_no_key(app, alpha):
    export_id = x.ask(app, alpha, "sales_manager", "customers", unmasked=True)
    assert keys_of(app, alpha, export_id) != [None]
    with app.app_context(), tenant(alpha.id), transaction():
        operations.decide(x.actor_of("gm"), export_id, approved=False)
    assert keys_of(app, alpha, export_id) == [None]


def test_a_question_nobody_answers_ends_and_leaves_no_key(app, alpha, client_for):
    export_id = x.ask(app, alpha, "sales_manager", "customers", unmasked=True)
    work_off(app, alpha, queue="notify")
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.get_one(Export, export_id).expires_at = clock.now()
    assert open_items(app, alpha, export_id, "gm") == ["export.waits"]
    x.tend(app, alpha)
    assert x.state_of(app, alpha, export_id) == "lapsed"
    assert open_items(app, alpha, export_id, "gm") == []
    assert open_items(app, alpha, export_id, "sales_manager") == ["export.decided"]
    page = client_for(alpha, "sales_manager").get("/inbox").text
    assert "The request for Export: Customers is closed" in page
    assert "Nobody decided" in page
    assert keys_of(app, alpha, export_id) == [None]
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.get_one(Export, export_id).created_at -= timedelta(days=401)
    x.tend(app, alpha)
    assert keys_of(app, alpha, export_id) == []


def test_the_key_of_an_export_goes_with_its_row(app, alpha):
    export_id = x.ask(app, alpha, "controller", "customers")
    with app.app_context(), tenant(alpha.id), transaction():
        cancel_job(x.actor_of("controller"), db.session.get_one(Export, export_id).job_id)
    work_off(app, alpha, queue="exports")
    # One that can be tried again has its key still.
    assert (x.state_of(app, alpha, export_id), len(keys_of(app, alpha, export_id))) == ("failed", 2)
    with app.app_context(), tenant(alpha.id), transaction():
        db.session.get_one(Export, export_id).created_at -= timedelta(days=401)
    x.tend(app, alpha)
    assert keys_of(app, alpha, export_id) == []


def token_of(client, path):
    return {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]}


def keys_of(app, of, export_id):
    """The file key of the export and the key it lies under, as far as there are any; None for a row without."""
    with app.app_context(), tenant(of.id):
        own = db.session.scalars(select(SubjectKey.wrapped).where(SubjectKey.subject_id == export_id)).all()
        return [*db.session.scalars(select(Export.file_key).where(Export.id == export_id)).all(), *own]


def open_items(app, of, export_id, role):
    """What stands open about the export in the inbox of the user of `role`."""
    with app.app_context(), tenant(of.id):
        user = x.people.find_user(role)
        about = Item.subject_id == export_id, Item.user_id == user.id, Item.done_at.is_(None)
        return db.session.scalars(select(Item.topic).where(*about)).all()
