"""The chain over the audit: every committed entry once, in the order of commits, without a gap (checklist 58, 59)."""

import threading
import time

import pytest
from psycopg import errors
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, tenant, transaction
from app.core.db.columns import new_id
from app.core.guard import audit, chain, verifying
from app.core.guard.models import AuditEntry, AuditSeal
from app.core.guard.permissions import Actor
from bench.blocking import watching
from tests.fixtures.chains import count_unsealed

KIM = Actor(user_id=new_id(), name="Kim")


@pytest.fixture(autouse=True)
def _context(app):
    with app.app_context():
        yield


def seal(of):
    with tenant(of.id), transaction():
        return chain.seal_new()


def write(of, action="chain_test.edit"):
    with tenant(of.id), transaction():
        return audit.record(KIM, action, "chain_test", new_id(), changes={"title": ("a", "b")})


def links(of):
    """Entry -> number in the chain."""
    with tenant(of.id):
        return {row.entry_id: row.seq for row in db.session.execute(select(AuditSeal.entry_id, AuditSeal.seq))}


def test_every_entry_gets_the_next_number_once(alpha):
    seal(alpha)
    start = max(links(alpha).values(), default=0)
    written = [write(alpha) for _ in range(3)]
    assert seal(alpha) == 3
    assert seal(alpha) == 0
    assert [links(alpha)[entry] for entry in written] == [start + 1, start + 2, start + 3]
    with tenant(alpha.id):
        assert verifying.verify().findings == []
        assert count_unsealed() == 0


def test_a_transaction_that_rolls_back_leaves_no_gap(alpha):
    seal(alpha)
    first = write(alpha)
    for _ in range(5):
        with pytest.raises(RuntimeError), tenant(alpha.id), transaction():
            audit.record(KIM, "chain_test.edit", "chain_test", new_id())
            db.session.flush()
            raise RuntimeError
    last = write(alpha)
    assert seal(alpha) == 2
    found = links(alpha)
    assert found[last] == found[first] + 1
    with tenant(alpha.id):
        assert verifying.verify().ok


def test_what_was_committed_first_comes_first_however_long_the_other_took(alpha, app):
    """The one that began earlier, and has the lower number as a transaction, commits later."""
    seal(alpha)
    begun, may_end, slow = threading.Event(), threading.Event(), []

    def take_long():
        with app.app_context(), tenant(alpha.id), transaction():
            slow.append(audit.record(KIM, "chain_test.slow", "chain_test", new_id()))
            db.session.flush()
            begun.set()
            may_end.wait(20)

    thread = threading.Thread(target=take_long)
    thread.start()
    begun.wait(20)
    quick = write(alpha)
    assert seal(alpha) == 1, "an open transaction keeps nobody's entry waiting"
    second = write(alpha)
    may_end.set()
    thread.join()
    third = write(alpha)
    assert seal(alpha) == 3, "an entry with a lower number than sealed ones is found nevertheless"
    found = links(alpha)
    assert sorted((quick, second, slow[0], third), key=found.__getitem__) == [quick, second, slow[0], third]
    with tenant(alpha.id):
        assert verifying.verify().ok


def test_more_than_one_round_takes_goes_on_in_a_further_run(alpha, monkeypatch):
    seal(alpha)
    monkeypatch.setattr(chain, "AT_ONCE", 2)
    monkeypatch.setattr(chain, "ROUNDS", 2)
    written = [write(alpha) for _ in range(7)]
    assert [seal(alpha), seal(alpha), seal(alpha)] == [4, 3, 0]
    found = links(alpha)
    assert [found[entry] for entry in written] == list(range(found[written[0]], found[written[0]] + 7))
    with tenant(alpha.id):
        assert verifying.verify().ok


def test_sealers_at_once_give_no_number_twice(alpha, app):
    seal(alpha)
    written = [write(alpha) for _ in range(30)]
    done = []

    def run():
        with app.app_context():
            done.append(seal(alpha))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == len(written)
    with tenant(alpha.id):
        assert verifying.verify().ok


