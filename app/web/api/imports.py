"""Imports over the API: a table out of an uploaded file, mapped, tried out, taken in, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Response
from flask_babel import gettext
from sqlalchemy import Integer, Select, Text, case, cast, func, literal

from app.core.db import transaction
from app.core.errors import FieldError, Invalid
from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acts,
    answer,
    answer_list,
    answer_one,
    answer_record,
    begun,
    created,
    creates,
    documented,
    lists,
    load_body,
    shows,
)
from app.core.http.api.operations import OF_BODIES, OF_RECORDS
from app.core.http.forms import NOT_OFFERED
from app.core.http.sessions import current_actor
from app.core.jobs.imports import failures, mapping, operations
from app.core.jobs.imports.models import Import, Outcome
from app.core.jobs.models import Job
from app.core.jobs.uploads import operations as uploads
from app.web.api.jobs import JOB
from app.web.api.work_shapes import ImportColumnsSchema, ImportSchema, KindsSchema, NewImport, NewMapping, named
from app.web.import_columns import kind_of, shown_field
from app.web.imports import offered_kinds, reason_of
from app.web.work_lists import IMPORTS

bp = ApiBlueprint("imports", "Tables that come in: customers, vehicles in stock, past sales.")

EXAMPLE = {"file_id": "file_…", "kind": "customers"}
MAPPING = {
    "version": 1,
    "columns": {"name": "Name", "store": "Location"},
    "defaults": {"store": "S1"},
    "values": {"store": {"ca": "S1", "tx": "S2"}},
}


def _whole(actor: Actor) -> Select[Any]:
    refused = sum((_count(outcome) for outcome in (Outcome.FAILED, Outcome.CONFLICT)), literal(0))
    at = literal("imports imp ") + cast(Import.id, Text) + literal(" errors")
    return IMPORTS.source(actor).add_columns(
        *(Import.version, Import.counts, Import.headers, Import.mapping, Import.job_id, Import.updated_at),
        case((refused > 0, at)).label("errors_url"),
    )


def _count(outcome: Outcome) -> Any:
    return func.coalesce(cast(Import.counts[outcome].astext, Integer), 0)


IMPORT = ApiRecord(
    name="import",
    path="imports",
    spec=IMPORTS,
    schema=ImportSchema,
    source=_whole,
    names={"user_id": "owner", "created_at": "created"},
)


@bp.route("/imports", methods=["GET"])
@require("import.see")
@lists(IMPORT)
def list_imports():
    """List imports"""
    return answer_list(IMPORT)


@bp.route("/imports/kinds", methods=["GET"])
@require("import.create")
@documented(gives={200: KindsSchema})
def list_import_kinds():
    """List what you may import"""
    return answer({"data": named(dict(offered_kinds(current_actor())))})


@bp.route("/imports", methods=["POST"])
@require("import.create")
@creates(IMPORT, NewImport, EXAMPLE)
def create_import():
    """Open an uploaded file as a table, mapped as its headers say or as they were mapped before"""
    data = load_body(NewImport)
    if data["kind"] not in dict(offered_kinds(current_actor())):
        raise Invalid([FieldError("kind", "not_offered", NOT_OFFERED)])
    return created(IMPORT, lambda: _create(**data))


@bp.route("/imports/<import_id>", methods=["GET"])
@require("import.see")
@shows(IMPORT)
def show_import(import_id: str):
    """Read an import"""
    return answer_one(IMPORT, import_id)


@bp.route("/imports/<import_id>/columns", methods=["GET"])
@require("import.create")
@documented(gives={200: ImportColumnsSchema}, problems=OF_RECORDS)
def show_import_columns(import_id: str):
    """Read what a mapping is made from: columns with examples, fields with choices, and what feeds them now"""
    actor = current_actor()
    found = operations.get_import(actor, IMPORT.key_of(import_id))
    wanted, fields = mapping.loaded(found.mapping), kind_of(found).offered(actor)
    chosen = [wanted.columns[item.key] for item in fields if item.choices is not None and item.key in wanted.columns]
    counted = operations.distinct_values(actor, found.id, chosen)
    examples = operations.example_values(actor, found.id)
    shown = [shown_field(item, actor, wanted, counted, examples) for item in fields]
    columns = [{"header": header, "examples": examples[header]} for header in found.headers]
    return answer({"columns": columns, "fields": [_field(item) for item in shown]})


@bp.route("/imports/<import_id>/mapping", methods=["PUT"])
@require("import.create")
@documented(body=NewMapping, example=MAPPING, gives={200: ImportSchema}, problems=(*OF_BODIES, *OF_RECORDS))
def map_import(import_id: str):
    """Set which columns feed which fields, in the place of the mapping there is"""
    actor, key = current_actor(), IMPORT.key_of(import_id)
    IMPORT.find(actor, key)
    data = load_body(NewMapping)
    try:
        with transaction():
            operations.map_columns(actor, key, **data)
    except Invalid as refusal:
        raise _pointed(refusal, data, "") from refusal
    return answer_record(IMPORT, key)


@bp.route("/imports/<import_id>/check", methods=["POST"])
@require("import.create")
@acts(JOB, status=202)
def check_import(import_id: str):
    """Begin the dry run: what the run would do is counted, and nothing changes"""
    return _begin(import_id, operations.start_check)


@bp.route("/imports/<import_id>/run", methods=["POST"])
@require("import.create")
@acts(JOB, required=True, status=202)
def run_import(import_id: str):
    """Begin to take the rows in"""
    return _begin(import_id, operations.start_run, required=True)


@bp.route("/imports/<import_id>/undo", methods=["POST"])
@require("import.create")
@acts(JOB, required=True, status=202)
def undo_import(import_id: str):
    """Begin to take back what the import made, within 24 hours; what was changed since stays"""
    return _begin(import_id, operations.start_undo, required=True)


@bp.route("/imports/<import_id>/errors", methods=["GET"])
@require("import.see")
@documented(gives={}, gives_file=("text/csv",), problems=OF_RECORDS)
def download_import_errors(import_id: str):
    """Read the rows that were not taken, each with the reason, as a CSV file that can be corrected and sent again"""
    actor, key = current_actor(), IMPORT.key_of(import_id)
    kind = kind_of(operations.get_import(actor, key))
    reason = gettext("Why it was not taken")
    data = failures.write_failed_rows(actor, key, reason, lambda error: reason_of(kind, error))
    headers = {"Content-Disposition": f'attachment; filename="{import_id}-errors.csv"'}
    return Response(data, mimetype="text/csv", headers=headers)


def _create(file_id: uuid.UUID, kind: str) -> uuid.UUID:
    actor = current_actor()
    name, stream = uploads.open_upload(actor, file_id, uploads.IMPORT)
    return operations.create_import(actor, kind=kind, stream=stream, file_name=name).id


def _begin(import_id: str, start: Callable[[Actor, uuid.UUID], Job], *, required: bool = False) -> Response:
    actor, key = current_actor(), IMPORT.key_of(import_id)
    IMPORT.find(actor, key)
    try:
        return begun(JOB, lambda: start(actor, key).id, required=required)
    except Invalid as refusal:
        found = operations.get_import(actor, key).mapping
        raise _pointed(refusal, found, "mapping/") from refusal


def _pointed(refusal: Invalid, sent: Mapping[str, Any], before: str) -> Invalid:
    """The refusals of a mapping, each pointing at the part of it that is wrong."""
    return Invalid([replace(error, field=f"{before}{_part(error, sent)}/{error.field}") for error in refusal.errors])


def _part(error: FieldError, sent: Mapping[str, Any]) -> str:
    if error.code == "unknown_choice" and error.field in sent.get("values", {}):
        return "values"
    if error.code in ("unknown_column", "not_mapped") and error.field not in sent.get("defaults", {}):
        return "columns"
    return "columns" if error.code == "unknown_column" and error.field in sent.get("columns", {}) else "defaults"


def _field(item: Mapping[str, Any]) -> dict[str, Any]:
    choices = item["choices"]
    return {
        "key": item["key"],
        "label": gettext(item["label"]),
        "required": item["required"],
        "column": item["header"] or None,
        "default": item["default"] or None,
        "choices": None if choices is None else [{"value": value, "label": label} for value, label in choices],
        "found": [{"text": text, "count": count, "value": value} for text, count, value in item["found"]],
    }
