"""The API's own room: what is the same for every record. A module's `api` says what its records are."""

from app.core.http.api.batches import answer_batch
from app.core.http.api.bodies import load_body, read_json, refer
from app.core.http.api.document import api_document, init_app, register
from app.core.http.api.effects import acted, answered, begun, created, done
from app.core.http.api.lists import answer_list, answer_one, answer_query
from app.core.http.api.operations import (
    ApiBlueprint,
    acts,
    batches,
    creates,
    deletes,
    documented,
    lists,
    parameter,
    patches,
    queries,
    shows,
)
from app.core.http.api.patches import delete_record, patch_record
from app.core.http.api.questions import BadQuestion, read_parameters
from app.core.http.api.records import ApiRecord, Expand, answer, answer_record
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema

__all__ = [
    "OPEN",
    "ApiBlueprint",
    "ApiRecord",
    "BadQuestion",
    "BodySchema",
    "Expand",
    "RecordSchema",
    "acted",
    "acts",
    "answer",
    "answer_batch",
    "answer_list",
    "answer_one",
    "answer_query",
    "answer_record",
    "answered",
    "api_document",
    "batches",
    "begun",
    "created",
    "creates",
    "delete_record",
    "deletes",
    "documented",
    "done",
    "init_app",
    "lists",
    "load_body",
    "parameter",
    "patch_record",
    "patches",
    "queries",
    "read_json",
    "read_parameters",
    "refer",
    "register",
    "shows",
]  # fmt: skip