def test_no_writer_waits_for_a_sealer_however_long_its_transaction_takes(alpha, app, admin_url, database):
    """While it is open, with all its links written, 32 writers and one who brings in a thousand rows come to an end."""
    seal(alpha)
    written = [write(alpha) for _ in range(3)]
    done, failed = [], []

    def run(work):
        try:
            with app.app_context(), tenant(alpha.id), transaction():
                db.session.execute(text("SET LOCAL lock_timeout = '20s'"))
                work()
            done.append(work)
        except Exception as error:
            failed.append(error)

    def write_one():
        audit.record(KIM, "chain_test.edit", "chain_test", new_id(), changes={"title": ("a", "b")})

    def bring_in():
        entries = [audit.Entry(new_id(), {"title": (None, "x")}) for _ in range(1_000)]
        audit.record_many(KIM, "chain_test.create", "chain_test", entries)

    threads = [threading.Thread(target=run, args=(work,)) for work in (*[write_one] * 32, bring_in)]
    server = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with tenant(alpha.id), transaction(), watching(server, alpha.schema) as seen:
        assert chain.seal_new() == len(written)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert failed == []
        assert len(done) == len(threads), "all of them are committed before the sealer is"
        while not seen.sealing:
            time.sleep(0.01)
        locks = "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
        modes = set(db.session.scalars(text(locks)))
    assert seen.held_up() == []
    assert modes <= {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}, "none that a writer's would wait for"
    assert seal(alpha) == 32 + 1_000
    with tenant(alpha.id):
        assert verifying.verify().ok


def test_who_waits_for_a_sealer_is_seen(alpha, app, admin_url, database):
    """The watching itself: somebody who asks for the sealers' own lock is held up by whoever has it."""

    def wait():
        with app.app_context(), tenant(alpha.id), transaction():
            db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('audit:' || current_user, 0))"))

    write(alpha)
    waiter = threading.Thread(target=wait)
    server = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with watching(server, alpha.schema) as seen:
        with tenant(alpha.id), transaction():
            chain.seal_new()
            waiter.start()
            while not seen.held_up():
                time.sleep(0.01)
            assert "pg_advisory_xact_lock" in seen.held_up()[0].query
        waiter.join(60)


def test_a_server_restored_from_a_dump_goes_on(alpha, admin_url, database):
    """Its transactions count from the beginning, so that the horizon of the other server lies in the future."""
    write(alpha)
    seal(alpha)
    with tenant(alpha.id), transaction():
        last = chain.last_seal()
        db.session.execute(
            text("INSERT INTO core_audit_seals VALUES (:seq, :entry, :proof, :horizon, now())"),
            {"seq": last.seq + 1, "entry": new_id(), "proof": b"x", "horizon": 2**60},
        )
    entry = write(alpha)
    assert seal(alpha) == 1
    assert links(alpha)[entry] == last.seq + 2
    with tenant(alpha.id):
        assert {item.kind for item in verifying.verify().findings} == {"removed"}


@pytest.mark.parametrize("table", ["core_audit", "core_audit_seals", "core_audit_secrets"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_tenant_changes_no_link(alpha, table, statement):
    column = "proof = 'x'" if table == "core_audit_seals" else "id = gen_random_uuid()"
    with tenant(alpha.id):
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(statement.format(table, column)))
        assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
        db.session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM platform.audit_heads",
        "UPDATE platform.audit_heads SET seq = 1",
        "DELETE FROM platform.audit_heads",
        "INSERT INTO platform.audit_heads (tenant_id, seq, proof) VALUES ('t_other0000000', 1, 'x')",
        "INSERT INTO platform.audit_heads (seq, proof, noted_at) VALUES (1, 'x', now())",
    ],
)
def test_a_tenant_notes_its_own_head_and_nothing_else(alpha, statement):
    with tenant(alpha.id):
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(statement))
        assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
        db.session.rollback()


def test_an_entry_says_from_where_and_for_whom(alpha):
    behind = Actor(user_id=KIM.user_id, name="Kim", behind="Pat of the platform", key_id=new_id())
    with tenant(alpha.id), transaction():
        entry_id = audit.record(behind, "chain_test.edit", "chain_test", new_id())
    with tenant(alpha.id):
        entry = db.session.get(AuditEntry, entry_id)
        assert (entry.behind, entry.key_id, entry.origin) == ("Pat of the platform", behind.key_id, None)
