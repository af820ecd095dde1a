"""The API's document, for machines as it is and for people as a page; of the running release, open to everybody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson
from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from app.core.http.access import public
from app.core.http.api import api_document
from app.core.http.surface import DOCS_PATH
from app.web.api_errors import Refusal, refusals
from app.web.api_reference import Reference, pieces, reference

bp = Blueprint("api_docs", __name__)

SAME_FOR_ALL = "what the API takes and gives is the same for everybody and no secret"


@dataclass(frozen=True)
class _Kept:
    """The document of this process, as it goes out and as the page shows it."""

    body: bytes
    mark: str
    reference: Reference
    refusals: list[Refusal]


@bp.get("/api/v1/openapi.json")
@public(SAME_FOR_ALL, bare=True)
def show_document() -> BaseResponse:
    kept = _kept()
    response = Response(kept.body, mimetype="application/json")
    response.set_etag(kept.mark)
    # Anybody may keep it, and asks each time whether it is still the one.
    response.cache_control.public, response.cache_control.no_cache = True, True
    return response.make_conditional(request)


@bp.get(DOCS_PATH)
@public(SAME_FOR_ALL, bare=True)
def show_reference() -> str:
    kept = _kept()
    return render_template(
        "web/api_docs.html", reference=kept.reference, refusals=kept.refusals, pieces=pieces, base=request.host
    )


def _kept() -> _Kept:
    known: _Kept | None = current_app.extensions.get("forecourt_api_docs")
    if known is None:
        document = api_document()
        body = orjson.dumps(document)
        mark = hashlib.sha256(body).hexdigest()[:32]
        known = _Kept(body, mark, reference(document), refusals())
        current_app.extensions["forecourt_api_docs"] = known
    return known
