"""`flask tenants …` and `flask platform …`: what the operator does to dealerships from a shell."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from flask.cli import AppGroup

from app.core.db import revisions
from app.core.errors import DomainError, Invalid
from app.tenants.operations import lifecycle, migrating, provisioning

group = AppGroup("tenants", help="Dealerships: create, list, migrate, suspend, delete.")
platform_group = AppGroup("platform", help="The platform's own schema.")


def _say(data: Any, as_json: bool, text: str) -> None:
    click.echo(json.dumps(data, default=str, ensure_ascii=False) if as_json else text)


def _fail(error: DomainError) -> None:
    if isinstance(error, Invalid):
        for item in error.errors:
            click.echo(f"{item.field}: {item.message.format(**item.params)}", err=True)
    else:
        click.echo(error.message.format(**error.params), err=True)
    sys.exit(1)


@platform_group.command("migrate")
def migrate_platform() -> None:
    """Bring the platform's and the shared schema to this release."""
    revisions.upgrade_platform()
    click.echo(f"platform at {revisions.head('platform')}")


@group.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The dealership's name.")
@click.option("--country", default="US", help="Two letters.")
@click.option("--locale", default="en", help="en or zh.")
@click.option("--currency", default="USD")
@click.option("--timezone", default="America/New_York", help="IANA name of the first store's zone.")
@click.option("--store", "store_name", default=None, help="Name of the first store (the dealership's by default).")
@click.option("--admin-name", default="Administrator")
@click.option("--admin-email", required=True, help="Gets the invitation.")
@click.option("--json", "as_json", is_flag=True)
def create(slug: str, store_name: str | None, as_json: bool, **values: str) -> None:
    """Create the dealership SLUG; run again after an interruption, it finishes what was begun."""
    request = provisioning.TenantRequest(slug=slug, store_name=store_name or values["name"], **values)
    try:
        tenant_id = provisioning.create_tenant(request)
    except DomainError as error:
        _fail(error)
    else:
        _say({"id": tenant_id, "slug": slug}, as_json, f"{slug} is active ({tenant_id})")


@group.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_all(as_json: bool) -> None:
    """Every dealership: state and schema version."""
    rows = lifecycle.list_tenants()
    lines = [f"{row['slug']:<24} {row['state']:<12} {row['schema_version'] or '-':<10} {row['name']}" for row in rows]
    _say(rows, as_json, "\n".join(lines) or "There are no dealerships yet: flask tenants create …")


@group.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True)
def show(slug: str, as_json: bool) -> None:
    """One dealership."""
    row = _find(slug)
    _say(row, as_json, "\n".join(f"{key:<15} {value}" for key, value in row.items()))


@group.command("suspend")
@click.argument("slug")
def suspend(slug: str) -> None:
    """Close a dealership for the time being; its data stays."""
    lifecycle.suspend_tenant(_find(slug)["id"])
    click.echo(f"{slug} is suspended")


@group.command("resume")
@click.argument("slug")
def resume(slug: str) -> None:
    """Open a suspended dealership again."""
    lifecycle.resume_tenant(_find(slug)["id"])
    click.echo(f"{slug} is active")


@group.command("add-host")
@click.argument("slug")
@click.argument("host")
def add_host(slug: str, host: str) -> None:
    """Have a dealership answer at HOST too, such as its own domain."""
    row = _find(slug)
    try:
        lifecycle.add_host(row["id"], host)
    except DomainError as error:
        _fail(error)
    click.echo(f"{slug} answers at {host}")


@group.command("remove-host")
@click.argument("slug")
@click.argument("host")
def remove_host(slug: str, host: str) -> None:
    """Have a dealership answer at HOST no more."""
    row = _find(slug)
    try:
        lifecycle.remove_host(row["id"], host)
    except DomainError as error:
        _fail(error)
    click.echo(f"{slug} no longer answers at {host}")


@group.command("delete")
@click.argument("slug")
@click.option("--name", prompt="Type the dealership's name to confirm", help="The dealership's name, as proof.")
@click.option("--now", is_flag=True, help="Erase at once instead of after the waiting period.")
def delete(slug: str, name: str, now: bool) -> None:
    """Delete a dealership: schema, role, files, keys and sessions."""
    row = _find(slug)
    try:
        due = lifecycle.delete_tenant(row["id"], name, now=now)
    except DomainError as error:
        _fail(error)
    else:
        click.echo(f"{slug} is deleted" if due is None else f"{slug} is closed and will be erased after {due:%Y-%m-%d}")


@group.command("migrate")
@click.option("--workers", default=2, show_default=True)
@click.option("--canary", default=None, help="The dealership that goes first and alone.")
@click.option("--json", "as_json", is_flag=True)
def migrate(workers: int, canary: str | None, as_json: bool) -> None:
    """Bring every dealership to this release; what fails stays whole at its old version."""
    report = migrating.migrate_tenants(workers=workers, canary=canary)
    lines = [
        f"target {report.target}",
        f"  {len(report.migrated)} migrated, {len(report.current)} were there already",
        f"  {len(report.busy)} held by another runner, {len(report.failed)} failed",
        *(f"  {tenant_id}: {reason}" for tenant_id, reason in sorted(report.failed.items())),
    ]
    if report.stopped_at_canary:
        lines.append("  stopped at the canary: no other dealership was touched")
    _say(vars(report), as_json, "\n".join(lines))
    if not report.ok:
        sys.exit(1)


def _find(slug: str) -> dict[str, Any]:
    try:
        return lifecycle.find_by_slug(slug)
    except DomainError as error:
        _fail(error)
        raise
