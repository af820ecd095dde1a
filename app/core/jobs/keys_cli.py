"""`flask keys …`: keys backed up apart and restored, replaced, and counted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click
from flask.cli import AppGroup

from app.core.db import directory, tenant, transaction
from app.core.db.scopes import WORKER, Tenant, time_limits
from app.core.errors import DomainError
from app.core.guard import key_backup, platform_keys
from app.core.guard.permissions import system_actor
from app.core.jobs import rotation
from app.core.jobs.models import OPEN_STATES, Job

group = AppGroup("keys", help="Keys: backed up apart from the data, restored, replaced.")
rotate = AppGroup("rotate", help="New keys for old, while people work.")
group.add_command(rotate)
ACTOR = system_actor("cli")
FILE = click.Path(dir_okay=False, path_type=Path)


@group.command("backup")
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write every wrapped key and the list of destroyed ones to FILE; keep it apart from the data, the newest alone."""
    click.echo(f"{key_backup.backup_keys(file)} keys written")


@group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Bring back what is missing here, and destroy again what the lists say; after the data was restored."""
    try:
        found = key_backup.restore_keys(ACTOR, file)
    except DomainError as error:
        raise click.ClickException(error.message.format(**error.params)) from error
    click.echo(f"{found.keys} keys restored, {found.destroyed} stay destroyed")
    for slug in found.deleted_tenants:
        click.echo(f"{slug} had been deleted: its keys are gone; flask tenants delete {slug} --now ends it", err=True)
    for name in sorted(found.unknown_tenants):
        click.echo(f"{name} is not in the data: its keys were passed over", err=True)


@rotate.command("master")
def rotate_master() -> None:
    """Wrap everything by MASTER_KEY that MASTER_KEY_PREVIOUS wraps; when it says 0, the previous one can go."""
    try:
        done = platform_keys.rotate_master()
    except DomainError as error:
        raise click.ClickException(error.message.format(**error.params)) from error
    click.echo(f"{done.keys} keys and {done.values} values were under the previous master key and are no more")


@rotate.command("tenant")
@click.argument("slug", required=False)
@click.option("--all", "everybody", is_flag=True, help="Every dealership.")
@click.option("--now", is_flag=True, help="Here instead of by a worker, without waiting: only while nobody works.")
def rotate_tenant(slug: str | None, everybody: bool, now: bool) -> None:
    """Replace a dealership's key: persons' keys are wrapped anew, its own secrets sealed anew, the old one goes."""
    _rotate(rotation.TENANT, slug, everybody, now)


@rotate.command("subjects")
@click.argument("slug", required=False)
@click.option("--all", "everybody", is_flag=True, help="Every dealership.")
@click.option("--now", is_flag=True, help="Here instead of by a worker, without waiting: only while nobody works.")
def rotate_subjects(slug: str | None, everybody: bool, now: bool) -> None:
    """Replace the keys of a dealership's persons and encrypt their values anew."""
    _rotate(rotation.SUBJECTS, slug, everybody, now)


@rotate.command("index")
@click.argument("slug", required=False)
@click.option("--all", "everybody", is_flag=True, help="Every dealership.")
@click.option("--now", is_flag=True, help="Here instead of by a worker, without waiting: only while nobody works.")
def rotate_index(slug: str | None, everybody: bool, now: bool) -> None:
    """Replace the key of a dealership's indexes: what phones, e-mails and plates are found by is made anew."""
    _rotate(rotation.INDEX, slug, everybody, now)


def _rotate(kind: str, slug: str | None, everybody: bool, now: bool) -> None:
    if (slug is None) != everybody:
        raise click.UsageError("Give one dealership by slug or id, or --all.")
    for known in _tenants(slug):
        try:
            with tenant(known.id), time_limits(WORKER):
                with transaction():
                    grace = timedelta(0) if now else rotation.GRACE
                    job = rotation.begin_rotation(ACTOR, kind, grace=grace, inline=now)
                if now:
                    _take_steps(job)
                told = f"{job.state} {job.result}" if now else f"queued as job {job.id}"
        except DomainError as error:
            raise click.ClickException(error.message.format(**error.params)) from error
        click.echo(f"{known.slug:<24}{told}")


def _take_steps(job: Job) -> None:
    while job.state in OPEN_STATES:
        with transaction() as session:
            rotation.rotate_step(job.id, inline=True)
            session.flush()
            session.refresh(job)


def _tenants(slug: str | None) -> list[Tenant]:
    there = [known for known in directory.all_tenants() if known.schema_version]
    found = [known for known in there if slug in (None, known.slug, known.id)]
    if slug and not found:
        raise click.ClickException(f"There is no dealership {slug}.")
    return found
