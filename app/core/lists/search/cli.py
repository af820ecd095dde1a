"""`flask search …`: making the entries of dealerships anew, here and now or by a worker."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core.db import directory, tenant, transaction
from app.core.db.scopes import WORKER, time_limits
from app.core.guard.permissions import system_actor
from app.core.jobs.models import OPEN_STATES, Job
from app.core.lists.search import rebuilding

group = AppGroup("search", help="The box that finds: make its entries anew.")
ACTOR = system_actor("cli")


@group.command("rebuild")
@click.option("--tenant", "slug", help="One tenant by slug or id; all of them otherwise.")
@click.option("--later", is_flag=True, help="Leave the work to the workers.")
def rebuild(slug: str | None, later: bool) -> None:
    """Make every entry anew from the records."""
    there = (known for known in directory.all_tenants() if known.schema_version)
    found = [known for known in there if slug in (None, known.slug, known.id)]
    if slug and not found:
        raise click.ClickException(f"There is no tenant {slug}.")
    for known in found:
        with tenant(known.id), time_limits(WORKER):
            with transaction():
                job = rebuilding.begin_rebuild(ACTOR, inline=not later)
            written = None if later else _take_steps(job)
        click.echo(f"{known.slug:<24}{'queued' if written is None else f'{written} entries'}")


def _take_steps(job: Job) -> int:
    while job.state in OPEN_STATES:
        with transaction() as session:
            rebuilding.rebuild_step(job.id, inline=True)
            session.flush()
            session.refresh(job)
    return job.progress_done
