"""The beginning and the end of a request: its id, its log line, and refusals decided before Flask."""

from __future__ import annotations

import secrets
import time

from flask import Response, g, request

from app.core.db import find_tenant
from app.core.guard.origin import come_from, forget_origin
from app.core.http.hosts import REFUSALS
from app.core.logging import bind, get_logger, unbind

log = get_logger(__name__)


def begin() -> None:
    """Give the request its id, bind it to the log lines, and raise what the host middleware decided."""
    g.request_id = secrets.token_hex(8)
    g.began = time.perf_counter()
    tenant = find_tenant()
    bind(request_id=g.request_id, tenant=tenant.id if tenant else None)
    come_from(request.environ.get("forecourt.client", ""), request.headers.get("User-Agent", ""))
    refusal = request.environ.get("forecourt.refusal")
    if refusal is not None:
        raise REFUSALS[refusal]


def end(response: Response) -> Response:
    """Name the request in the answer and write its one log line: the route's name, never the address itself."""
    response.headers["X-Request-Id"] = request_id()
    log.info(
        "request",
        method=request.method,
        endpoint=request.endpoint,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
    )
    unbind("request_id", "tenant", "user")
    forget_origin()
    return response


def request_id() -> str:
    """The id of this request."""
    return g.get("request_id", "")
