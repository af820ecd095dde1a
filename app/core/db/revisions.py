"""The two lines of migrations: which revision this code needs, and the SQL between two revisions, rendered once.

Every process asks for the first; Alembic is loaded by those alone that change a schema.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, make_url

from app.core.db.bootstrap import OWNER
from app.core.db.catalogue import fill_catalogues
from app.core.db.owner import migrator_url
from app.core.db.platform import platform_metadata, shared_metadata
from app.core.db.session import Base

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parents[3] / "migrations"


def head(line: str) -> str:
    """The newest revision of `line` ("platform" or "tenants"), read from its `.current-head`."""
    return (MIGRATIONS / line / ".current-head").read_text().split()[0]


@cache
def readable() -> frozenset[str]:
    """The tenant revisions this code can serve: the newest, and those `.current-head` lists beside it.

    Cached for the process: it is the code's own property, the same for every tenant.
    """
    return frozenset((MIGRATIONS / "tenants" / ".current-head").read_text().split())


def config(line: str) -> Config:
    """Alembic's configuration of `line`, without an ini file."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS / line))
    made.set_main_option("path_separator", "os")
    made.attributes["metadata"] = Base.metadata if line == "tenants" else [platform_metadata, shared_metadata]
    made.attributes["include_schemas"] = line == "platform"
    made.attributes["schemas"] = ("platform", "shared")
    made.attributes["version_schema"] = "platform" if line == "platform" else None
    return made


def render_upgrade(line: str, start: str | None, end: str = "head") -> str:
    """The SQL that takes `line` from revision `start` (None: from nothing) to `end`, version row included."""
    from alembic import command  # noqa: PLC0415 - as above

    made = config(line)
    made.output_buffer = io.StringIO()
    command.upgrade(made, f"{start or 'base'}:{end}", sql=True)
    # Rendered for a driver that fills in parameters, percent signs come twice; these scripts are sent without any.
    return made.output_buffer.getvalue().replace("%%", "%")


def known(line: str, revision: str) -> bool:
    """Whether `revision` belongs to `line` as this code has it."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    return any(item.revision == revision for item in ScriptDirectory.from_config(config(line)).walk_revisions())


def upgrade_platform(dsn_name: str = "main") -> None:
    """Bring `platform` and `shared` on the server to this code's revision, and the catalogues to its knowledge."""
    from alembic import command  # noqa: PLC0415 - as above

    engine = create_engine(make_url(migrator_url(dsn_name)).set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            _as_owner(connection)
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('forecourt.platform_migration'))")
            made = config("platform")
            made.attributes["connection"] = connection
            command.upgrade(made, "head")
            fill_catalogues(connection)
    finally:
        engine.dispose()


def _as_owner(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL ROLE {OWNER}")
    connection.exec_driver_sql("SET LOCAL search_path = platform, shared, ext, pg_temp")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 4000")
