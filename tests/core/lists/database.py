"""A database with the sample table for tests of pages: plain SQLAlchemy, no tenant needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import Session

from app.core.lists.cursors import CursorCodec
from app.core.lists.pages import Page, fetch
from app.core.lists.query import ListQuery
from tests.core.lists.samples import CARS, metadata

CODEC = CursorCodec("a secret of the list tests, long enough", "tenant")
INDEXES = (
    "CREATE INDEX list_cars_name ON list_cars (name_key, id)",
    "CREATE INDEX list_cars_price ON list_cars (price, id)",
    "CREATE INDEX list_cars_price_down ON list_cars (price DESC NULLS LAST, id DESC)",
    "CREATE INDEX list_cars_trgm ON list_cars USING gin (name_key gin_trgm_ops)",
)


@contextmanager
def sample_session(admin_url: str) -> Iterator[Session]:
    """A session on a throw-away database holding the empty sample table."""
    name = f"lists_{os.getpid()}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C.UTF-8'".encode())
    engine = create_engine(make_url(admin_url).set(drivername="postgresql+psycopg", database=name))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE EXTENSION pg_trgm")
            metadata.create_all(connection)
            for index in INDEXES:
                connection.exec_driver_sql(index)
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def page_of(session: Session, query: ListQuery, *, with_total: bool = False) -> Page:
    """The page `query` asks of the whole sample table."""
    return fetch(session, query.spec.source(None), query, cursors=CODEC, with_total=with_total)  # type: ignore[arg-type]


def fill(session: Session, rows: list[dict[str, object]]) -> None:
    """Replace the table's content."""
    session.execute(CARS.delete())
    if rows:
        session.execute(CARS.insert(), rows)
