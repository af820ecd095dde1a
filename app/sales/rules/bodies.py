"""Values of the desk as JSON holds them, there and back: amounts as exact strings, days as ISO, tuples as lists.

A worksheet, a tax rule or a policy is kept with the deal for years, so reading is strict: a field that is missing
without a default, unknown or of another type is refused and named, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class BodyError(ValueError):
    """`field` (a dotted path, empty for the whole) is not right; `reason` is a stable code."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def to_body(value: Any) -> Any:
    """A dataclass as a dict, with everything inside it as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_body(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [to_body(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def from_body(cls: type[T], body: Any, path: str = "") -> T:
    """The `cls` (a dataclass) that `to_body` made `body` of; BodyError where it is not one."""
    if not isinstance(body, Mapping):
        raise BodyError(path, "not_an_object")
    hints = get_type_hints(cls)
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    for name in body:
        if name not in known:
            raise BodyError(_join(path, str(name)), "unknown")
    read = {}
    for name, field in known.items():
        if name in body:
            read[name] = _read(hints[name], body[name], _join(path, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise BodyError(_join(path, name), "missing")
    try:
        return cls(**read)
    except BodyError as error:
        raise BodyError(_join(path, error.field), error.reason) from None


def _join(path: str, name: str) -> str:
    return ".".join(part for part in (path, name) if part)


def _read(hint: Any, value: Any, path: str) -> Any:
    """`value` as the annotation `hint` wants it."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        inner = [arg for arg in get_args(hint) if arg is not NoneType]
        return None if value is None else _read(inner[0], value, path)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise BodyError(path, "not_a_list")
        return tuple(_read(get_args(hint)[0], item, f"{path}.{number}") for number, item in enumerate(value))
    if isinstance(hint, type) and is_dataclass(hint):
        return from_body(hint, value, path)
    return _read_plain(hint, value, path)


def _read_plain(hint: Any, value: Any, path: str) -> Any:
    """An amount, a day, a choice, a word, a number or a tick."""
    if hint is Decimal:
        return _read_amount(value, path)
    if isinstance(hint, type) and issubclass(hint, date | StrEnum):
        try:
            return date.fromisoformat(value) if issubclass(hint, date) else hint(value)
        except (TypeError, ValueError):
            raise BodyError(path, "not_known") from None
    if type(value) is not hint:
        raise BodyError(path, "wrong_type")
    return value


def _read_amount(value: Any, path: str) -> Decimal:
    """An exact string, or a whole number; a float is refused, for it is not exact."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BodyError(path, "not_a_number")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise BodyError(path, "not_a_number") from None
    if not amount.is_finite():
        raise BodyError(path, "not_a_number")
    return amount
