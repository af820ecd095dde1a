"""`flask imports …`: the same import as from the pages, its steps taken here and now instead of by a worker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from app.core.db import current_tenant, db, directory, tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.db.scopes import WORKER, time_limits
from app.core.errors import DomainError, Invalid
from app.core.guard.permissions import Actor, system_actor
from app.core.jobs.imports import failures, kinds, mapping, operations, steps
from app.core.jobs.imports.models import Import
from app.core.jobs.models import OPEN_STATES, Job

group = AppGroup("imports", help="Import customers, vehicles and sales from CSV and XLSX; list and undo imports.")
ACTOR = system_actor("cli")
Step = Callable[..., None]


@group.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "slug", required=True, help="Slug or id of the dealership.")
@click.option("--kind", required=True, help="What the rows are: customers, vehicles, sales.")
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=HEADER", help="Which column feeds a field; none: FIELD="
)
@click.option("--default", "defaults", multiple=True, metavar="FIELD=VALUE", help="A value where the file has none.")
@click.option(
    "--values-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: field → text → choice."
)
@click.option("--dry-run", is_flag=True, help="Count what would happen, and change nothing.")
@click.option("--errors-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the failed rows there.")
@click.option("--json", "as_json", is_flag=True)
def run(
    file: Path,
    slug: str,
    kind: str,
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    values_file: Path | None,
    dry_run: bool,
    errors_file: Path | None,
    as_json: bool,
) -> None:
    """Import FILE into a dealership; columns are guessed from their headers, or as they were mapped last time."""
    if kinds.find_kind(kind) is None:
        raise click.ClickException(f"There is no kind {kind}: choose one of {', '.join(sorted(kinds.kinds()))}.")
    values = json.loads(values_file.read_text(encoding="utf-8")) if values_file else {}
    with _refusals(), _in_tenant(slug), file.open("rb") as stream:
        with transaction():
            made = operations.create_import(ACTOR, kind=kind, stream=stream, file_name=file.name)
        with transaction():
            map_further(made, ACTOR, _pairs(columns), _pairs(defaults), values)
        begin, step = (operations.start_check, steps.check_rows) if dry_run else (operations.start_run, steps.run_rows)
        with transaction():
            job = begin(ACTOR, made.id, inline=True)
        finish(job.id, step)
        if errors_file is not None:
            errors_file.write_bytes(failures.write_failed_rows(ACTOR, made.id, "Reason", words))
        _tell(made, as_json)


@group.command("list")
@click.option("--tenant", "slug", required=True, help="Slug or id of the dealership.")
def list_imports(slug: str) -> None:
    """The newest imports of a dealership."""
    with _in_tenant(slug):
        for found in operations.list_imports(ACTOR):
            counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.counts.items()))
            click.echo(f"{to_public('imp', found.id)}  {found.kind:<12}{found.state:<10}{found.row_count:>9}  {counts}")


@group.command("undo")
@click.argument("import_id")
@click.option("--tenant", "slug", required=True, help="Slug or id of the dealership.")
@click.option("--json", "as_json", is_flag=True)
def undo(import_id: str, slug: str, as_json: bool) -> None:
    """Take an import back; what was changed since stays."""
    with _refusals(), _in_tenant(slug):
        found = operations.get_import(ACTOR, from_public("imp", import_id))
        with transaction():
            job = operations.start_undo(ACTOR, found.id, inline=True)
        finish(job.id, steps.undo_rows)
        _tell(found, as_json)


def finish(job_id: uuid.UUID, step: Step) -> None:
    """Take the steps of a job one after the other, each in its own transaction, until it has ended."""
    while True:
        with transaction():
            step(job_id, inline=True)
        job = db.session.get(Job, job_id)
        if job is None or job.state not in OPEN_STATES:
            return


def words(error: Mapping[str, Any]) -> str:
    """An error of a row, in English."""
    return f"{error['field']}: {error['message'].format(**error['params'])}"


def map_further(
    made: Import,
    actor: Actor,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Add to what was guessed or remembered; a field with an empty header gets no column."""
    guessed, further = mapping.loaded(made.mapping), values or {}
    operations.map_columns(
        actor,
        made.id,
        version=made.version,
        columns={key: header for key, header in {**guessed.columns, **(columns or {})}.items() if header},
        defaults={**guessed.defaults, **(defaults or {})},
        values={key: {**guessed.values.get(key, {}), **further.get(key, {})} for key in {*guessed.values, *further}},
    )


def _tell(found: Import, as_json: bool) -> None:
    told = {"id": to_public("imp", found.id), "state": found.state, "rows": found.row_count, "counts": found.counts}
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"{told['id']} {found.state}: {found.row_count} rows")
    for outcome, count in sorted(found.counts.items()):
        click.echo(f"  {outcome:<10}{count:>9}")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    wrong = [item for item in given if "=" not in item]
    if wrong:
        raise click.UsageError(f"{wrong[0]} is not FIELD=VALUE")
    return {key.strip(): value.strip() for key, _, value in (item.partition("=") for item in given)}


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal as sentences instead of a trace."""
    try:
        yield
    except Invalid as error:
        told = [f"{item.field}: {item.message.format(**item.params)}" for item in error.errors]
        raise click.ClickException("\n".join(told)) from error
    except DomainError as error:
        raise click.ClickException(error.message.format(**error.params)) from error


@contextmanager
def _in_tenant(slug: str) -> Iterator[None]:
    for known in directory.all_tenants():
        if slug in (known.slug, known.id):
            with time_limits(WORKER), tenant(known.id):
                if current_tenant().state != "active":
                    raise click.ClickException(f"The dealership {slug} is {current_tenant().state}.")
                yield
            return
    raise click.ClickException(f"There is no tenant {slug}.")
