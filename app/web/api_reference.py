"""The reference for people, made of the API's document: what a page shows of each group, operation and schema. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.http.api.finishing import operations_of, resolve

# A text of names separated by commas, as the parameters `fields` and `expand` take them.
SOME_OF = re.compile(r"\^\((?P<names>[\w|.-]+)\)\(,\((?P=names)\)\)\*\$")
ID = re.compile(r"\^([a-z]+)_\[")
LIMITS = {"minLength": "≥", "maxLength": "≤", "minimum": "≥", "maximum": "≤", "minItems": "≥", "maxItems": "≤"}
TONES = {"get": "blue", "post": "green", "patch": "amber", "put": "violet", "delete": "red"}
# Stands in examples for the address of the dealership.
HOST = "HOST"


@dataclass(frozen=True)
class Kind:
    """What a value is: words, or the schemas to follow, and what stands around them (`[]` for a list)."""

    text: str = ""
    schemas: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Line:
    """One field or parameter; `where` a parameter stands in."""

    name: str
    kind: Kind
    required: bool
    text: str
    values: tuple[str, ...] = ()
    some: bool = False
    limits: str = ""
    where: str = ""


@dataclass(frozen=True)
class Answer:
    """What comes back under one status; `problem` for a refusal."""

    status: int
    text: str
    kind: Kind | None
    problem: bool
    headers: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked. No permission: it is open to everybody."""

    key: str
    method: str
    tone: str
    path: str
    summary: str
    permission: str | None
    parameters: tuple[Line, ...]
    body: Kind | None
    fields: tuple[Line, ...]
    media_types: tuple[str, ...]
    example: str
    curl: str
    answers: tuple[Answer, ...]

    @property
    def refusals(self) -> list[Answer]:
        """The answers that say no."""
        return [answer for answer in self.answers if answer.problem]

    @property
    def successes(self) -> list[Answer]:
        """The others."""
        return [answer for answer in self.answers if not answer.problem]


@dataclass(frozen=True)
class Group:
    """The operations on one kind of record."""

    key: str
    text: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Shape:
    """One schema; without lines it is something else than an object."""

    key: str
    text: str
    lines: tuple[Line, ...]
    kind: Kind


@dataclass(frozen=True)
class Reference:
    """The whole page."""

    title: str
    version: str
    text: str
    groups: tuple[Group, ...]
    shapes: tuple[Shape, ...]


