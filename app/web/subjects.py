"""How jobs and imports are called where they are only mentioned, such as in a notification."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows
from app.core.jobs import jobs
from app.core.jobs.imports import operations as imports
from app.core.jobs.imports.models import Import, Outcome
from app.core.jobs.models import Job, JobState
from app.core.jobs.topics import Named, Phrase, declare_subject, verbatim
from app.web.job_words import KINDS

IN_WORDS = {
    JobState.FAILED: N_("It failed."),
    JobState.PARTLY_FAILED: N_("Only a part was done."),
    JobState.STALLED: N_("It stands still: nothing has been heard of it for half an hour."),
}


def name_jobs(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Jobs the actor may see, by what they do and, for an import's, by its file."""
    found = jobs.find_jobs(actor, ids)
    about = {job.id: uuid.UUID(job.params["import_id"]) for job in found if "import_id" in job.params}
    files = name_imports(actor, set(about.values())) if about else {}
    return {job.id: _named(job, files.get(about[job.id]) if job.id in about else None) for job in found}


def name_imports(actor: Actor, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Named]:
    """Imports the actor may see, by their file."""
    if not allows(actor, "import.see"):
        return {}
    return {
        found.id: Named(
            verbatim(found.file_name),
            _rows_of(found),
            "imports.show_import",
            {"import_id": to_public("imp", found.id)},
        )
        for found in imports.find_imports(actor, ids)
    }


def _named(job: Job, file: Named | None) -> Named:
    title = Phrase(KINDS[job.kind]) if job.kind in KINDS else verbatim(job.kind)
    detail = Phrase(IN_WORDS[JobState(job.state)]) if job.state in IN_WORDS else None
    if file is not None:
        return Named(
            Phrase(N_("{what}: {file}"), {"what": title, "file": file.title}), detail, file.endpoint, file.args
        )
    return Named(title, detail, "jobs.show_job", {"job_id": to_public("job", job.id)})


def _rows_of(found: Import) -> Phrase:
    bad = found.counts.get(Outcome.FAILED, 0) + found.counts.get(Outcome.CONFLICT, 0)
    if not found.counts:
        return Phrase(N_("Rows: {rows}"), {"rows": found.row_count})
    return Phrase(N_("Rows: {rows} · to look at: {bad}"), {"rows": found.row_count, "bad": bad})


declare_subject("job", name_jobs)
declare_subject("import", name_imports)
