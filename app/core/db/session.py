"""The session, pinned to one scope, and `transaction()`, the only place that commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import CursorResult, Engine, MetaData, Select, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

from app.core.config import Settings
from app.core.db import scopes
from app.core.db.dialect import CONNECT_ARGS
from app.core.logging import get_logger

log = get_logger(__name__)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every model; all of them live in the tenants' schemas."""

    metadata = MetaData(naming_convention=NAMING)


class PinnedSession(Session):
    """A session that belongs to the scope of its first use and refuses every other one."""

    _pin: tuple[str, str] | None = None

    def _check_scope(self) -> scopes.Scope:
        scope = scopes.current_scope()
        if self._pin is None:
            self._pin = scope.key
        elif self._pin != scope.key:
            raise scopes.WrongScope("this session belongs to another tenant's context")
        return scope

    def get_bind(self, mapper: Any = None, **kwargs: Any) -> Engine:  # type: ignore[override]
        """The engine of the pinned scope's server and login."""
        return engine_for(self._check_scope())

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """As in SQLAlchemy, after the scope is checked: the identity map answers without a statement."""
        self._check_scope()
        return super().get(*args, **kwargs)

    def refresh(self, *args: Any, **kwargs: Any) -> None:
        """As in SQLAlchemy, after the scope is checked."""
        self._check_scope()
        super().refresh(*args, **kwargs)

    def flush(self, *args: Any, **kwargs: Any) -> None:
        """As in SQLAlchemy, after the scope is checked."""
        if self._pin is not None:
            self._check_scope()
        super().flush(*args, **kwargs)

    def close(self) -> None:
        """Forget everything, the pin included."""
        super().close()
        self._pin = None
        self.info.clear()


db = SQLAlchemy(model_class=Base, session_options={"class_": PinnedSession, "expire_on_commit": False})


def init_app(app: Flask, settings: Settings) -> None:
    """Give `app` its engines; others than the first are made when a tenant first needs them."""
    app.config["SQLALCHEMY_DATABASE_URI"] = dialect_url(settings.database_urls["main"], login=1)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    db.init_app(app)
    app.extensions["forecourt_engines"] = {}


def engine_options(settings: Settings) -> dict[str, Any]:
    """Engine settings of every server: connections are recycled, because a backend's memory grows with tenants met."""
    return {
        "connect_args": CONNECT_ARGS,
        # The values of a failed statement belong in no log and no error report.
        "hide_parameters": True,
        "pool_size": settings.pool_size,
        "max_overflow": settings.pool_size,
        "pool_timeout": 5,
        "pool_recycle": 900,
        "use_native_hstore": False,
    }


def dialect_url(url: str, login: int) -> str:
    """`url` for our dialect through login bucket `login`: the first is the URL's own user, others end in its number."""
    parsed = make_url(url).set(drivername="postgresql+forecourt")
    if login > 1:
        parsed = parsed.set(username=f"{parsed.username}_{login}")
    return parsed.render_as_string(hide_password=False)


def engine_for(scope: scopes.Scope) -> Engine:
    """The engine of the scope's server and login bucket, one per process."""
    if scope.dsn_name == "main" and scope.login == 1:
        return db.engine
    engines: dict[tuple[str, int], Engine] = current_app.extensions["forecourt_engines"]
    key = (scope.dsn_name, scope.login)
    if key not in engines:
        settings: Settings = current_app.extensions["forecourt_settings"]
        url = dialect_url(settings.database_urls[scope.dsn_name], scope.login)
        engines[key] = create_engine(url, **engine_options(settings))
    return engines[key]


def dispose_engines(app: Flask, *, close: bool = False) -> None:
    """Let go of all pooled connections; without `close`, as a child process does with inherited ones after the fork."""
    with app.app_context():
        pools = (app.extensions["forecourt_engines"], app.extensions.get("forecourt_migrator_engines", {}))
        for engine in (db.engine, *(engine for pool in pools for engine in pool.values())):
            engine.dispose(close=close)


def open_transaction() -> None:
    """Begin, trying once more when the pooled connection turns out to be dead.

    `pool_pre_ping` would cost a round trip per request; a dead connection shows at BEGIN just as well.
    """
    session = db.session()
    try:
        session.connection()
    except DBAPIError as error:
        session.rollback()
        if not error.connection_invalidated:
            raise
        session.connection()


def pinned_session() -> PinnedSession:
    """The session of this application context."""
    return cast(PinnedSession, db.session())


def read_columns(statement: Select[Any], values: Mapping[str, Any]) -> CursorResult[Any]:
    """The rows of a statement of columns, never entities, that was made once and is asked with these values.

    It goes to the session's connection, in the session's transaction and scope: the way through the session itself
    costs as much again as the statement.
    """
    session = pinned_session()
    session.flush()
    return session.connection().execute(statement, values)


@contextmanager
def transaction() -> Iterator[PinnedSession]:
    """Commit when the body succeeds, roll back when it does not; afterwards send what waited for the commit."""
    session = pinned_session()
    if session.info.get("in_transaction"):
        raise RuntimeError("transaction() inside transaction(): there is one commit, at the edge")
    open_transaction()
    session.info["in_transaction"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.info.pop("after_commit", None)
        session.rollback()
        raise
    finally:
        session.info.pop("in_transaction", None)
    for action in session.info.pop("after_commit", []):
        try:
            action()
        except Exception as error:
            # The write is committed and its row is the truth: the caller must not hear of a lost hint.
            log.warning("after_commit_failed", error=type(error).__name__)


def end_reading() -> None:
    """Give the connection back before something outside is asked, which may take long; reading begins anew after it."""
    session = pinned_session()
    if session.info.get("in_transaction"):
        raise RuntimeError("end_reading() inside transaction(): there is something to commit")
    session.rollback()


@contextmanager
def taken_back() -> Iterator[None]:
    """Run the body and take back all it wrote, inside the transaction around it: for trying something out."""
    savepoint = db.session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def after_commit(action: Callable[[], None]) -> None:
    """Run `action` once the current transaction is committed; it is dropped when it rolls back."""
    db.session().info.setdefault("after_commit", []).append(action)
