"""An import from end to end: counts, repeats, steps that are killed or canceled, the way back, and whose it is."""

from __future__ import annotations

import csv
import io
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from app.core import clock
from app.core.db import db, tenant, transaction
from app.core.errors import Invalid, NotFound, PermissionDenied, Stale
from app.core.guard.models import StoredFile
from app.core.guard.permissions import Actor
from app.core.jobs import jobs
from app.core.jobs.imports import cli, failures, operations, steps
from app.core.jobs.imports.models import Import, ImportMapping, ImportMark, ImportRow
from app.core.jobs.imports.operations import TooLateToUndo, WrongImportState
from app.core.jobs.models import Job, Outbox
from tests.core.jobs.imports.samples import NOTE, notes, workbook
from tests.fixtures.importing import SYSTEM, bring_in, undo, work_off

FILE = (
    "Name,Price,Date,Color\na,1,2024-01-01,red\nb,x,2024-01-01,blue\nc,13,,\na,1.0,2024-01-01,\nd,666,,\ne,5,,green\n"
)


@pytest.fixture(autouse=True)
def clean(in_alpha):
    yield
    with transaction():
        db.session.execute(update(Import).values(job_id=None))
        for table in (ImportMark, ImportRow, ImportMapping, Import, Job):
            db.session.execute(delete(table))
        db.session.execute(delete(Outbox).where(Outbox.queue == "imports"))


@pytest.fixture
def one_by_one(monkeypatch):
    """A step takes two rows and ends."""
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)
    monkeypatch.setattr(steps, "TIMES_READING", 0)


def test_each_row_is_accounted_for():
    made = bring_in(FILE, "notes")
    assert made.counts == {"created": 1, "duplicate": 1, "failed": 4}
    assert notes() == ["a"]
    outcomes = {row.row_no: [error["code"] for error in row.errors] for row in failures._not_taken(made.id, None)}
    assert outcomes == {2: ["not_a_number"], 3: ["unlucky"], 5: ["not_taken"], 6: ["unknown_choice"]}
    assert db.session.get(Job, made.job_id).state == "partly_failed"


def test_a_workbook_and_a_chinese_file_come_in_alike():
    rows = [["姓名", "金额", "日期", "颜色"], ["王芳", "1万", "2024年1月2日", "红"]]
    assert bring_in("\n".join(",".join(row) for row in rows).encode("gb18030"), "notes").counts == {"created": 1}
    assert bring_in(workbook(rows), "notes").counts == {"duplicate": 1}


def test_a_dry_run_changes_nothing_and_counts_what_the_run_does():
    tried = bring_in(FILE, "notes", run=False)
    assert (notes(), tried.state) == ([], "checked")
    assert db.session.scalar(select(func.count()).select_from(ImportMark)) == 0
    with transaction():
        job = operations.start_run(SYSTEM, tried.id, inline=True)
    counts = dict(tried.counts) or {"created": 1, "duplicate": 1, "failed": 4}
    cli.finish(job.id, steps.run_rows)
    assert tried.counts == counts


ROW = st.tuples(
    st.sampled_from(["a", "b", "only c", "only d", ""]),
    st.sampled_from(["1", "2", "13", "666", "x"]),
    st.sampled_from(["2024-01-01", ""]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=12), st.sampled_from([1, 2, 5]))
def test_dry_run_and_run_agree_wherever_steps_end(monkeypatch, rows, size):
    with transaction():
        for table in (ImportMark, ImportRow):
            db.session.execute(delete(table))
        db.session.execute(delete(Job).where(Job.kind == NOTE))
    text = "\n".join(["Name,Price,Date", *(",".join(row) for row in rows)])
    whole = dict(bring_in(text, "notes", run=False).counts)
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", size)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)
    monkeypatch.setattr(steps, "TIMES_READING", 0)
    assert dict(bring_in(text, "notes", run=False).counts) == whole
    ran = bring_in(text, "notes")
    assert dict(ran.counts) == whole
    assert sum(whole.values()) == sum(1 for row in rows if any(row))
    assert len(notes()) == whole.get("created", 0)
    assert bring_in(text, "notes").counts.get("created", 0) == 0


def test_a_row_that_is_in_stays_one_whatever_file_it_comes_by():
    bring_in("Name,Price\na,21500\nb,1\n", "notes")
    again = bring_in("title;Price\na;21500.0\nc;2\n", "notes")
    assert again.counts == {"duplicate": 1, "created": 1}
    assert notes() == ["a", "b", "c"]


