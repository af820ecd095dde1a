"""Rows of the API as JSON: what the plan makes of any row is what its marshmallow schema would."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import fields

from app.core.db import Tenant
from app.core.guard import vault
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import Actor, system_actor
from app.core.guard.policy import Sight, policy_for
from app.core.http.api import api_document
from app.core.http.api.dumping import dump_fields, plan_for, sight_of
from app.core.http.api.fields import Instant, Money, Number, PublicId, TypedId
from app.core.http.api.schemas import RecordSchema
from app.tenants.api.shapes import Grants, Memberships, Sights
from app.web.api.export_shapes import ExportWords
from app.web.api.work_shapes import Address


def instant(microseconds: int, zone: ZoneInfo) -> datetime:
    """So long before or after the millennium, as told in `zone`."""
    return (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).astimezone(zone)


CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
TEXTS = st.text(max_size=12)
# The nearest class decides.
VALUES: dict[type, st.SearchStrategy[Any]] = {
    # As the sources of their lists put them together; of words, what is sealed.
    ExportWords: TEXTS,
    Address: st.uuids().map(lambda key: f"jobs job {key} cancel"),
    Memberships: st.lists(st.tuples(st.uuids(), st.uuids()), max_size=3),
    Grants: st.dictionaries(st.sampled_from(["customer.see", "*", "unheard.of"]), st.sampled_from(["own", "all"])),
    Sights: st.dictionaries(st.sampled_from(["contact", "*", "unheard_of"]), st.sampled_from(["masked", "visible"])),
    PublicId: st.uuids(),
    TypedId: st.uuids(),
    Instant: st.builds(instant, st.integers(-(10**16), 10**16), st.timezones()),
    Money: st.decimals(-(10**9), 10**9, places=4),
    Number: st.decimals(-(10**9), 10**9, places=6),
    fields.Date: st.dates(),
    fields.Boolean: st.booleans(),
    fields.Integer: st.integers(-(2**40), 2**40),
    fields.String: TEXTS,
    fields.Raw: st.lists(TEXTS, max_size=3),
}


def values_of(field: fields.Field[Any]) -> st.SearchStrategy[Any]:
    """Anything a row may hold in this field."""
    if type(field) in VALUES:
        return VALUES[type(field)]
    if isinstance(field, fields.Dict):
        inner = TEXTS if field.value_field is None else values_of(field.value_field)
        return st.dictionaries(TEXTS, inner, max_size=3)
    if isinstance(field, fields.List):
        return st.lists(values_of(field.inner), max_size=3)
    if isinstance(field, fields.Nested):
        parts = field.schema.dump_fields
        inside = {part.attribute or name: values_of(part) for name, part in parts.items()}
        beside = {part.currency: CURRENCIES for part in parts.values() if isinstance(part, Money)}
        return st.fixed_dictionaries(inside | beside)
    return next(VALUES[kind] for kind in type(field).__mro__ if kind in VALUES)


def rows_of(schema: type[RecordSchema]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows with every column the fields of `schema` are read from."""
    columns: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in dump_fields(schema).items():
        if not field._CHECK_ATTRIBUTE:
            # Worked out of a sealed value and the key beside it; those that have one are read in the module's tests.
            columns[f"{name}_key"] = st.none()
            continue
        columns[field.attribute or name] = st.none() | values_of(field)
        if isinstance(field, Money):
            columns[field.currency] = CURRENCIES
        if isinstance(field, TypedId):
            columns[field.kind] = st.sampled_from([*field.prefixes, "unheard_of"])
    return st.fixed_dictionaries(columns)


def schemas(base: type[RecordSchema] = RecordSchema) -> list[type[RecordSchema]]:
    """Every kind of record the application declares."""
    found = [one for one in base.__subclasses__() if one.__module__.startswith("app.")]
    return found + [deeper for one in found for deeper in schemas(one)]


def stored(kind: type[RecordSchema], row: dict[str, Any]) -> dict[str, Any]:
    """The row with what is kept sealed in it sealed, as far as it has an id to seal it for."""
    for name, field in dump_fields(kind).items():
        at = field.attribute or name
        if isinstance(field, ExportWords) and row[at] is not None:
            row[at] = vault.seal_json("core_exports", field.column, row["id"], row[at]) if row["id"] else None
    return row


def test_every_record_is_dumped_as_its_schema_would(app: Flask, in_alpha: Tenant) -> None:
    kinds = schemas()
    assert {"CustomerSchema", "ActivitySchema"} <= {kind.__name__ for kind in kinds}
    policy = policy_for(system_actor("test"))


    def compare(kind: type[RecordSchema], row: dict[str, Any]) -> None:
        row = stored(kind, dict(row))
        made = plan_for(kind, list(row), policy).dump(namedtuple("Row", row)(**row))
        assert made == kind().dump(SimpleNamespace(**row))

    for kind in kinds:
        settings(max_examples=40, deadline=None)(given(st.just(kind), rows_of(kind))(compare))()


def test_the_document_is_true_for_whoever_sees_masks_alone(app: Flask) -> None:
    """A masked field is null unless it is the mask; a hidden one is absent, so that none may be required."""
    with app.app_context():
        described = api_document()["components"]["schemas"]
    policy = policy_for(Actor(user_id=None, name="x", sights=dict.fromkeys(GROUPS, "masked")))
    wrong, seen = [], 0
    for kind in schemas():
        said = described.get(kind.__name__.removesuffix("Schema"), {"properties": {}})
        for name, field in dump_fields(kind).items():
            if name in said["properties"] and sight_of(kind, field, field.attribute or name, policy) is Sight.MASKED:
                seen += 1
                shape = said["properties"][name]
                nullable = "null" in shape.get("type", ()) or {"type": "null"} in shape.get("anyOf", ())
                wrong += [] if nullable or field.metadata.get("mask") else [f"{kind.__name__}.{name}"]
                wrong += [f"{kind.__name__}.{name} is required"] if name in said.get("required", ()) else []
    assert wrong == []
    assert seen > 5
