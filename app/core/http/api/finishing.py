"""The document as it is given out: what flask-smorest collected, made short, named and complete. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PROBLEM = "application/problem+json"
METHODS = ("get", "post", "put", "patch", "delete")
COMPONENT = "#/components/"
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}}}
SERVERS = (
    {"url": "/", "description": "The dealership at whose host this document was read"},
    {
        "url": "https://{host}",
        "description": "Any dealership",
        "variables": {"host": {"default": "dealership.example.com", "description": "The dealership's own host"}},
    },
)
# What each refusal is called in the document, and what it means to whoever asked.
MEANINGS: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "A parameter or header is unknown, repeated, missing or malformed, or the body is no JSON"),
    401: ("Unauthorized", "The key is missing, unknown at this host, expired or revoked"),
    403: ("Forbidden", "The key's rights do not reach that far; `detail` names the permission"),
    404: ("NotFound", "There is no such record, or not for this key: the two are never distinguishable"),
    409: ("Conflict", "The state of things does not allow it now; `code` says what is in the way"),
    410: ("Gone", "It was there and is kept no longer"),
    412: ("PreconditionFailed", "Somebody changed the same field since; `current`, `yours` and `base` are its values"),
    413: ("TooLarge", "The body is too large"),
    415: ("UnsupportedMediaType", "The body is of a kind that is not taken here"),
    422: ("Invalid", "The body breaks rules; `errors` points at every wrong value"),
    428: ("PreconditionRequired", "The change does not say by `If-Match` which state of the record it is about"),
    429: ("TooManyRequests", "The share of a minute is used up; `Retry-After` says when there is more"),
    503: ("Unavailable", "A server is away, or the dealership is being updated; `Retry-After` says when to ask again"),
}


@dataclass(frozen=True)
class Served:
    """What the application knows of an operation besides its document; no permission where it is open to everybody."""

    operation_id: str
    permission: str | None


def finished(raw: Mapping[str, Any], served: Mapping[tuple[str, str], Served]) -> dict[str, Any]:
    """The document with names, permissions and servers, each kind of refusal said once, and nothing unused.

    `served` is by path and method as the document has them. Raises KeyError for an operation it does not know,
    one that does not say what it answers, and a refusal without a meaning.
    """
    refusals: dict[str, Any] = {}
    paths = {
        path: {key: _operation(value, served[path, key], refusals) if key in METHODS else value
               for key, value in item.items()}
        for path, item in raw["paths"].items()
    }  # fmt: skip
    components = {**raw["components"], "responses": dict(sorted(refusals.items()))}
    order = ("openapi", "info", "servers", "security", "tags", "paths", "components")
    whole = {**raw, "servers": list(SERVERS), "paths": paths, "components": components}
    whole["components"]["schemas"] = _reached(whole)
    return {key: whole[key] for key in order}


def template_of(rule: str) -> str:
    """A route's rule as the document writes it."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)


def operations_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(path, method, operation) of everything in a document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolve(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What `node` stands for, where it is a reference into the document."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _operation(said: Mapping[str, Any], served: Served, refusals: dict[str, Any]) -> dict[str, Any]:
    found = {"operationId": served.operation_id, **said}
    if served.permission is None:
        found["security"] = []
    else:
        found["x-permission"] = served.permission
    found["responses"] = {
        status: _refusal(int(status), answer, refusals) if PROBLEM in answer.get("content", {}) else answer
        for status, answer in sorted(said["responses"].items())
    }
    return found


def _refusal(status: int, answer: Mapping[str, Any], refusals: dict[str, Any]) -> dict[str, str]:
    name, meaning = MEANINGS[status]
    refusals[name] = {**answer, "description": meaning}
    if status in (429, 503):
        refusals[name]["headers"] = RETRY_AFTER
    return {"$ref": f"{COMPONENT}responses/{name}"}


def _reached(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas something refers to, by name; what only goes out may have more fields with time."""
    schemas = whole["components"]["schemas"]
    taken = _below(schemas, [_named(said.get("requestBody", {})) for _, _, said in operations_of(whole)])
    found = _below(schemas, [_named(whole["paths"]), _named(whole["components"]["responses"])])
    return {name: schemas[name] if name in taken else _open(schemas[name]) for name in sorted(found)}


def _below(schemas: Mapping[str, Any], roots: Iterable[Iterable[str]]) -> set[str]:
    waiting, found = [name for names in roots for name in names], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_named(schemas[name]))
    return found


def _open(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "additionalProperties" or isinstance(value, dict)}


def _named(node: Any) -> Iterator[str]:
    """The names of schemas referred to anywhere below `node`."""
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(f"{COMPONENT}schemas/"):
            yield reference.rpartition("/")[2]
        for value in node.values():
            yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)