def test_a_claim_is_the_first_rows_unless_that_fails():
    made = bring_in("Name,Price\nonly x,13\nonly x,2\nonly x,3\n", "notes")
    assert made.counts == {"failed": 1, "created": 1, "conflict": 1}


def test_the_mapping_of_a_header_row_is_remembered():
    bring_in("What,Price\na,1\n", "notes", columns={"name": "What"}, defaults={"on": "2024-01-01"})
    with transaction():
        next_one = operations.create_import(
            SYSTEM, kind="notes", stream=io.BytesIO(b"what ,PRICE\nb,1\n"), file_name="x"
        )
    assert next_one.mapping["columns"] == {"name": "what", "amount": "PRICE"}
    with transaction():
        same = operations.create_import(SYSTEM, kind="notes", stream=io.BytesIO(b"What,Price\nb,1\n"), file_name="x")
    assert same.mapping["columns"] == {"name": "What", "amount": "Price"}
    assert same.mapping["defaults"] == {"on": "2024-01-01"}


def test_steps_go_on_where_the_last_one_ended_and_each_counts_once(app, alpha, one_by_one):
    text = "Name,Price\n" + "".join(f"n{number},1\n" for number in range(7))
    with transaction():
        made = operations.create_import(SYSTEM, kind="notes", stream=io.BytesIO(text.encode()), file_name="x.csv")
        job = operations.start_run(SYSTEM, made.id)
    steps_before = []

    def killed(*_args, **_kwargs):
        raise KeyboardInterrupt

    # Killed after its rows were written and before its commit: nothing of the step may stay.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "report", killed)
        with pytest.raises(KeyboardInterrupt), transaction():
            steps.run_rows(job.id)
    assert notes() == []
    with transaction():
        steps.run_rows(job.id)
    steps_before.append(len(notes()))
    db.session.expire_all()
    assert db.session.get(Job, job.id).progress_done == 2
    assert work_off(app, alpha) >= 3
    db.session.expire_all()
    assert len(notes()) == 7
    assert db.session.get(Import, made.id).counts == {"created": 7}
    assert steps_before == [2]


def test_a_canceled_run_keeps_what_it_has_and_can_be_taken_back(one_by_one):
    text = "Name,Price\n" + "".join(f"n{number},1\n" for number in range(6))
    with transaction():
        made = operations.create_import(SYSTEM, kind="notes", stream=io.BytesIO(text.encode()), file_name="x.csv")
    with transaction():
        job = operations.start_run(SYSTEM, made.id, inline=True)
    with transaction():
        steps.run_rows(job.id, inline=True)
    with transaction():
        jobs.cancel_job(SYSTEM, job.id)
    cli.finish(job.id, steps.run_rows)
    assert (made.state, made.counts, job.state) == ("done", {"created": 2}, "canceled")
    undo(made)
    assert (notes(), made.state, made.counts) == ([], "undone", {"undone": 2})
    # The old job has nothing to say any more.
    with transaction():
        jobs.retry_job(SYSTEM, job.id)
        steps.run_rows(job.id)
    assert (notes(), made.state) == ([], "undone")


def test_undo_takes_back_exactly_what_was_made_and_leaves_what_was_changed(one_by_one):
    bring_in("Name,Price\nkept,9\n", "notes")
    made = bring_in("Name,Price\na,1\nb,2\nkept,9\nc,3\n", "notes")
    with transaction():
        changed = db.session.scalars(select(Job).where(Job.params["name"].astext == "b")).one()
        changed.progress_done = 1
    undo(made)
    assert notes() == ["b", "kept"]
    assert made.counts == {"undone": 2, "created": 1, "duplicate": 1}
    # What was taken back may come again; what stayed may not come twice.
    assert bring_in("Name,Price\na,1\nb,2\nkept,9\nc,3\n", "notes").counts == {"created": 2, "duplicate": 2}


def test_an_import_can_be_taken_back_for_a_day(monkeypatch):
    made = bring_in("Name,Price\na,1\n", "notes")
    later = clock.now() + operations.UNDO_WITHIN * 1.01
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(TooLateToUndo), transaction():
        operations.start_undo(SYSTEM, made.id)


