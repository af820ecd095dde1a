"""One dealership back from its export, on a platform where others work: all of it, or nothing.

It keeps its id, as everything encrypted is bound to it. Rows, keys and files come in one transaction, whose counts and
digests are compared with the manifest's before it is committed; the dealership opens after that, when whoever was
erased has been erased again. A failure takes back what there is; after a kill the next restore does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core.db import Tenant, directory, revisions
from app.core.db.owner import base_host, owner
from app.core.db.scopes import SCHEMA_SHAPE
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.core.guard import files, keys
from app.core.guard.permissions import Actor
from app.tenants.errors import HostTaken, SlugTaken
from app.tenants.operations.archives import Archive, ArchiveBroken
from app.tenants.operations.lifecycle import drop_schema, wake_tenant
from app.tenants.operations.provisioning import Progress, login_with_room, touch_directory
from app.tenants.operations.refilling import UNFINISHED, Restored, make_role, open_doors, put_back, settle
from app.tenants.rules.slugs import slug_error


class TenantThere(Conflict):
    """A restore writes over nothing."""

    code = "tenant_there"
    message = N_("This dealership is there, or something of it is: erase it first ({tenant_id}).")


class RevisionUnknown(DomainError):
    """Nobody can say how the tables of such a revision look."""

    code = "revision_unknown"
    message = N_("The export is of revision {revision}, which this release does not know.")


def restore_tenant(
    actor: Actor, path: Path, passphrase: str, slug: str | None = None, progress: Progress = lambda step: None
) -> Restored:
    """Bring the dealership in `path` back, under another short name where one is given.

    Raises ArchiveBroken, TenantThere, SlugTaken, HostTaken, RevisionUnknown, RestoreDiffers, Invalid, NoOwner.
    """
    archive = Archive(path, passphrase)
    said = archive.manifest()
    made = _planned(said, slug)
    with _alone(made.id):
        existed = _make_room(made)
        try:
            found = _restore(actor, archive, said, made, progress)
        except BaseException:
            _take_back(made, existed=existed)
            raise
    wake_tenant(made.id)
    return found


def _restore(actor: Actor, archive: Archive, said: dict[str, Any], made: Tenant, progress: Progress) -> Restored:
    found = Restored(made.id, made.slug, missing=said["missing"])
    make_role(made)
    progress("role")
    with owner() as connection:
        put_back(connection, archive, said, made, found)
        progress("rows")
    progress("committed")
    settle(actor, said, made, found)
    progress("settled")
    open_doors(made)
    return found


def _planned(said: dict[str, Any], slug: str | None) -> Tenant:
    """The tenant as it will be: here, under the login that has room."""
    told = said["tenant"]
    wanted = slug or told["slug"]
    wrong = slug_error(wanted)
    if wrong:
        raise Invalid([wrong])
    if not SCHEMA_SHAPE.match(f"t_{told['id']}"):
        raise ArchiveBroken
    if not revisions.known("tenants", said["schema_version"]):
        raise RevisionUnknown(revision=said["schema_version"])
    hosts = [f"{wanted}.{base_host()}"]
    if wanted == told["slug"]:
        hosts += [host for host in told["hosts"] if not host.endswith(f".{said['base_host']}")]
    with owner() as connection:
        used = connection.execute(
            "SELECT login, count(*) FROM tenants WHERE state NOT IN ('requested', 'deleted') AND dsn_name = 'main' "
            "GROUP BY login"
        ).fetchall()
        login = login_with_room(connection, dict(used))
    names = ("name", "locale", "currency", "country", "timezone")
    return Tenant(
        id=told["id"], slug=wanted, state="provisioning", dsn_name="main", login=login,
        schema_version=revisions.head("tenants"), hosts=tuple(hosts), **{name: told[name] for name in names},
    )  # fmt: skip


@contextmanager
def _alone(tenant_id: str) -> Iterator[None]:
    """Nobody else restores this dealership meanwhile."""
    with owner() as connection:
        lock = "SELECT pg_try_advisory_xact_lock(hashtext('forecourt.restore'), hashtext(%s))"
        row = connection.execute(lock, [tenant_id]).fetchone()
        if row is None or not row[0]:
            raise TenantThere(tenant_id=tenant_id)
        yield


def _make_room(made: Tenant) -> bool:
    """See that nothing is in the way, take back what a killed restore left; whether the directory knows the id."""
    with owner() as connection:
        row = connection.execute("SELECT state, failure FROM tenants WHERE id = %s", [made.id]).fetchone()
        unfinished = row == ("provisioning", UNFINISHED)
        schema = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [made.schema]).fetchone()
        if not unfinished and (schema is not None or (row is not None and row[0] != "deleted")):
            raise TenantThere(tenant_id=made.id)
        if connection.execute("SELECT 1 FROM tenants WHERE slug = %s AND id <> %s", [made.slug, made.id]).fetchone():
            raise SlugTaken(field="slug", slug=made.slug)
        taken = "SELECT host FROM hosts WHERE host = ANY(%s) AND tenant_id <> %s"
        for (host,) in connection.execute(taken, [list(made.hosts), made.id]).fetchall():
            raise HostTaken(field="host", host=host)
    # A role and files without a schema are what a kill before the commit leaves.
    _take_back(made, existed=row is not None)
    return row is not None


def _take_back(made: Tenant, *, existed: bool) -> None:
    """Leave nothing; an id that was given out before stays given out."""
    drop_schema(made.id, made.dsn_name)
    files.erase_tenant_files(made.id)
    keys.forget_keys(made.id)
    with owner() as connection:
        for statement in _LEFT:
            connection.execute(statement, {"id": made.id, "schema": made.schema})
        if existed:
            connection.execute(
                "UPDATE tenants SET state = 'deleted', slug = 'deleted-' || id, name = '', failure = NULL "
                "WHERE id = %s",
                [made.id],
            )
            touch_directory(connection, made.id)
        else:
            connection.execute("DELETE FROM tenants WHERE id = %s", [made.id])
    directory.outdate()


_LEFT = (
    "DELETE FROM outbox_hint WHERE tenant_id = %(schema)s",
    "DELETE FROM audit_heads WHERE tenant_id = %(schema)s",
    "DELETE FROM wrapped_keys WHERE tenant_id = %(id)s",
    "DELETE FROM hosts WHERE tenant_id = %(id)s",
)
