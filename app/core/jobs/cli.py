"""Commands of the operator: what waits, what has died, and jobs; `flask outbox …` and `flask jobs …`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from app.core.db import directory, platform, tenant, transaction
from app.core.db.scopes import Tenant
from app.core.errors import DomainError
from app.core.guard.permissions import system_actor
from app.core.jobs import dead_letters, jobs
from app.core.jobs.wire import PLATFORM

group = AppGroup("outbox", help="Effects owed: how many wait, which have died, and trying those again.")
jobs_group = AppGroup("jobs", help="Long work of a tenant: list, retry, cancel.")

ACTOR = system_actor("cli")


@group.command("status")
@click.option("--tenant", "slug", help="One tenant by slug or id; all of them and the platform otherwise.")
def status(slug: str | None) -> None:
    """Rows waiting, running, late and dead, per tenant."""
    click.echo(f"{'tenant':<24}{'waiting':>9}{'running':>9}{'late':>9}{'dead':>9}  oldest waiting")
    for name in _scopes(slug):
        with _scope(name):
            found = dead_letters.outbox_status()
        oldest = found.oldest_waiting_at.isoformat(timespec="seconds") if found.oldest_waiting_at else "-"
        label = _label(name)
        click.echo(f"{label:<24}{found.waiting:>9}{found.running:>9}{found.late:>9}{found.dead:>9}  {oldest}")


@group.command("dead")
@click.option("--tenant", "slug", help="One tenant by slug or id; all of them and the platform otherwise.")
@click.option("--limit", default=100, show_default=True)
def dead(slug: str | None, limit: int) -> None:
    """Rows that were tried as often as they may be, newest first."""
    total = 0
    for name in _scopes(slug):
        with _scope(name):
            for letter in dead_letters.list_dead(limit):
                total += 1
                when = letter.dead_at.isoformat(timespec="seconds")
                click.echo(
                    f"{_label(name)}  {letter.outbox_id}  {letter.task}  {letter.attempts} attempts  "
                    f"{letter.error or '-'}  {when}"
                )
    click.echo(f"{total} dead")


@group.command("replay")
@click.option("--tenant", "slug", required=True, help="Slug or id; `platform` for the platform's own outbox.")
@click.argument("outbox_id", type=click.UUID, required=False)
@click.option("--all", "everything", is_flag=True, help="Every dead row of the tenant.")
def replay(slug: str, outbox_id: uuid.UUID | None, everything: bool) -> None:
    """Try dead rows again, from their first attempt."""
    if (outbox_id is None) != everything:
        raise click.UsageError("Give one row's id, or --all.")
    with _refusals(), _scope(_find(slug)), transaction():
        count = dead_letters.replay_dead(outbox_id)
    click.echo(f"{count} given another try")


@jobs_group.command("list")
@click.option("--tenant", "slug", required=True, help="Slug or id.")
@click.option("--kind", help="Only jobs of this kind.")
def list_jobs(slug: str, kind: str | None) -> None:
    """The newest jobs of a tenant."""
    with _scope(_find(slug)):
        for job in jobs.list_jobs(ACTOR, kind):
            progress = f"{job.progress_done}/{job.progress_total}"
            click.echo(f"{job.id}  {job.kind:<20}{job.state:<14}{progress:>15}  {job.created_at:%Y-%m-%d %H:%M}")


@jobs_group.command("retry")
@click.option("--tenant", "slug", required=True, help="Slug or id.")
@click.argument("job_id", type=click.UUID)
def retry(slug: str, job_id: uuid.UUID) -> None:
    """Go on with a failed, stalled or canceled job from its checkpoint."""
    with _refusals(), _scope(_find(slug)), transaction():
        jobs.retry_job(ACTOR, job_id)
    click.echo("queued")


@jobs_group.command("cancel")
@click.option("--tenant", "slug", required=True, help="Slug or id.")
@click.argument("job_id", type=click.UUID)
def cancel(slug: str, job_id: uuid.UUID) -> None:
    """Have a job stop before its next step."""
    with _refusals(), _scope(_find(slug)), transaction():
        jobs.cancel_job(ACTOR, job_id)
    click.echo("will stop before its next step")


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal as one sentence instead of a trace."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message.format(**error.params)) from error


@contextmanager
def _scope(found: Tenant | None) -> Iterator[None]:
    if found is None:
        with platform():
            yield
        return
    with tenant(found.id):
        yield


def _scopes(slug: str | None) -> list[Tenant | None]:
    return [_find(slug)] if slug else [None, *(known for known in directory.all_tenants() if known.schema_version)]


def _find(slug: str) -> Tenant | None:
    if slug == PLATFORM:
        return None
    for known in directory.all_tenants():
        if slug in (known.slug, known.id):
            return known
    raise click.ClickException(f"There is no tenant {slug}.")


def _label(found: Tenant | None) -> str:
    return found.slug if found else PLATFORM