def reference(document: Mapping[str, Any]) -> Reference:
    """The document as a page shows it: groups in their order, schemas by name."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, said in operations_of(document):
        found[said["tags"][0]].append(_operation(document, path, method, said))
    groups = [Group(tag["name"], tag.get("description", ""), tuple(found[tag["name"]])) for tag in document["tags"]]
    schemas = document["components"]["schemas"]
    shapes = [
        Shape(name, schema.get("description", ""), tuple(_fields(schema)), kind_of(schema))
        for name, schema in sorted(schemas.items())
    ]
    info = document["info"]
    return Reference(info["title"], info["version"], info["description"], tuple(groups), tuple(shapes))


def pieces(text: str) -> list[tuple[bool, str]]:
    """A text and the code in it: (whether it is code, the piece), as backticks part them."""
    return [(at % 2 == 1, piece) for at, piece in enumerate(text.split("`")) if piece]


def kind_of(schema: Mapping[str, Any]) -> Kind:
    """What a value of `schema` is."""
    if "$ref" in schema:
        return Kind(schemas=(schema["$ref"].rpartition("/")[2],))
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if options:
        kinds = [kind_of(option) for option in options]
        named = tuple(name for kind in kinds for name in kind.schemas)
        words = " | ".join(kind.text for kind in kinds if kind.text)
        return Kind(schemas=named, after=f" | {words}" if words else "") if named else Kind(words)
    said = schema.get("type", "any")
    types = said if isinstance(said, list) else [said]
    if types[0] == "array" and "items" in schema:
        inner, others = kind_of(schema["items"]), "".join(f" | {name}" for name in types[1:])
        if inner.schemas:
            return Kind(inner.text, inner.schemas, f"{inner.after}[]{others}")
        return Kind(f"{inner.text}[]{others}")
    words = " | ".join(types)
    return Kind(f"{words} ({schema['format']})" if "format" in schema else words)


def _operation(document: Mapping[str, Any], path: str, method: str, said: Mapping[str, Any]) -> Operation:
    every = [*document["paths"][path].get("parameters", ()), *said.get("parameters", ())]
    known = [resolve(document, parameter) for parameter in every]
    body: Mapping[str, Any] = resolve(document, said.get("requestBody", {})).get("content", {})
    media: Mapping[str, Any] = next(iter(body.values()), {})
    schema = media.get("schema")
    example = "" if "example" not in media else json.dumps(media["example"], indent=2, ensure_ascii=False)
    return Operation(
        key=said["operationId"],
        method=method.upper(),
        tone=TONES[method],
        path=path,
        summary=said.get("summary", ""),
        permission=said.get("x-permission"),
        parameters=tuple(_line(item["name"], item["schema"], item, where=item["in"]) for item in known),
        body=None if schema is None else kind_of(schema),
        fields=() if schema is None else tuple(_fields(resolve(document, schema))),
        media_types=tuple(body),
        example=example,
        curl=_curl(path, method, known, next(iter(body), ""), example),
        answers=tuple(_answer(int(status), resolve(document, answer)) for status, answer in said["responses"].items()),
    )


def _answer(status: int, said: Mapping[str, Any]) -> Answer:
    media: Mapping[str, Any] = next(iter(said.get("content", {}).values()), {})
    kind = kind_of(media["schema"]) if "schema" in media else None
    return Answer(status, said.get("description", ""), kind, status >= 400, tuple(said.get("headers", ())))


def _fields(schema: Mapping[str, Any]) -> Iterator[Line]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield _line(name, field, {"required": name in required})


def _line(name: str, schema: Mapping[str, Any], said: Mapping[str, Any], where: str = "") -> Line:
    values, some = _values(schema)
    text = said.get("description") or schema.get("description", "")
    return Line(name, kind_of(schema), bool(said.get("required")), text, values, some, _limits(schema), where)


def _values(schema: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The values there are, and whether several may be sent, separated by commas."""
    several = SOME_OF.fullmatch(schema.get("pattern", ""))
    if several is not None:
        return tuple(several["names"].split("|")), True
    offered = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    return tuple(json.dumps(value) if value in (None, "") else str(value) for value in offered), False


def _limits(schema: Mapping[str, Any]) -> str:
    """What bounds a value, in signs that need no language, and how an identifier begins."""
    known = ID.match(schema.get("pattern", ""))
    first = [f"{known[1]}_…"] if known else [str(schema["example"])] if schema.get("example") else []
    found = first + [f"{sign} {schema[name]}" for name, sign in LIMITS.items() if name in schema]
    if "default" in schema and schema["default"] is not None:
        found.append(f"= {json.dumps(schema['default'], ensure_ascii=False)}")
    return ", ".join(found)


def _curl(path: str, method: str, parameters: Sequence[Mapping[str, Any]], media_type: str, example: str) -> str:
    """The request as a command; what is written large is to be filled in."""
    address = re.sub(r"{(\w+)}", lambda found: found[1].upper(), path)
    lines = [f'curl "https://{HOST}{address}"', '-H "Authorization: Bearer $KEY"']
    if method != "get":
        lines[0] = f'curl -X {method.upper()} "https://{HOST}{address}"'
    headers = [item["name"] for item in parameters if item["in"] == "header" and item.get("required")]
    lines += [f'-H "{name}: {name.upper()}"' for name in headers]
    if media_type:
        quoted = example.replace("'", "'\\''") or "{}"
        sent = f"-d '{quoted}'" if "json" in media_type else "--data-binary @FILE"
        lines += [f'-H "Content-Type: {media_type}"', sent]
    return " \\\n  ".join(lines)
