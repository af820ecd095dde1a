"""Tampering with the audit is found and named (checklist 58): as the owner of the database, who may do anything."""

import itertools
import json

import psycopg
import pytest
from sqlalchemy import make_url

from app.core.db import tenant, transaction
from app.core.db.columns import new_id
from app.core.guard import audit, chain, heads, vault, verifying
from app.core.guard.keys import KeyMissing
from app.core.guard.permissions import Actor
from tests.fixtures.dealerships import make_dealership

KIM = Actor(user_id=new_id(), name="Kim")
_numbers = itertools.count(1)


@pytest.fixture
def root(admin_url, database):
    """The database's owner of owners, past every right and the application."""
    dsn = make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def dealer(app, root):
    """A dealership with ten sealed entries of ours behind those it was made with; what it says is whole."""
    made = make_dealership(app, f"sealed-{next(_numbers)}")
    with app.app_context():
        entries = []
        for number in range(10):
            with tenant(made.id), transaction():
                entries.append(audit.record(KIM, "tamper.edit", "tamper", new_id(), {"title": (None, str(number))}))
        seal(made)
        assert found(made) == []
        yield made, entries


def seal(of):
    with tenant(of.id), transaction():
        return chain.seal_new()


def found(of, kept=()):
    """What is wrong, as (kind, number in the chain)."""
    with tenant(of.id):
        return [(item.kind.value, item.seq) for item in verifying.verify(kept).findings]


def seq_of(root, of, entry_id):
    return root.execute(f"SELECT seq FROM {of.schema}.core_audit_seals WHERE entry_id = %s", [entry_id]).fetchone()[0]


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'Somebody else'",
        "actor_id = gen_random_uuid()",
        "action = 'tamper.other'",
        "at = at - interval '1 day'",
        "record_id = gen_random_uuid()",
        """changes = '{"title": [null, "x"]}'""",
        "sealed = 'x'",
        "origin = '10.0.0.0/24'",
        "behind = 'Pat'",
        "request_id = 'x'",
    ],
)
def test_a_changed_entry_is_named(dealer, root, change):
    of, entries = dealer
    root.execute(f"UPDATE {of.schema}.core_audit SET {change} WHERE id = %s", [entries[4]])
    assert found(of) == [("changed", seq_of(root, of, entries[4]))]
    assert (verifying.Kind.CHANGED, entries[4]) in named(of)


def named(of):
    with tenant(of.id):
        return [(item.kind, item.entry_id) for item in verifying.verify().findings]


def test_a_removed_entry_is_named(dealer, root):
    of, entries = dealer
    root.execute(f"DELETE FROM {of.schema}.core_audit WHERE id = %s", [entries[3]])
    assert found(of) == [("removed", seq_of(root, of, entries[3]))]
    assert named(of) == [(verifying.Kind.REMOVED, entries[3])]


def test_an_entry_removed_with_its_link_is_a_gap(dealer, root):
    of, entries = dealer
    seq = seq_of(root, of, entries[3])
    root.execute(f"DELETE FROM {of.schema}.core_audit WHERE id = %s", [entries[3]])
    root.execute(f"DELETE FROM {of.schema}.core_audit_seals WHERE seq = %s", [seq])
    assert found(of) == [("gap", seq)]


def test_closing_the_gap_by_counting_anew_is_found(dealer, root):
    of, entries = dealer
    seq = seq_of(root, of, entries[3])
    root.execute(f"DELETE FROM {of.schema}.core_audit WHERE id = %s", [entries[3]])
    root.execute(f"DELETE FROM {of.schema}.core_audit_seals WHERE seq = %s", [seq])
    for later in range(seq + 1, seq + 7):
        root.execute(f"UPDATE {of.schema}.core_audit_seals SET seq = seq - 1 WHERE seq = %s", [later])
    kinds = dict.fromkeys(kind for kind, _ in found(of))
    assert list(kinds) == ["changed", "truncated"]
    assert ("changed", seq) in found(of)


def test_entries_that_changed_places_are_named(dealer, root):
    of, entries = dealer
    first, second = (seq_of(root, of, entries[place]) for place in (2, 5))
    swap = f"UPDATE {of.schema}.core_audit_seals SET entry_id = %s WHERE seq = %s"
    root.execute(swap, [new_id(), first])
    root.execute(swap, [entries[2], second])
    root.execute(swap, [entries[5], first])
    assert found(of) == [("moved", first), ("moved", second)]


def test_links_that_changed_places_are_found(dealer, root):
    of, entries = dealer
    first, second = (seq_of(root, of, entries[place]) for place in (2, 3))
    for before, after in ((first, -1), (second, first), (-1, second)):
        root.execute(f"UPDATE {of.schema}.core_audit_seals SET seq = %s WHERE seq = %s", [after, before])
    assert {("changed", first), ("changed", second)} <= set(found(of))


@pytest.mark.parametrize("lost", ["core_audit_secrets", f"core_subject_keys WHERE subject_id = '{vault.NOBODY}'"])
def test_a_chain_without_its_secret_is_named_and_grows_no_further(dealer, root, lost):
    of, entries = dealer
    last = seq_of(root, of, entries[9])
    root.execute(f"DELETE FROM {of.schema}.{lost}")
    with tenant(of.id), transaction():
        audit.record(KIM, "tamper.edit", "tamper", new_id(), {"title": (None, "later")})
    with pytest.raises((LookupError, KeyMissing)):
        seal(of)
    assert found(of) == [("unproven", last)]


