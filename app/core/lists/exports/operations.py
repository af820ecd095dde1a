"""Asking for a view as a file, and taking the file away: both checked by the rights of the moment, both on record."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from app.core.db import db
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.guard import audit, files, vault
from app.core.guard.models import StoredFile
from app.core.guard.permissions import Actor, allows, check
from app.core.jobs.jobs import start_job
from app.core.jobs.models import Job, JobState
from app.core.jobs.queues import QueueName
from app.core.lists.exports.writing import Format
from app.core.lists.query import ListQuery
from app.core.lists.saved_filters import save_filter
from app.core.lists.spec import REGISTRY, ListSpec

KIND: Final = "lists.export"
EXPORT_TASK: Final = "lists.export_rows"
KEPT: Final = timedelta(days=7)


def start_export(actor: Actor, query: ListQuery, *, chosen: str, locale: str, timezone: str) -> Job:
    """Have a job write everything `query` shows, in these columns and this order; returns the job.

    Raises NotFound for a list that never leaves, PermissionDenied, and Invalid for a format there is not.
    """
    spec = query.checked().spec
    check(actor, export_permission(spec))
    if chosen not in tuple(Format) or actor.user_id is None:
        raise Invalid([FieldError("format", "unknown_choice", N_("Choose CSV or XLSX."))])
    conditions = query.personal_arguments()
    params = {
        "list": spec.name,
        "args": query.to_view(),
        "filter": save_filter(spec.name, actor.user_id, conditions) if conditions else None,
        "format": chosen,
        "locale": locale,
        "timezone": timezone,
    }
    job = start_job(actor, KIND, params, EXPORT_TASK, QueueName.EXPORTS)
    asked = sorted(item.key for item, _ in query.conditions)
    facts = {"list": (None, spec.name), "format": (None, chosen), "conditions": (None, ", ".join(asked) or None)}
    audit.record(actor, "export", resource_of(spec), job.id, changes=facts)
    return job


def exported_file(actor: Actor, job_id: uuid.UUID) -> tuple[StoredFile, bytes]:
    """The file of an export and what is in it, for whoever asked for it and may still export; the taking is recorded.

    Raises NotFound for anybody else's, for one that is not finished and for one that is no longer kept.
    """
    job = db.session.get(Job, job_id)
    if job is None or job.kind != KIND or actor.user_id is None or job.created_by != actor.user_id:
        raise NotFound
    spec = REGISTRY.get(job.params["list"])
    if job.state != JobState.SUCCEEDED or spec is None:
        raise NotFound
    check(actor, export_permission(spec))
    row = files.get_file(uuid.UUID(job.result["file_id"]))
    with files.open_file(row.id) as stored:
        data = vault.unseal_bytes("core_jobs", "export", job.id, stored.read())
    audit.record(actor, "download", resource_of(spec), job.id, changes={"rows": (None, job.result["rows"])})
    return row, data


def export_permission(spec: ListSpec) -> str:
    """The right to take the rows of `spec` away; raises NotFound for a list that never leaves."""
    if spec.export_permission is None:
        raise NotFound
    return spec.export_permission


def may_export(actor: Actor, spec: ListSpec) -> bool:
    """Whether the actor may take anything of this list away."""
    return spec.export_permission is not None and allows(actor, spec.export_permission)


def resource_of(spec: ListSpec) -> str:
    """What the rows are, as permissions and the audit call them."""
    return spec.permission.partition(".")[0]
