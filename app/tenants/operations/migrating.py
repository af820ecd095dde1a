"""Bringing every tenant's schema to this code's revision: one short transaction each, in parallel, resumable."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import pq

from app.core.db import revisions
from app.core.db.bootstrap import OWNER
from app.core.db.owner import migrator, owner
from app.core.db.scopes import SCHEMA_SHAPE
from app.core.db.tenancy import for_thread
from app.core.errors import DomainError

LOCK_TRIES = 5
# So many tenants' new revisions are told to the directory at once: its counter row is one lock for everybody, and
# with a fraction of a millisecond for each tenant nobody waits long to be told.
NOTED_AT_ONCE = 250
REVISION_SHAPE = re.compile(r"^[a-z0-9_]{1,32}$")
_MOVABLE = ("provisioning", "active", "suspended", "deleting")


@dataclass(frozen=True)
class TenantVersion:
    """One tenant as the migration sees it: where it lives and the revision its own schema says it is at."""

    tenant_id: str
    slug: str
    dsn_name: str
    revision: str | None
    # What the directory's copy says; a kill between the schema's commit and the copy's leaves it behind.
    noted: str | None = None


@dataclass
class MigrationReport:
    """What happened to each tenant; `failed` maps an id to the first line of the database's complaint."""

    target: str
    current: list[str] = field(default_factory=list)
    migrated: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stopped_at_canary: bool = False

    @property
    def ok(self) -> bool:
        """Whether every tenant is at the target now."""
        return not self.failed and not self.busy and not self.stopped_at_canary


def migrate_tenants(
    *,
    workers: int = 2,
    canary: str | None = None,
    target: str | None = None,
    progress: Callable[[str], None] = lambda tenant_id: None,
) -> MigrationReport:
    """Migrate every tenant that is behind to `target` (this code's newest revision by default).

    The `canary` (an id or slug; the first one by default) goes alone, and nothing else is touched when it fails. A
    tenant that fails stays whole at its old revision and the others go on; one that another runner holds is left to
    it. Running it again takes up what is left.
    """
    wanted = target or revisions.head("tenants")
    report = MigrationReport(wanted)
    versions = read_versions()
    report.current = [item.tenant_id for item in versions if item.revision == wanted]
    note_versions([item.tenant_id for item in versions if item.revision == wanted != item.noted], wanted)
    behind = [item for item in versions if item.revision != wanted]
    if not behind:
        return report
    scripts = {start: revisions.render_upgrade("tenants", start, wanted) for start in {v.revision for v in behind}}
    first = next((item for item in behind if canary in (item.tenant_id, item.slug)), behind[0])
    rest = [item for item in behind if item is not first]
    with _Runner(scripts, report, progress) as runner:
        runner.migrate(first)
    if report.failed:
        report.stopped_at_canary = bool(rest)
        return report

    @for_thread
    def take(share: Sequence[TenantVersion]) -> None:
        with _Runner(scripts, report, progress) as runner:
            for item in share:
                runner.migrate(item)

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        list(pool.map(take, [rest[start::workers] for start in range(max(1, workers))]))
    return report


def read_versions() -> list[TenantVersion]:
    """Every tenant that has a schema, with the revision its schema holds, read in one pipeline per server."""
    with owner() as connection:
        rows = connection.execute(
            "SELECT id, slug, dsn_name, schema_version FROM tenants WHERE state = ANY(%s) ORDER BY id", [list(_MOVABLE)]
        ).fetchall()
    found: list[TenantVersion] = []
    for dsn_name in sorted({row[2] for row in rows}):
        here = [row for row in rows if row[2] == dsn_name]
        with owner(dsn_name) as connection:
            for (tenant_id, slug, _, noted), revision in zip(here, _versions_of(connection, here), strict=True):
                found.append(TenantVersion(tenant_id, slug, dsn_name, revision, noted))
    return found


def _versions_of(connection: psycopg.Connection[Any], rows: Sequence[tuple[str, ...]]) -> Iterator[str | None]:
    """The version rows of many schemas, a hundred to a statement: names come from the directory and are checked."""
    for start in range(0, len(rows), 100):
        share = rows[start : start + 100]
        selects = []
        for number, (tenant_id, *_) in enumerate(share):
            schema = f"t_{tenant_id}"
            if not SCHEMA_SHAPE.match(schema):
                raise ValueError(f"not a tenant schema: {schema!r}")
            selects.append(f"SELECT {number} AS n, version_num FROM {schema}.alembic_version")
        query = " UNION ALL ".join(selects)
        versions = dict(connection.execute(query.encode()).fetchall())
        for number in range(len(share)):
            yield versions.get(number)


