"""Which constraint a statement ran into, so that an operation can refuse in the words of the trade."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

_FOREIGN_KEY_VIOLATION = "23503"


def violated(error: IntegrityError) -> str | None:
    """The name of the constraint or unique index that `error` is about."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def is_reference(error: IntegrityError) -> bool:
    """Whether `error` says that a row is referred to, or refers to nothing."""
    return getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY_VIOLATION