def test_a_tail_that_was_cut_off_is_found(dealer, root):
    of, entries = dealer
    last, kept = seq_of(root, of, entries[9]), seq_of(root, of, entries[6])
    root.execute(f"DELETE FROM {of.schema}.core_audit WHERE id = ANY(%s)", [entries[7:]])
    root.execute(f"DELETE FROM {of.schema}.core_audit_seals WHERE seq > %s", [kept])
    assert found(of) == [("truncated", last)]


def test_a_tail_that_was_cut_off_and_grown_again_is_found(dealer, root):
    of, entries = dealer
    last, kept = seq_of(root, of, entries[9]), seq_of(root, of, entries[6])
    root.execute(f"DELETE FROM {of.schema}.core_audit WHERE id = ANY(%s)", [entries[7:]])
    root.execute(f"DELETE FROM {of.schema}.core_audit_seals WHERE seq > %s", [kept])
    for _ in range(5):
        with tenant(of.id), transaction():
            audit.record(KIM, "tamper.edit", "tamper", new_id())
    seal(of)
    assert ("replaced", last) in found(of)


def test_a_chain_made_anew_is_found_by_the_heads_outside_the_database(dealer, root):
    """Whoever has the server and the keys can make everything anew, but not what was written down elsewhere."""
    of, entries = dealer
    with tenant(of.id):
        head = chain.last_seal()
    root.execute(f"UPDATE {of.schema}.core_audit SET changes = '{{}}' WHERE id = %s", [entries[0]])
    root.execute(f"DELETE FROM {of.schema}.core_audit_seals")
    root.execute("DELETE FROM platform.audit_heads WHERE tenant_id = %s", [of.schema])
    seal(of)
    assert found(of) == []
    assert found(of, [head]) == [("replaced", head.seq)]


def test_an_entry_put_in_behind_the_sealer_is_found(dealer, root):
    of, _ = dealer
    columns = "id, at, actor_name, action, record_type, tx"
    root.execute(
        f"INSERT INTO {of.schema}.core_audit ({columns}) VALUES (%s, now() - interval '1 day', 'x', 'y', 'z', 1)",
        [extra := new_id()],
    )
    assert seal(of) == 0
    assert named(of) == [(verifying.Kind.INSERTED, extra)]


def test_a_link_made_up_is_found(dealer, root):
    of, entries = dealer
    root.execute(
        f"INSERT INTO {of.schema}.core_audit (id, actor_name, action, record_type) VALUES (%s, 'x', 'y', 'z')",
        [extra := new_id()],
    )
    last = seq_of(root, of, entries[9])
    root.execute(
        f"INSERT INTO {of.schema}.core_audit_seals SELECT seq + 1, %s, proof, horizon, now() "
        f"FROM {of.schema}.core_audit_seals WHERE seq = %s",
        [extra, last],
    )
    assert found(of) == [("changed", last + 1)]


def test_what_has_waited_long_for_its_link_is_found(dealer, root):
    of, _ = dealer
    with tenant(of.id), transaction():
        audit.record(KIM, "tamper.edit", "tamper", new_id())
    assert found(of) == [], "a new entry is no finding"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "PATIENCE", verifying.PATIENCE * 0)
        assert found(of) == [("unsealed", None)]


def test_erasing_a_person_leaves_the_chain_whole(dealer, app):
    of, _ = dealer
    person = new_id()
    with tenant(of.id), transaction():
        audit.record(KIM, "tamper.edit", "tamper", person, personal={"phone": (None, "1")}, subject_id=person)
    seal(of)
    with tenant(of.id), transaction():
        audit.vault.destroy_subject_key(person)
    assert found(of) == []


def test_the_command_names_what_it_finds_and_fails(dealer, root, app, tmp_path):
    of, entries = dealer
    runner = app.test_cli_runner()
    assert runner.invoke(args=["audit", "verify", "--tenant", of.slug]).exit_code == 0
    heads = runner.invoke(args=["audit", "heads", "--tenant", of.slug])
    (kept := tmp_path / "heads").write_text(heads.output)
    assert runner.invoke(args=["audit", "verify", "--tenant", of.slug, "--heads", str(kept)]).exit_code == 0
    root.execute(f"DELETE FROM {of.schema}.core_audit WHERE id = %s", [entries[1]])
    failed = runner.invoke(args=["audit", "verify", "--tenant", of.slug])
    assert failed.exit_code == 1
    assert f"the entry of link {seq_of(root, of, entries[1])} has been removed" in failed.output
    told = json.loads(runner.invoke(args=["audit", "verify", "--tenant", of.slug, "--json"]).output)
    assert (told["ok"], told["findings"][0]["entry_id"]) == (False, str(entries[1]))


def test_of_days_that_are_over_one_head_stays(dealer, root, app):
    of, _ = dealer
    add = "INSERT INTO platform.audit_heads (tenant_id, seq, proof, noted_at) VALUES (%s, %s, 'x', %s::timestamptz)"
    for seq, noted_at in ((1, "2026-01-01 10:00Z"), (2, "2026-01-01 23:00Z"), (3, "2026-01-02 01:00Z")):
        root.execute(add, [of.schema, seq, noted_at])
    assert heads.thin_heads() >= 1
    left = root.execute("SELECT seq FROM platform.audit_heads WHERE tenant_id = %s AND proof = 'x'", [of.schema])
    assert sorted(left.fetchall()) == [(2,), (3,)]
    with tenant(of.id):
        assert verifying.noted_heads()[0].seq > 3, "the heads of today are not touched"
