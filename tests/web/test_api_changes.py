"""What breaks a client is named, and what only adds is not: on documents made at random, and case by case."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.api_changes import breaking

Document = dict[str, Any]
NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta"])
LEAVES = st.one_of(
    st.builds(lambda most: {"type": "string", "maxLength": most, "minLength": 1}, st.integers(5, 50)),
    st.just({"type": ["string", "null"], "format": "date"}),
    st.just({"type": "integer", "minimum": 1, "maximum": 9}),
    st.just({"type": "string", "enum": ["a", "b", "c"]}),
    st.just({"$ref": "#/components/schemas/Again"}),
)


def objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, maps and objects of what `children` makes."""
    whole = st.builds(
        lambda fields, needed: {
            "type": "object", "properties": fields, "required": sorted(set(fields) & needed),
            "additionalProperties": False,
        },
        st.dictionaries(NAMES, children, min_size=1), st.sets(NAMES),
    )  # fmt: skip
    listed = st.builds(lambda inner: {"type": "array", "items": inner, "maxItems": 9}, children)
    return st.one_of(whole, listed, st.builds(lambda inner: {"anyOf": [inner, {"type": "null"}]}, children))


SCHEMAS = st.recursive(LEAVES, objects, max_leaves=8)
AGAIN = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Again"}, "x": {"type": "string"}},
         "required": ["x"]}  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document of a few operations, each with parameters, a body and answers."""
    paths: dict[str, Any] = {}
    for name in draw(st.sets(NAMES, min_size=1, max_size=3)):
        limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}
        some = {"name": "fields", "in": "query", "schema": {"type": "string", "pattern": "^(a|b)(,(a|b))*$"}}
        body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/In{name}"}}}}
        out = {"200": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/Out{name}"}}},
                       "headers": {"ETag": {}}}, "404": {"$ref": "#/components/responses/NotFound"}}  # fmt: skip
        paths[f"/{name}"] = {
            "parameters": [], "post": {
                "operationId": name, "x-permission": f"{name}.see", "parameters": [limit, some], "requestBody": body,
                "responses": out, "tags": [],
            },
        }  # fmt: skip
    names = [path[1:] for path in paths]
    schemas = {
        f"{way}{name}": {
            "type": "object", "required": ["kept"], "additionalProperties": way == "Out",
            "properties": {"kept": {"type": "string", "maxLength": 9}, "some": draw(SCHEMAS)},
        } for name in names for way in ("In", "Out")
    }  # fmt: skip
    refused = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Again"}}}
    responses = {"NotFound": {"content": refused}}
    return {"paths": paths, "components": {"schemas": {**schemas, "Again": AGAIN}, "responses": responses}}


def parts(document: Document, way: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first operation, and its schema of what goes in or out."""
    path = next(iter(document["paths"]))
    return document["paths"][path]["post"], document["components"]["schemas"][f"{way}{path[1:]}"]


Change = Callable[[dict[str, Any], dict[str, Any]], Any]


def field(key: str, value: Any) -> Change:
    """A change of the field that every schema has."""
    return lambda _operation, schema: schema["properties"]["kept"].__setitem__(key, value)


def parameter(at: int, key: str, value: Any) -> Change:
    return lambda operation, _schema: operation["parameters"][at]["schema"].__setitem__(key, value)


def new_parameter(*, required: bool) -> Change:
    said = {"name": "more", "in": "query", "required": required, "schema": {}}
    return lambda operation, _schema: operation["parameters"].append(said)


