"""`flask tenants …` and `flask platform …`: what the operator does to dealerships from a shell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, Any

import click
from flask.cli import AppGroup

from app.core.db import revisions, tenant, transaction
from app.core.errors import DomainError, Invalid
from app.core.guard.permissions import system_actor
from app.tenants.operations import exporting, lifecycle, migrating, provisioning, restoring, role_defaults
from app.tenants.queries import explaining, people
from app.tenants.queries.sessions import find_user_by_email
from app.tenants.rules.roles import DEFAULT_ROLES

group = AppGroup("tenants", help="Dealerships: create, list, migrate, suspend, delete.")
roles_group = AppGroup("roles", help="Roles of a dealership: list them, bring defaults back, explain who may what.")
platform_group = AppGroup("platform", help="The platform's own schema.")


def say(data: Any, as_json: bool, text: str) -> None:
    click.echo(json.dumps(data, default=str, ensure_ascii=False) if as_json else text)


def fail(error: DomainError) -> None:
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
        fail(error)
    else:
        say({"id": tenant_id, "slug": slug}, as_json, f"{slug} is active ({tenant_id})")


@group.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_all(as_json: bool) -> None:
    """Every dealership: state and schema version."""
    rows = lifecycle.list_tenants()
    lines = [f"{row['slug']:<24} {row['state']:<12} {row['schema_version'] or '-':<10} {row['name']}" for row in rows]
    say(rows, as_json, "\n".join(lines) or "There are no dealerships yet: flask tenants create …")


@group.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True)
def show(slug: str, as_json: bool) -> None:
    """One dealership."""
    row = find_tenant_row(slug)
    say(row, as_json, "\n".join(f"{key:<15} {value}" for key, value in row.items()))


@group.command("suspend")
@click.argument("slug")
def suspend(slug: str) -> None:
    """Close a dealership for the time being; its data stays."""
    lifecycle.suspend_tenant(find_tenant_row(slug)["id"])
    click.echo(f"{slug} is suspended")


@group.command("resume")
@click.argument("slug")
def resume(slug: str) -> None:
    """Open a suspended dealership again."""
    lifecycle.resume_tenant(find_tenant_row(slug)["id"])
    click.echo(f"{slug} is active")


@group.command("add-host")
@click.argument("slug")
@click.argument("host")
def add_host(slug: str, host: str) -> None:
    """Have a dealership answer at HOST too, such as its own domain."""
    row = find_tenant_row(slug)
    try:
        lifecycle.add_host(row["id"], host)
    except DomainError as error:
        fail(error)
    click.echo(f"{slug} answers at {host}")


@group.command("remove-host")
@click.argument("slug")
@click.argument("host")
def remove_host(slug: str, host: str) -> None:
    """Have a dealership answer at HOST no more."""
    row = find_tenant_row(slug)
    try:
        lifecycle.remove_host(row["id"], host)
    except DomainError as error:
        fail(error)
    click.echo(f"{slug} no longer answers at {host}")


@group.command("delete")
@click.argument("slug")
@click.option("--name", prompt="Type the dealership's name to confirm", help="The dealership's name, as proof.")
@click.option("--now", is_flag=True, help="Erase at once instead of after the waiting period.")
def delete(slug: str, name: str, now: bool) -> None:
    """Delete a dealership: schema, role, files, keys and sessions."""
    row = find_tenant_row(slug)
    try:
        due = lifecycle.delete_tenant(row["id"], name, now=now)
    except DomainError as error:
        fail(error)
    else:
        click.echo(f"{slug} is deleted" if due is None else f"{slug} is closed and will be erased after {due:%Y-%m-%d}")


PASSPHRASE = click.option(
    "--passphrase-file", required=True, type=click.File("r"), help="Holds the passphrase in its first line."
)


@group.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@PASSPHRASE
def export(slug: str, file: Path, passphrase_file: IO[str]) -> None:
    """Write everything of a dealership to FILE, encrypted: rows, stored files, keys, audit."""
    row = find_tenant_row(slug)
    try:
        done = exporting.export_tenant(system_actor("cli"), row["id"], file, passphrase_file.readline().rstrip("\r\n"))
    except DomainError as error:
        fail(error)
        return
    click.echo(f"{slug}: {done.rows} rows of {done.tables} tables and {done.files} files are in {file}")
    _tell_missing(done.missing)


@group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@PASSPHRASE
@click.option("--as", "new_slug", default=None, metavar="NEW-SLUG", help="Another short name than it had.")
def restore(file: Path, passphrase_file: IO[str], new_slug: str | None) -> None:
    """Bring the dealership in FILE back, all of it or nothing; its id must not be in use."""
    passphrase = passphrase_file.readline().rstrip("\r\n")
    try:
        done = restoring.restore_tenant(system_actor("cli"), file, passphrase, new_slug)
    except DomainError as error:
        fail(error)
        return
    what = f"{done.rows} rows of {done.tables} tables and {done.files} files"
    click.echo(f"{done.slug} is active ({done.tenant_id}) with {what}")
    if done.migrated_from:
        click.echo(f"it was exported at {done.migrated_from} and has been migrated")
    if done.erased_again:
        click.echo(f"{done.erased_again} persons erased since were erased again")
    _tell_missing(done.missing)
    for says in done.findings:
        click.echo(f"audit: {says}", err=True)
    if done.findings:
        sys.exit(1)


def _tell_missing(names: list[str]) -> None:
    for name in names:
        click.echo(f"the stored file {name} was missing or damaged when the export was made", err=True)


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
    say(vars(report), as_json, "\n".join(lines))
    if not report.ok:
        sys.exit(1)


def find_tenant_row(slug: str) -> dict[str, Any]:
    try:
        return lifecycle.find_by_slug(slug)
    except DomainError as error:
        fail(error)
        raise


@roles_group.command("list")
@click.argument("slug")
def list_roles(slug: str) -> None:
    """The roles of the dealership SLUG: key, how many have it, rights, and what each sees."""
    with tenant(find_tenant_row(slug)["id"]):
        for line in people.list_roles():
            sights = " ".join(f"{group}={sight}" for group, sight in people.sights_of_role(line.role.id).items())
            own = line.role.key or "-"
            click.echo(f"{own:<18} {line.role.name:<24} {line.users:>4} users {len(line.grants):>4} rights  {sights}")


@roles_group.command("sync")
@click.argument("slug")
@click.option("--reset", multiple=True, metavar="KEY", help="Give this default role its defaults back; repeatable.")
def sync_roles(slug: str, reset: tuple[str, ...]) -> None:
    """Add default roles that are missing, drop grants of rights that are gone, and name the roles that differ."""
    unknown = sorted(set(reset) - set(DEFAULT_ROLES))
    if unknown:
        raise click.ClickException(f"There is no default role {', '.join(unknown)}.")
    try:
        with tenant(find_tenant_row(slug)["id"]), transaction():
            found = role_defaults.sync_roles(system_actor("cli"), reset)
    except DomainError as error:
        fail(error)
    for what, names in vars(found).items():
        click.echo(f"{what:<8} {', '.join(names) or '-'}")


@roles_group.command("explain")
@click.argument("slug")
@click.argument("email")
@click.argument("permission")
@click.argument("record", required=False)
@click.option("--group", default=None, help="A group of fields: contact, identity, cost, margin, pay.")
def explain_role(slug: str, email: str, permission: str, record: str | None, group: str | None) -> None:
    """Why the user with EMAIL may or may not PERMISSION, of RECORD where one is given; exit code 1 when not."""
    with tenant(find_tenant_row(slug)["id"]):
        user = find_user_by_email(email)
        if user is None:
            raise click.ClickException("There is no such user.")
        try:
            found = explaining.explain(system_actor("cli"), user.id, permission, record, group)
        except DomainError as error:
            fail(error)
            return
        click.echo(f"{'yes' if found.allowed else 'no'}: {found.user.name} ({found.user.state}), {permission}")
        for part in found.parts:
            if part.about:
                about = (part.about.title, part.about.owner or "-", part.about.store or "-")
                click.echo(f"  {part.permission}: {', '.join(about)}")
            for step in part.steps:
                held = step.held
                click.echo(f"  {step.reason.value:<10} {held.role} @ {held.store} ({held.scope or 'none'})")
        if found.shown:
            click.echo(f"  {found.shown.group}: {found.shown.sight}")
        if not found.allowed:
            sys.exit(1)