class _Runner:
    """One connection that migrates tenants one after the other."""

    def __init__(
        self, scripts: dict[str | None, str], report: MigrationReport, progress: Callable[[str], None]
    ) -> None:
        self.scripts = scripts
        self.report = report
        self.progress = progress
        self._contexts = ExitStack()
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self._unnoted: list[str] = []

    def __enter__(self) -> _Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._note()
        self._contexts.close()

    def _note(self) -> None:
        note_versions(self._unnoted, self.report.target)
        self._unnoted.clear()

    def _connection(self, dsn_name: str) -> psycopg.Connection[Any]:
        if dsn_name not in self._open or self._open[dsn_name].closed:
            self._open[dsn_name] = self._contexts.enter_context(migrator(dsn_name))
        return self._open[dsn_name]

    def migrate(self, item: TenantVersion) -> None:
        """Migrate one tenant in one transaction; its failure is reported, never raised."""
        try:
            done = self._try(item)
        except (psycopg.Error, DomainError) as error:
            self.report.failed[item.tenant_id] = str(error).partition("\n")[0] or type(error).__name__
        else:
            (self.report.migrated if done else self.report.busy).append(item.tenant_id)
        self.progress(item.tenant_id)

    def _try(self, item: TenantVersion) -> bool:
        for attempt in range(LOCK_TRIES):
            try:
                return self._apply(item)
            except psycopg.errors.LockNotAvailable:
                # Somebody reads a table that the script alters: let them finish instead of queueing in front of others.
                if attempt == LOCK_TRIES - 1:
                    raise
                time.sleep(0.2 * 2**attempt)
        return False

    def _apply(self, item: TenantVersion) -> bool:
        """One message where nobody interferes, else two; False when another runner holds the tenant."""
        connection = self._connection(item.dsn_name)
        try:
            if not self._at_once(connection, item) and not self._step_by_step(connection, item):
                connection.execute("ROLLBACK")
                return False
        except psycopg.Error:
            if not connection.closed:
                connection.execute("ROLLBACK")
            raise
        self._unnoted.append(item.tenant_id)
        if len(self._unnoted) >= NOTED_AT_ONCE:
            self._note()
        return True

    def _at_once(self, connection: psycopg.Connection[Any], item: TenantVersion) -> bool:
        """Everything in one message, guarded by a division that fails when the tenant is held or is not as it was."""
        script, start = self.scripts.get(item.revision), item.revision
        if script is None or start is None or not REVISION_SHAPE.match(start):
            return False
        lock = _LOCK.format(schema=f"t_{item.tenant_id}")
        as_read = f"EXISTS (SELECT 1 FROM alembic_version WHERE version_num = '{start}')"
        check = f"SELECT 1 / ({lock} AND {as_read})::integer"
        # The last result says all: an error anywhere in the message ends it, and nothing before it is of interest.
        result = connection.pgconn.exec_(f"{_opening(item.tenant_id)}; {check};\n{_body(script)};\nCOMMIT".encode())
        if result.status == pq.ExecStatus.COMMAND_OK:
            return True
        error = psycopg.errors.error_from_result(result, encoding="utf-8")
        if not isinstance(error, psycopg.errors.DivisionByZero):
            raise error
        connection.execute("ROLLBACK")
        return False

    def _step_by_step(self, connection: psycopg.Connection[Any], item: TenantVersion) -> bool:
        """Begin, lock and look; then script and commit, from whatever revision stands there now."""
        held, start = _begin(connection, item.tenant_id)
        script = "SELECT 1" if start == self.report.target else self.scripts.get(start)
        if not held or script is None:
            return False
        connection.execute(f"{_body(script)};\nCOMMIT".encode())
        return True


_LOCK = "pg_try_advisory_xact_lock(hashtext('forecourt.migrate'), hashtext('{schema}'))"


def _body(script: str) -> str:
    return script.strip().rstrip(";")


def _opening(tenant_id: str) -> str:
    schema = f"t_{tenant_id}"
    if not SCHEMA_SHAPE.match(schema):
        raise ValueError(f"not a tenant schema: {schema!r}")
    return f"BEGIN; SET LOCAL ROLE {OWNER}; SET LOCAL search_path = {schema}, shared, ext, pg_temp"


def _begin(connection: psycopg.Connection[Any], tenant_id: str) -> tuple[bool, str | None]:
    """Open the tenant's transaction in one message: whether this runner holds the tenant, and its revision."""
    lock = _LOCK.format(schema=f"t_{tenant_id}")
    look = f"SELECT {lock}, (SELECT version_num FROM alembic_version)"
    cursor = connection.execute(f"{_opening(tenant_id)}; {look}".encode())
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    return (bool(row[0]), row[1]) if row else (False, None)


def note_versions(tenant_ids: Sequence[str], revision: str) -> None:
    """Tell the directory, and so every process, that these tenants' schemas are at `revision`."""
    if not tenant_ids:
        return
    with owner() as connection:
        connection.execute(
            "WITH moved AS (UPDATE directory_state SET version = version + 1 RETURNING version) "
            "UPDATE tenants SET schema_version = %s, directory_version = moved.version FROM moved WHERE id = ANY(%s)",
            [revision, list(tenant_ids)],
        )