ADDITIONS: dict[str, tuple[str, Change]] = {
    "a parameter": ("In", new_parameter(required=False)),
    "a field that may be sent": ("In", lambda _o, schema: schema["properties"].update(more={"type": "string"})),
    "a field that was needed and may be left out": ("In", lambda _o, schema: schema.update(required=[])),
    "a longer text": ("In", field("maxLength", 99)),
    "no limit": ("In", lambda _o, schema: schema["properties"]["kept"].pop("maxLength")),
    "null too": ("In", field("type", ["string", "null"])),
    "a further name of a list of names": ("In", parameter(1, "pattern", "^(a|b|c)(,(a|b|c))*$")),
    "a larger number": ("In", parameter(0, "maximum", 99)),
    "numbers for whole ones": ("In", parameter(0, "type", "number")),
    "a further kind of body": ("In", lambda o, _s: o["requestBody"]["content"].update({"text/csv": {}})),
    "a field in an answer": ("Out", lambda _o, schema: schema["properties"].update(more={"type": "string"})),
    "a field that is always there": ("Out", lambda _o, schema: schema.update(required=["kept", "some"])),
    "a shorter text in an answer": ("Out", field("maxLength", 2)),
    "a further refusal": ("Out", lambda o, _s: o["responses"].update({"409": {}})),
    "a further header": ("Out", lambda o, _s: o["responses"]["200"]["headers"].update(Link={})),
    "no permission needed": ("In", lambda o, _s: o.update({"x-permission": "*"})),
}
BREAKS: dict[str, tuple[str, Change, str]] = {
    "another name": ("In", lambda o, _s: o.update(operationId="other"), "is called other"),
    "another permission": ("In", lambda o, _s: o.update({"x-permission": "other.see"}), "needs other.see"),
    "a parameter less": ("In", lambda o, _s: o["parameters"].pop(0), "parameter limit: is gone"),
    "a required parameter": ("In", lambda o, _s: o["parameters"][0].update(required=True), "limit: is required"),
    "a new required parameter": ("In", new_parameter(required=True), "more: is new and required"),
    "a smaller number": ("In", parameter(0, "maximum", 5), "maximum is 5 and was 9"),
    "a larger least number": ("In", parameter(0, "minimum", 2), "minimum is 2 and was 1"),
    "a name less in a list": ("In", parameter(1, "pattern", "^(a|c)(,(a|c))*$"), "not taken any more: b"),
    "another pattern": ("In", parameter(1, "pattern", "^x$"), "another pattern"),
    "no body": ("In", lambda o, _s: o.pop("requestBody"), "body: is gone"),
    "a required body": ("In", lambda o, _s: o["requestBody"].update(required=True), "body: is required"),
    "a shorter text": ("In", field("maxLength", 5), "maxLength is 5 and was 9"),
    "a least length": ("In", field("minLength", 2), "minLength is 2 and was None"),
    "values where all were free": ("In", field("enum", ["x"]), "all others"),
    "another type": ("In", field("type", "integer"), "string is not taken any more"),
    "another form": ("In", field("format", "date"), "is written as date"),
    "a field less": ("In", lambda _o, schema: schema["properties"].pop("kept"), "body.kept: is gone"),
    "a required field": ("In", lambda _o, schema: schema["required"].append("some"), "some: is required now"),
    "a field less in an answer": ("Out", lambda _o, schema: schema["properties"].pop("kept"), "200.kept: is gone"),
    "a field that may be missing": ("Out", lambda _o, schema: schema.update(required=[]), "not always there"),
    "another type in an answer": ("Out", field("type", "integer"), "kept: may be integer now"),
    "null in an answer": ("Out", field("type", ["string", "null"]), "kept: may be null now"),
    "another success": ("Out", lambda o, _s: o["responses"].update({"201": o["responses"].pop("200")}), "200: is not"),
    "a header less": ("Out", lambda o, _s: o["responses"]["200"]["headers"].clear(), "header ETag is gone"),
    "an answer of another kind": ("Out", lambda o, _s: o["responses"]["200"].pop("content"), "json is not answered"),
}


@given(documents())
def test_nothing_breaks_without_a_change(document: Document) -> None:
    assert breaking(document, copy.deepcopy(document)) == []


@given(documents())
def test_another_operation_breaks_nothing_and_one_less_does(document: Document) -> None:
    more = copy.deepcopy(document)
    more["paths"]["/more"] = {"get": {"operationId": "more", "responses": {"200": {}}}}
    assert breaking(document, more) == []
    assert breaking(more, document) == ["GET /more: is gone"]


@given(document=documents(), name=st.sampled_from(sorted(ADDITIONS)))
def test_what_only_adds_breaks_nothing(document: Document, name: str) -> None:
    changed = copy.deepcopy(document)
    way, change = ADDITIONS[name]
    change(*parts(changed, way))
    assert breaking(document, changed) == [], name


@given(document=documents(), name=st.sampled_from(sorted(BREAKS)))
def test_what_breaks_is_named_with_its_operation(document: Document, name: str) -> None:
    changed = copy.deepcopy(document)
    way, change, said = BREAKS[name]
    change(*parts(changed, way))
    found = breaking(document, changed)
    assert any(said in line for line in found), (name, found)
    assert all(line.startswith("POST /") for line in found)


@pytest.mark.parametrize("name", sorted(ADDITIONS))
def test_taking_an_addition_back_is_a_break_or_a_refusal_less(name: str) -> None:
    schema = {"type": "object", "properties": {"kept": {"type": "string", "maxLength": 9}, "some": {}},
              "required": ["kept"]}  # fmt: skip
    document = base(schema)
    changed = copy.deepcopy(document)
    way, change = ADDITIONS[name]
    change(*parts(changed, way))
    free = {"a further refusal", "a shorter text in an answer"}
    assert (breaking(changed, document) == []) == (name in free), name


def base(schema: dict[str, Any]) -> Document:
    """The plainest document these changes can be made to."""
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}
    some = {"name": "fields", "in": "query", "schema": {"type": "string", "pattern": "^(a|b)(,(a|b))*$"}}
    media = [{"application/json": {"schema": {"$ref": f"#/components/schemas/{way}x"}}} for way in ("In", "Out")]
    answers = {"200": {"content": media[1], "headers": {}}}
    said = {"operationId": "x", "x-permission": "x.see", "parameters": [limit, some],
            "requestBody": {"content": media[0]}, "responses": answers}  # fmt: skip
    schemas = {"Inx": copy.deepcopy(schema), "Outx": copy.deepcopy(schema)}
    return {"paths": {"/x": {"post": said}}, "components": {"schemas": schemas}}


def test_a_value_less_breaks_what_is_sent_and_a_further_one_no_reader() -> None:
    few, many = ({"type": "string", "enum": values} for values in (["a", "b"], ["a", "b", "c"]))
    before, after = (base({"type": "object", "properties": {"kept": kept}}) for kept in (few, many))
    assert breaking(before, after) == []
    assert breaking(after, before) == ["POST /x: body.kept: not taken any more: c"]


def test_one_of_several_ways_less_breaks() -> None:
    both = {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}
    before, after = base(both), base({"type": "string"})
    assert breaking(before, after) == ["POST /x: body: object is not taken any more"]
    assert breaking(after, before) == ["POST /x: 200: may be object now"]
