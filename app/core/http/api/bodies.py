"""JSON that comes in: read strictly, checked by a marshmallow schema, refused with a pointer to each wrong value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import orjson
from flask import request
from marshmallow import Schema, ValidationError, fields, missing

from app.core.errors import N_, DomainError, FieldError, Invalid, NotFound
from app.core.http.forms import CODES

Made = TypeVar("Made")
NO_SUCH_RECORD = N_("There is no such record, or it is not open to you.")
JSON_TYPES = ("application/json", "application/merge-patch+json")


class NoJson(DomainError):
    """The body is no JSON object."""

    code = "invalid_json"
    message = N_("The body is not a JSON object.")
    status = 400


class WrongMediaType(DomainError):
    """The body says it is something else than JSON."""

    code = "unsupported_media_type"
    message = N_("This kind of content is not taken here.")
    status = 415


def read_json() -> dict[str, Any]:
    """The JSON object that was sent; raises WrongMediaType, NoJson."""
    if request.mimetype not in JSON_TYPES:
        raise WrongMediaType
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        raise NoJson from None
    if not isinstance(body, dict):
        raise NoJson
    return body


def load_body(schema: type[Schema], body: Mapping[str, Any] | None = None, *, partial: bool = False) -> dict[str, Any]:
    """What was sent, checked by `schema`; raises Invalid with a pointer to every refused value.

    Of a whole body null says the same as leaving a field out; what it says in one that is `partial` is the caller's.
    Objects in a partial body are partial too, but not those in its lists: a patch merges objects and replaces lists.
    """
    made = _made(schema)
    lacking = tuple(_mergeable(made)) if partial else False
    try:
        loaded = dict(made.load(read_json() if body is None else body, partial=lacking))
    except ValidationError as error:
        raise Invalid(list(_refusals(error.messages_dict, ""))) from error
    return loaded if partial else settled(schema, loaded)


def settled(schema: type[Schema], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with what null means: back to what a new record has, as an operation takes it."""
    if None not in values.values():
        return dict(values)
    known = {name: field.load_default for name, field in _made(schema).load_fields.items()}
    return {name: _default(known.get(name)) if value is None else value for name, value in values.items()}


def _made(schema: type[Schema]) -> Schema:
    """The one instance of a schema: it holds nothing of a request, and to make one costs more than to use it."""
    found = schema.__dict__.get("_forecourt_made")
    if found is None:
        found = schema._forecourt_made = schema()  # type: ignore[attr-defined]
    return found


def _mergeable(schema: Schema) -> Iterator[str]:
    """The fields a merge patch may leave out, those of objects in objects as `outer.inner`."""
    for name, field in schema.load_fields.items():
        yield name
        if isinstance(field, fields.Nested) and not field.many:
            yield from (f"{name}.{inner}" for inner in _mergeable(field.schema))


def _default(value: Any) -> Any:
    if value is missing:
        return None
    return value() if callable(value) else value


def refer(do: Callable[[], Made], **looks: Callable[[], Any]) -> Made:
    """What `do` makes; where it finds nothing, the field of the body is named whose look finds nothing either.

    An address that names nothing is answered by 404, a body that does by 422.
    """
    try:
        return do()
    except NotFound:
        for field, look in looks.items():
            try:
                look()
            except NotFound:
                raise Invalid([FieldError(field, "unknown_reference", NO_SUCH_RECORD)]) from None
        raise


def _refusals(messages: Mapping[Any, Any], outer: str) -> Iterator[FieldError]:
    for key, value in messages.items():
        # Errors of a whole object stand under this name.
        path = outer if key == "_schema" else f"{outer}/{_escaped(key)}" if outer else _escaped(key)
        if isinstance(value, Mapping):
            yield from _refusals(value, path)
            continue
        for text in value if isinstance(value, list) else [value]:
            params = getattr(text, "params", {})
            yield FieldError(path, getattr(text, "code", CODES.get(text, "invalid")), text, params)


def _escaped(key: Any) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(key)[:80].replace("~", "~0").replace("/", "~1")
