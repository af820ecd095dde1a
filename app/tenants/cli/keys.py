"""`flask api-keys …`: the API keys of a dealership from a shell, by the operations the pages use."""

from __future__ import annotations

import uuid
from typing import Any

import click
from flask.cli import AppGroup

from app.core.db import tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.guard.permissions import system_actor
from app.tenants import queries
from app.tenants.cli.dealerships import fail, find_tenant_row, say
from app.tenants.operations import api_keys
from app.tenants.queries import api_keys as found
from app.tenants.queries import people
from app.tenants.rules.api_keys import DAYS

group = AppGroup("api-keys", help="API keys of a dealership: create, list, revoke, rotate.")
OF = click.option("--tenant", "slug", required=True, help="The dealership's short name.")
JSON = click.option("--json", "as_json", is_flag=True)
CLI = system_actor("cli")


@group.command("create")
@OF
@click.option("--name", required=True, help="What the program is called.")
@click.option("--role", required=True, help="The role it acts through: its key, id or name.")
@click.option("--permission", "permissions", multiple=True, required=True, help="A right of that role; repeatable.")
@click.option("--store", default=None, metavar="CODE", help="The only store it acts at; every one by default.")
@click.option("--days", type=click.Choice([str(days) for days in DAYS]), default=str(DAYS[1]), show_default=True)
@click.option("--network", "networks", multiple=True, help="Only from this address or network; repeatable.")
@JSON
def create(slug: str, role: str, store: str | None, *, as_json: bool, **values: Any) -> None:
    """Make a key. Its text is printed once and kept nowhere."""
    values |= {"days": int(values["days"]), "networks": "\n".join(values["networks"])}
    with tenant(find_tenant_row(slug)["id"]):
        values |= {"role_id": _role(role), "store_id": _store(store)}
        try:
            with transaction():
                key, text = api_keys.create_key(CLI, **values)
                _show_once(key, text, as_json=as_json)
        except DomainError as error:
            fail(error)


@group.command("list")
@OF
@JSON
def list_keys(slug: str, *, as_json: bool) -> None:
    """Every key: state, role, store and when it was last used."""
    with tenant(find_tenant_row(slug)["id"]):
        rows = [_told(line) for line in found.list_keys(CLI)]
    lines = [
        f"{row['id']}  {row['state']:<8} {row['beginning']}… {row['name']:<24} {row['role']} @ {row['store'] or '*'}"
        f"  until {row['expires_at']:%Y-%m-%d}, {_used(row['last_used_at'])}"
        for row in rows
    ]
    say(rows, as_json, "\n".join(lines) or "There are no keys yet.")


@group.command("revoke")
@OF
@click.argument("key")
@JSON
def revoke(slug: str, key: str, *, as_json: bool) -> None:
    """Take the key KEY (apk_…) out of use, from the next request on."""
    with tenant(find_tenant_row(slug)["id"]):
        try:
            with transaction():
                api_keys.revoke_key(CLI, from_public("apk", key))
        except DomainError as error:
            fail(error)
    say({"id": key, "state": "revoked"}, as_json, f"{key} is revoked")


@group.command("rotate")
@OF
@click.argument("key")
@click.option("--overlap", is_flag=True, help="Take the present text for another 24 hours.")
@JSON
def rotate(slug: str, key: str, *, overlap: bool, as_json: bool) -> None:
    """Another text for the key KEY (apk_…), printed once; role, rights and expiry stay."""
    with tenant(find_tenant_row(slug)["id"]):
        try:
            with transaction():
                row, text = api_keys.rotate_key(CLI, from_public("apk", key), overlap=overlap)
                _show_once(row, text, as_json=as_json)
        except DomainError as error:
            fail(error)


def _show_once(key: Any, text: str, *, as_json: bool) -> None:
    """Before the commit: a text that could not be printed is of no use to anybody."""
    public = to_public("apk", key.id)
    told = {"id": public, "name": key.name, "key": text, "expires_at": key.expires_at, "old_until": key.old_until}
    say(told, as_json, f"{public} {key.name}\n{text}")


def _told(line: found.KeyLine) -> dict[str, Any]:
    key = line.key
    kept = ("name", "beginning", "permissions", "networks", "expires_at", "last_used_at")
    told = {field: getattr(key, field) for field in kept}
    return {"id": to_public("apk", key.id), "state": line.state, "role": line.role, "store": line.store, **told}


def _used(at: Any) -> str:
    return f"last used {at:%Y-%m-%d %H:%M} UTC" if at else "never used"


def _role(text: str) -> uuid.UUID:
    for line in people.list_roles():
        if text in (line.role.key, line.role.name, to_public("role", line.role.id)):
            return line.role.id
    raise click.ClickException(f"There is no role {text}.")


def _store(code: str | None) -> uuid.UUID | None:
    if code is None:
        return None
    for store in queries.list_open_stores(CLI, "api_key.create"):
        if store.code == code:
            return store.id
    raise click.ClickException(f"There is no open store {code}.")
