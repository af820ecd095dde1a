"""`flask audit …`: whether the audit still says what it said, and where its chains end, to be kept elsewhere."""

from __future__ import annotations

import json
import sys
from typing import IO

import click
from flask.cli import AppGroup

from app.core.db import directory, tenant, transaction
from app.core.db.scopes import Tenant
from app.core.guard import chain, verifying

group = AppGroup("audit", help="The audit: examine it, seal what waits, write down where its chains end.")


@group.command("verify")
@click.option("--tenant", "slug", help="One dealership by slug or id; every active one otherwise.")
@click.option("--heads", type=click.File("r"), help="Heads kept elsewhere, as `flask audit heads` writes them.")
@click.option("--json", "as_json", is_flag=True)
def verify(slug: str | None, heads: IO[str] | None, as_json: bool) -> None:
    """Find what was removed, changed, put in, moved, cut off or left unsealed, and name it; exit code 1 if anything."""
    kept = _read_heads(heads)
    whole = True
    for known in _tenants(slug):
        with tenant(known.id):
            report = verifying.verify(kept.get(known.id, ()))
        whole = whole and report.ok
        end = report.head.seq if report.head else 0
        if as_json:
            told = [{**vars(item), "entry_id": item.entry_id and str(item.entry_id)} for item in report.findings]
            facts = {"links": report.links, "waiting": report.waiting, "head": end, "findings": told}
            click.echo(json.dumps({"tenant": known.slug, "ok": report.ok, **facts}))
            continue
        state = "whole" if report.ok else f"{len(report.findings)} findings"
        click.echo(f"{known.slug:<24} {report.links:>9} links  {report.waiting:>6} waiting  {state}")
        for item in report.findings:
            click.echo(f"  {item.kind.value:<10} {item.says}" + (f" ({item.entry_id})" if item.entry_id else ""))
    if not whole:
        sys.exit(1)


@group.command("heads")
@click.option("--tenant", "slug", help="One dealership by slug or id; every active one otherwise.")
def heads(slug: str | None) -> None:
    """Write where each chain ends, a JSON line each: to be kept where the database's owner cannot reach."""
    for known in _tenants(slug):
        with tenant(known.id):
            head = chain.last_seal()
        click.echo(json.dumps({"tenant": known.id, "slug": known.slug, "seq": head.seq, "proof": head.proof.hex()}))


@group.command("seal")
@click.option("--tenant", "slug", help="One dealership by slug or id; every active one otherwise.")
def seal(slug: str | None) -> None:
    """Seal what waits now, without waiting for a worker."""
    for known in _tenants(slug):
        done = 0
        with tenant(known.id):
            while True:
                with transaction():
                    sealed = chain.seal_new()
                done += sealed
                if not sealed:
                    break
        click.echo(f"{known.slug:<24} {done:>9} sealed")


def _tenants(slug: str | None) -> list[Tenant]:
    directory.refresh()
    found = [known for known in directory.all_tenants() if slug in (known.slug, known.id) or slug is None]
    if slug is not None and not found:
        raise click.UsageError(f"there is no tenant {slug!r}")
    return [known for known in found if slug is not None or known.state in ("active", "suspended")]


def _read_heads(file: IO[str] | None) -> dict[str, list[chain.Head]]:
    kept: dict[str, list[chain.Head]] = {}
    for line in file or ():
        row = json.loads(line)
        if row["seq"]:
            kept.setdefault(row["tenant"], []).append(chain.Head(row["seq"], bytes.fromhex(row["proof"])))
    return kept
