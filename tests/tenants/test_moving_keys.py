"""A dealership that leaves and comes back while its index key is replaced: the job goes on where the file was made."""

from __future__ import annotations

from datetime import timedelta

from app.core.db import tenant
from app.core.guard import reindexing, vault
from app.core.jobs import rotation
from app.core.jobs.models import JobState
from app.core.lists.search import rebuilding
from app.tenants.operations import archives, exporting, lifecycle, restoring
from tests.fixtures import rotation as world
from tests.fixtures.dealerships import make_dealership
from worker.tasks import keys as tasks

SYSTEM = world.SYSTEM
PASSPHRASE = "correct horse battery staple"
assert tasks is not None


def test_half_way_through_it_moves_and_goes_on(app, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_COST", {"n": 2**10, "r": 8, "p": 1})
    monkeypatch.setattr(reindexing, "AT_ONCE", 2)
    monkeypatch.setattr(rebuilding, "AT_ONCE", 2)
    monkeypatch.setattr(rotation, "INDEX_STEP_SECONDS", 0.0)
    file = tmp_path / "half.fct"
    with app.app_context():
        made = make_dealership(app, "halfway")
        with tenant(made.id):
            known = [world.add_person(number) for number in range(3)]
            job_id = world.begin(timedelta(0))
            for _ in range(6):
                assert world.take_step(app, made, job_id)
            reached = world.state_of(job_id).checkpoint
            assert reached["phase"] == "work"
            assert reached["finished"]
        exporting.export_tenant(SYSTEM, made.id, file, PASSPHRASE)
        lifecycle.delete_tenant(made.id, made.name, now=True)
        back = restoring.restore_tenant(SYSTEM, file, PASSPHRASE)
        assert back.findings == []
        with tenant(made.id):
            assert world.versions(made) == [1, 2]
            assert len(vault.every_index("phone", "1")) == 2
            assert world.missed(known) == []
            assert world.state_of(job_id).checkpoint == reached
            while world.take_step(app, made, job_id):
                assert world.missed(known[:1]) == []
            job = world.state_of(job_id)
            assert (job.state, job.result["destroyed"]) == (JobState.SUCCEEDED, 1)
            assert world.versions(made) == [2]
            assert world.missed(known) == []