def test_the_error_file_holds_the_failed_rows_alone_and_nothing_a_spreadsheet_computes():
    made = bring_in('Name,Price,Note\nok,1,\n=cmd(),x,"@sum, 1"\n-5,y,\t=1\n', "notes")
    data = failures.write_failed_rows(SYSTEM, made.id, "=Why", cli.words)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == ["Name", "Price", "Note", "'=Why"]
    assert [row[:3] for row in rows[1:]] == [["'=cmd()", "x", "'@sum, 1"], ["'-5", "y", "'\t=1"]]
    assert all(row[3] == "amount: This is not a number." for row in rows[1:])
    # Corrected and sent again it is mapped as before, and its first rows stay what they are.
    corrected = data.replace(b",x,", b",2,").replace(b",y,", b",3,")
    assert bring_in(corrected, "notes").counts == {"created": 2}
    assert notes() == ["-5", "=cmd()", "ok"]


def test_every_start_has_its_state():
    made = bring_in("Name,Price\na,1\n", "notes")
    for start in (operations.start_run, operations.start_check):
        with pytest.raises(WrongImportState), transaction():
            start(SYSTEM, made.id)
    with pytest.raises(WrongImportState), transaction():
        operations.map_columns(SYSTEM, made.id, version=made.version, columns={}, defaults={}, values={})


def test_a_mapping_that_cannot_work_or_is_out_of_date_is_refused():
    with transaction():
        made = operations.create_import(SYSTEM, kind="notes", stream=io.BytesIO(b"X\n1\n"), file_name="x.csv")
    with pytest.raises(Invalid), transaction():
        operations.start_run(SYSTEM, made.id)
    with pytest.raises(Stale), transaction():
        operations.map_columns(SYSTEM, made.id, version=made.version + 1, columns={}, defaults={}, values={})


def test_imports_belong_to_who_made_them_and_to_those_who_may_see_all(actor, alpha):
    manager, boss = actor(alpha, "sales_manager"), actor(alpha, "gm")
    made = bring_in("Name,Price\na,1\n", "notes", actor=manager)
    other = replace(manager, user_id=uuid.uuid4())
    assert operations.get_import(manager, made.id) is operations.get_import(boss, made.id)
    assert [found.id for found in operations.list_imports(manager)] == [made.id]
    assert list(operations.list_imports(other)) == []
    for ask in (operations.get_import, operations.start_undo, failures.failed_rows):
        with pytest.raises(NotFound):
            ask(other, made.id)
    with pytest.raises(PermissionDenied):
        operations.create_import(actor(alpha, "cashier"), kind="notes", stream=io.BytesIO(b"a\n"), file_name="x")


def test_a_step_may_do_what_its_user_might_and_no_more():
    user = Actor(uuid.uuid4(), "someone", {"import.create": "all"})
    made = bring_in("Name,Secret\na,x\n", "notes", actor=user)
    assert "secret" not in made.mapping["columns"]
    assert db.session.get(Job, made.job_id).params["actor"]["grants"] == {"import.create": "all"}
    assert db.session.get(Job, made.job_id).params["actor"]["system"] is False


def test_an_import_of_another_dealership_does_not_exist(app, beta):
    made = bring_in("Name,Price\na,1\n", "notes")
    with app.app_context(), tenant(beta.id):
        for ask in (operations.get_import, operations.start_undo, failures.failed_rows, operations.example_values):
            with pytest.raises(NotFound):
                ask(SYSTEM, made.id)
        assert notes() == []
        # The same row is new there.
        assert bring_in("Name,Price\na,1\n", "notes").counts == {"created": 1}


def test_what_is_kept_of_a_file_is_sealed_and_only_for_a_while(monkeypatch, environ):
    made = bring_in("Name,Price\nsecret name,x\n", "notes")
    stored = db.session.get(StoredFile, made.file_id)
    rows = db.session.scalars(select(ImportRow).where(ImportRow.import_id == made.id)).all()
    assert "secret name" not in str([(row.errors, row.identity, row.made) for row in rows])
    later = clock.now() + operations.KEPT * 1.01
    monkeypatch.setattr(clock, "now", lambda: later)
    with transaction():
        assert operations.forget_uploads() >= 1
        db.session.delete(stored)
    db.session.expire_all()
    assert failures.failed_rows(SYSTEM, made.id)[0].cells is None
    with pytest.raises(NotFound):
        failures.write_failed_rows(SYSTEM, made.id, "Why", cli.words)
