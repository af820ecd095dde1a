"""The lists of the work that runs in the background: jobs and imports, one's own or all one may see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Select, cast, func, select

from app.core.db.ids import to_public
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows
from app.core.jobs import jobs
from app.core.jobs.imports import operations as imports
from app.core.jobs.imports.kinds import find_kind
from app.core.jobs.imports.models import Import, ImportState, Outcome
from app.core.jobs.models import Job
from app.core.lists.spec import By, Column, Filter, ListSpec, Sort, Target, Under, View, declare_list
from app.tenants import queries as tenants
from app.tenants.queries.callers import caller_facts
from app.web.job_words import KINDS, STATES

IMPORT_STATES = {
    ImportState.UPLOADED: N_("Uploaded"),
    ImportState.CHECKING: N_("Dry run under way"),
    ImportState.CHECKED: N_("Dry run done"),
    ImportState.RUNNING: N_("Import under way"),
    ImportState.DONE: N_("Imported"),
    ImportState.UNDOING: N_("Undo under way"),
    ImportState.UNDONE: N_("Undone"),
}


def _jobs(actor: Actor) -> Select[Any]:
    callers = caller_facts()
    whole = func.nullif(Job.progress_total, 0)
    return (
        select(
            Job.id,
            Job.kind,
            Job.state,
            Job.created_at,
            Job.finished_at,
            Job.progress_done,
            Job.progress_total,
            cast(func.least(Job.progress_done * 100.0 / whole, 100), Integer).label("percent"),
            callers.c.name.label("owner"),
            callers.c.user_id,
            callers.c.key_id,
        )
        .select_from(Job)
        .outerjoin(callers, callers.c.caller_id == Job.created_by)
        .where(jobs.visible_to(actor))
    )


def _job_page(row: Any) -> Target:
    return Target("jobs.show_job", {"job_id": to_public("job", row.id)})


def _amount(row: Any) -> Under | None:
    if not row.progress_done:
        return None
    return Under(f"{row.progress_done:,} / {row.progress_total:,}" if row.progress_total else f"{row.progress_done:,}")


JOBS = declare_list(
    ListSpec(
        name="jobs",
        label=N_("Jobs"),
        permission="",
        source=_jobs,
        columns=(
            Column("kind", N_("Job"), labels=KINDS, url=_job_page),
            Column("state", N_("State"), "status", labels=STATES),
            Column("percent", N_("Progress"), "bar", under=_amount),
            Column("owner", N_("Begun by")),
            Column("created_at", N_("Begun"), "instant", sort="created"),
            Column("finished_at", N_("Ended"), "instant"),
        ),
        filters=(
            Filter("kind", N_("Kind"), "choice", column=Job.kind, choices=tuple(KINDS.items())),
            Filter("state", N_("State"), "choices", column=Job.state, choices=tuple(STATES.items())),
            Filter("owner", N_("Begun by"), "id", column=Job.created_by, prefix="usr", words=("me",)),
            Filter("created", N_("Begun"), "date_range", column=Job.created_at, instants=True),
        ),
        sorts=(Sort("created", N_("Begun"), (By(Job.created_at),), words=(N_("Oldest first"), N_("Newest first"))),),
        default_sort="-created",
        views=(
            View("all", N_("All")),
            View("mine", N_("My jobs"), {"owner": ("me",)}),
            View("open", N_("Under way"), {"state": ("queued", "running", "stalled")}),
            View("failed", N_("Failed"), {"state": ("failed", "partly_failed")}),
        ),
        id_prefix="job",
        endpoint="jobs.list_jobs",
        exports=False,
    )
)


def _count(key: str) -> Any:
    return func.coalesce(Import.counts[key].astext.cast(Integer), 0)


def _imports(actor: Actor) -> Select[Any]:
    callers = caller_facts()
    return (
        select(
            Import.id,
            Import.kind,
            Import.state,
            Import.file_name,
            Import.row_count,
            Import.created_at,
            _count(Outcome.CREATED).label("created"),
            _count(Outcome.DUPLICATE).label("duplicate"),
            (_count(Outcome.FAILED) + _count(Outcome.CONFLICT)).label("refused"),
            callers.c.name.label("owner"),
            callers.c.user_id,
            callers.c.key_id,
        )
        .select_from(Import)
        .outerjoin(callers, callers.c.caller_id == Import.created_by)
        .where(imports.visible_to(actor))
    )


def _what(row: Any) -> list[str]:
    kind = find_kind(row.kind)
    return [kind.label if kind else row.kind]


def _import_page(row: Any) -> Target:
    return Target("imports.show_import", {"import_id": to_public("imp", row.id)})


IMPORTS = declare_list(
    ListSpec(
        name="imports",
        label=N_("Imports"),
        permission="import.see",
        source=_imports,
        columns=(
            Column("file_name", N_("File"), url=_import_page),
            Column("kind", N_("What"), "words", value=_what),
            Column("state", N_("State"), "status", labels=IMPORT_STATES),
            Column("row_count", N_("Rows"), "number"),
            Column("created", N_("Taken in"), "number"),
            Column("duplicate", N_("There already"), "number"),
            Column("refused", N_("Not taken"), "number"),
            Column("owner", N_("Uploaded by"), shown=False),
            Column("created_at", N_("Uploaded"), "instant", sort="created"),
        ),
        filters=(
            Filter("state", N_("State"), "choices", column=Import.state, choices=tuple(IMPORT_STATES.items())),
            Filter("owner", N_("Uploaded by"), "id", column=Import.created_by, prefix="usr", words=("me",)),
            Filter("created", N_("Uploaded"), "date_range", column=Import.created_at, instants=True),
        ),
        sorts=(
            Sort("created", N_("Uploaded"), (By(Import.created_at),), words=(N_("Oldest first"), N_("Newest first"))),
        ),
        default_sort="-created",
        views=(
            View("all", N_("All")),
            View("mine", N_("Mine"), {"owner": ("me",)}),
            View("waiting", N_("Waiting"), {"state": ("uploaded", "checked")}),
        ),
        id_prefix="imp",
        endpoint="imports.list_imports",
        exports=False,
    )
)


def people_choices(actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """The people the lists' filters offer, to those who may know them."""
    if not allows(actor, "user.see"):
        return {}
    found = tenants.filter_choices(actor, "user.see", "user")
    return {"owner": [(to_public("usr", key), name) for key, name in found["user"]]}
