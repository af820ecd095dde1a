"""Exports over the API: a question to a list as a file, made as from the page, under what the caller may at each step.

A key takes what its right `<resource>.export` reaches; a person has shown a second factor when it was given that. What
leaves in full (past the dealership's rules) is asked for and decided by people alone, and so are rules and schedules.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any
from urllib.parse import quote

from flask import Response, current_app
from flask_babel import gettext
from sqlalchemy import Select

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.access import ANY_USER, require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    RecordSchema,
    answer,
    answer_list,
    answer_one,
    answered,
    begun,
    documented,
    lists,
    load_body,
    shows,
)
from app.core.http.api.fields import write_instant
from app.core.http.api.operations import OF_BODIES, OF_RECORDS, key_parameter, listed_records
from app.core.http.api.questions import flattened, read_question, record_name
from app.core.http.api.records import PREFIX
from app.core.http.forms import NOT_OFFERED
from app.core.http.sessions import current_actor
from app.core.http.stepup import step_up
from app.core.lists.exports import operations, taking
from app.core.lists.exports.models import Export
from app.core.lists.exports.operations import Asked
from app.core.lists.exports.states import MEDIA_TYPES
from app.core.lists.query import ListQuery
from app.core.lists.spec import REGISTRY, ListSpec
from app.web.api.export_shapes import ExportSchema, LeavingListsSchema, LinkSchema, NewExport
from app.web.api.jobs import JOB
from app.web.api.work_shapes import named
from app.web.export_words import EXPORTS
from app.web.i18n import current_locale

bp = ApiBlueprint("exports", "Lists as files.")

EXAMPLE = {
    "list": "customers",
    "filter": {"kind": "business"},
    "fields": ["name", "store"],
    "format": "csv",
    "purpose": "Letter to companies",
}
FILE_TYPES = tuple(name.partition(";")[0] for name in MEDIA_TYPES.values())


def _whole(actor: Actor) -> Select[Any]:
    return EXPORTS.source(actor).add_columns(Export.treated, Export.size, Export.job_id)


EXPORT = ApiRecord(
    name="export",
    path="exports",
    spec=EXPORTS,
    schema=ExportSchema,
    source=_whole,
    names={"user_id": "owner", "created_at": "created", "in_full": "unmasked"},
)


@bp.route("/exports", methods=["GET"])
@require(ANY_USER)
@lists(EXPORT)
def list_exports():
    """List exports"""
    return answer_list(EXPORT)


@bp.route("/exports/lists", methods=["GET"])
@require(ANY_USER)
@documented(gives={200: LeavingListsSchema})
def list_leaving_lists():
    """List what you may export, with its columns and filters"""
    actor = current_actor()
    return answer({"data": [_leaving(actor, spec) for spec in REGISTRY.values() if operations.may_export(actor, spec)]})


@bp.route("/exports", methods=["POST"])
@require(ANY_USER)
@step_up
@documented(
    parameters=[key_parameter(required=False)], body=NewExport, example=EXAMPLE, gives={202: JOB.schema},
    problems=(*OF_BODIES, *OF_RECORDS),
)  # fmt: skip
def start_export():
    """Have the rows of a list written to a file"""
    actor, data = current_actor(), load_body(NewExport)
    spec = REGISTRY.get(data["list_"])
    if spec is None or spec.export_permission is None:
        raise Invalid([FieldError("list", "not_offered", NOT_OFFERED)])
    operations.check_may_take(actor, spec)
    query = _query(actor, spec, data)
    asked = Asked(data["format"], data["purpose"], data["recipient"] or "")
    return begun(JOB, lambda: _start(actor, query, asked))


@bp.route("/exports/<export_id>", methods=["GET"])
@require(ANY_USER)
@shows(EXPORT)
def show_export(export_id: str):
    """Read an export"""
    return answer_one(EXPORT, export_id)


@bp.route("/exports/<export_id>/link", methods=["POST"])
@require(ANY_USER)
@step_up
@documented(parameters=[key_parameter(required=False)], gives={200: LinkSchema}, problems=(*OF_BODIES, *OF_RECORDS))
def make_export_link(export_id: str):
    """Make a link to the file of your own export: 15 minutes, three uses, for nobody else"""
    actor, key = current_actor(), EXPORT.key_of(export_id)
    EXPORT.find(actor, key)

    def make() -> dict[str, Any]:
        token = taking.make_link(actor, key)
        until = write_instant(clock.now().astimezone(UTC) + taking.LINK_LIVES)
        return {"url": f"{PREFIX}/exports/{export_id}/file/{token}", "expires_at": until, "uses": taking.MOST_USES}

    return answered(make)


@bp.route("/exports/<export_id>/file/<file_key>", methods=["GET"])
@require(ANY_USER)
@documented(gives={}, gives_file=FILE_TYPES, problems=OF_RECORDS)
def download_export_file(export_id: str, file_key: str):
    """Download the file by its link"""
    with transaction():
        taken = taking.take(current_actor(), EXPORT.key_of(export_id), file_key)
    response = Response(taken.pieces, content_type=taken.media_type, direct_passthrough=True)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", taken.name)
    encoded = quote(taken.name, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.content_length = taken.size
    return response


@bp.route("/exports/<export_id>/file", methods=["DELETE"])
@require(ANY_USER)
@documented(gives={204: None}, problems=OF_RECORDS)
def delete_export_file(export_id: str):
    """Delete the file of an export; what was asked and done stays on record"""
    actor, key = current_actor(), EXPORT.key_of(export_id)
    with transaction():
        row = operations.get_export(actor, key, for_update=True)
        if not operations.may_drop(actor, row):
            raise NotFound
        taking.drop_file(actor, row, "export.delete")
    return Response(status=204)


def _start(actor: Actor, query: ListQuery, asked: Asked) -> uuid.UUID:
    zone = current_tenant().timezone
    job_id = operations.start_export(actor, query, asked, locale=current_locale(), timezone=zone).job_id
    if job_id is None:
        raise NotFound
    return job_id


def _leaving(actor: Actor, spec: ListSpec) -> dict[str, Any]:
    policy, record = policy_for(actor), _record(spec)
    return {
        "list": spec.name,
        "label": gettext(spec.label),
        "columns": named({column.key: gettext(column.label) for column in spec.visible_columns(policy)}),
        "filters": [record_name(record, key) for key in spec.usable_filters(policy)],
    }


def _query(actor: Actor, spec: ListSpec, data: Mapping[str, Any]) -> ListQuery:
    """The question as `POST …/query` of the list would read it, for the list as its page has it."""
    said = {"filter": data["filter"], "sort": data["sort"], "view": data["view"]}
    sent = flattened({name: value for name, value in said.items() if value})
    question = read_question(_record(spec), actor, sent, by_post=True)
    chosen = _columns(actor, spec, data["fields_"])
    return replace(question.query, spec=spec, cols=chosen or question.query.cols)


def _columns(actor: Actor, spec: ListSpec, wanted: list[str] | None) -> tuple[str, ...] | None:
    if wanted is None:
        return None
    seen = [column.key for column in spec.visible_columns(policy_for(actor))]
    unknown = [at for at, key in enumerate(wanted) if key not in seen]
    errors = [FieldError(f"fields/{at}", "not_offered", NOT_OFFERED) for at in unknown]
    if errors:
        raise Invalid(errors)
    # The first says which record a row is, so it always stands there.
    return tuple(dict.fromkeys([seen[0], *wanted]))


def _record(spec: ListSpec) -> ApiRecord:
    """The kind of record a list shows, for the names its parameters have here; their own where it has none."""
    found = listed_records(current_app).get(spec.name)  # type: ignore[arg-type]
    return found or ApiRecord(name=spec.name, path=spec.name, spec=spec, schema=RecordSchema)
