"""Lists over the API: one statement for the page, keyset cursors both ways, `Link` for those who follow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request

from app.core.db import current_tenant
from app.core.errors import Invalid
from app.core.http.api.bodies import read_json
from app.core.http.api.questions import BadQuestion, Question, flattened, read_looks, read_question
from app.core.http.api.records import ApiRecord, answer, answer_record
from app.core.http.sessions import current_actor
from app.core.lists.cursors import CursorCodec
from app.core.lists.pages import Page, run


def answer_list(record: ApiRecord) -> Response:
    """The page that the address asks for."""
    sent = dict(request.args.lists())
    question = read_question(record, current_actor(), sent, by_post=False)
    page = _page(record, question)
    links = [(way, cursor) for way, cursor in (("next", page.next_cursor), ("prev", page.prev_cursor)) if cursor]
    base = f"{request.scheme}://{request.host}{request.path}"
    headers = {}
    if links:
        headers["Link"] = ", ".join(
            f'<{base}?{urlencode({**sent, "cursor": [cursor]}, doseq=True)}>; rel="{way}"' for way, cursor in links
        )
    return answer(_body(record, question, page), 200, headers)


def answer_query(record: ApiRecord) -> Response:
    """As `answer_list`, asked by a JSON body: the only way to ask for personal values. Changes nothing."""
    question = read_question(record, current_actor(), flattened(read_json()), by_post=True)
    return answer(_body(record, question, _page(record, question)))


def answer_one(record: ApiRecord, public_id: str) -> Response:
    """One record, with the fields and what comes along as the address asks."""
    key = record.key_of(public_id)
    only, expand = read_looks(record, dict(request.args.lists()))
    return answer_record(record, key, only=only, expand=expand)


def _page(record: ApiRecord, question: Question) -> Page:
    tenant = current_tenant()
    cursors = CursorCodec(current_app.config["SECRET_KEY"], tenant.id)
    try:
        return run(
            record.listed,
            current_actor(),
            question.query,
            cursors=cursors,
            timezone=tenant.timezone,
            with_total=question.with_total,
        )
    except Invalid as refusal:
        raise BadQuestion(refusal.errors) from refusal


def _body(record: ApiRecord, question: Question, page: Page) -> Mapping[str, Any]:
    ways: dict[str, Any] = {
        "next_cursor": page.next_cursor,
        "prev_cursor": page.prev_cursor,
        "has_more": page.next_cursor is not None,
    }
    if page.total is not None:
        ways |= {"total": page.total, "total_capped": page.total_capped}
    rows = record.dump(current_actor(), page.rows, only=question.only, expand=question.expand)
    return {"data": rows, "page": ways}
