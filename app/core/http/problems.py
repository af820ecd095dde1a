"""Refusals as answers: a page, or RFC 9457 problem details where JSON is preferred; the words are chosen here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import escape
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.core.errors import N_, DomainError, FieldError, Marked, NotFound, PermissionDenied, Stale
from app.core.http.refusals import note_denied
from app.core.http.surface import is_api
from app.core.logging import get_logger

log = get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
TEMPLATE = "web/problem.html"
RETRY_SECONDS = "30"


class NotSignedIn(DomainError):
    """The page is for people who are signed in."""

    code = "not_signed_in"
    message = N_("Please sign in first.")
    status = 401
    # Where people of this host sign in.
    sign_in = "tenants.sign_in"


class FactorMissing(DomainError):
    """Whoever is signed in owes a second factor before anything else."""

    code = "second_factor_missing"
    message = N_("Your account asks for a second factor. Show it, or set one up, to go on.")
    status = 403


class ForgedRequest(DomainError):
    """The change did not come from a page of this host that belongs to this session."""

    code = "csrf_failed"
    message = N_("This form is no longer valid. Go back, reload the page and send it again.")
    status = 403


class HostUnknown(DomainError):
    """No dealership answers at this host."""

    code = "unknown_host"
    message = N_("There is no dealership at this address.")
    status = 404


class TenantSuspended(DomainError):
    """The dealership's access is suspended; its data stays."""

    code = "tenant_suspended"
    message = N_("This dealership is suspended. Nobody can sign in for now; its data is kept.")
    status = 403


class TenantBeingPrepared(DomainError):
    """The dealership is being created."""

    code = "tenant_preparing"
    message = N_("This dealership is being set up. Try again in a minute.")
    status = 503


class TenantUnreadable(DomainError):
    """The tenant's schema has a version this code cannot read."""

    code = "tenant_unreadable"
    message = N_("This dealership is being updated. Try again in a few minutes.")
    status = 503


class Unavailable(DomainError):
    """A server this one depends on does not answer."""

    code = "unavailable"
    message = N_("The database does not answer at the moment. Try again in a minute.")
    status = 503


class Unexpected(DomainError):
    """A fault of ours; the log has the rest."""

    code = "internal_error"
    message = N_("Something went wrong on our side. It has been noted.")
    status = 500


# What Werkzeug raises, in our words.
HTTP_WORDS = {
    400: ("bad_request", N_("This request cannot be read.")),
    404: ("not_found", NotFound.message),
    405: ("method_not_allowed", N_("This address does not take such a request.")),
    413: ("too_large", N_("This is too large.")),
    415: ("unsupported_media_type", N_("This kind of content is not taken here.")),
}


def words(message: str, params: Any) -> str:
    """`message` in the visitor's language with `params` filled in; parameters marked for translation follow it."""
    said = {name: gettext(value) if isinstance(value, Marked) else value for name, value in params.items()}
    return gettext(message).format(**said)


def sentence(error: DomainError) -> str:
    """The refusal as one sentence in the visitor's language."""
    return words(error.message, error.params)


def field_words(error: DomainError) -> dict[str, list[str]]:
    """Sentences by field for a form's page; a refusal of no single field stands under `_form`."""
    found: dict[str, list[str]] = {}
    for item in error.field_errors():
        found.setdefault(item.field, []).append(words(item.message, item.params))
    return found or {"_form": [sentence(error)]}


def wants_json() -> bool:
    """Whether the client prefers JSON over a page."""
    if is_api(request):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", PROBLEM_TYPE])
    return best in ("application/json", PROBLEM_TYPE)


def problem(
    status: int,
    code: str,
    detail: str,
    errors: list[FieldError] | None = None,
    permission: str | None = None,
    *,
    where: str = "pointer",
    extensions: Mapping[str, Any] | None = None,
) -> Response:
    """The answer for a refusal, as page or as problem details; a page may say who holds the `permission` that lacks."""
    if wants_json():
        response = jsonify(problem_details(status, code, detail, errors or [], where, extensions or {}))
        response.mimetype = PROBLEM_TYPE
    else:
        response = current_app.make_response(_page(status, code, detail, permission))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def problem_details(
    status: int, code: str, detail: str, errors: Sequence[FieldError], where: str, extensions: Mapping[str, Any]
) -> dict[str, Any]:
    """A refusal as RFC 9457 has it; `where` says what errors name: a pointer into the body, or a parameter."""
    body: dict[str, Any] = {
        "type": f"urn:forecourt:problem:{code}",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": g.get("request_id", ""),
        **extensions,
    }
    if errors:
        lead = "/" if where == "pointer" else ""
        body["errors"] = [
            {where: f"{lead}{e.field}", "code": e.code, "detail": words(e.message, e.params)} for e in errors
        ]
    return body


def details_of(error: DomainError) -> dict[str, Any]:
    """A refusal that stands among other results, such as that of one item of a batch."""
    return problem_details(
        error.status, error.code, sentence(error), error.field_errors(), error.where, error.extensions
    )


def _title(status: int) -> str:
    return HTTPStatus(status).phrase


def _page(status: int, code: str, detail: str, permission: str | None) -> str:
    """The page of a refusal; should even that fail, the bare sentence."""
    try:
        known = {"code": code, "detail": detail, "permission": permission, "request_id": g.get("request_id", "")}
        return render_template(TEMPLATE, status=status, **known)
    except Exception as error:
        log.error("problem_page_failed", error=repr(error))
        return f"<!doctype html><meta charset=utf-8><title>{status}</title><h1>{status}</h1><p>{escape(detail)}</p>"


def on_domain_error(error: DomainError) -> Response:
    """A refusal nobody caught."""
    permission = getattr(error, "permission", None)
    if isinstance(error, PermissionDenied):
        note_denied(error)
    response = problem(
        error.status, error.code, sentence(error), error.field_errors(), permission,
        where=error.where, extensions=error.extensions,
    )  # fmt: skip
    wait = error.params.get("retry_after")
    if wait is not None:
        response.headers["Retry-After"] = str(wait)
    if error.status == 401 and is_api(request):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def on_not_signed_in(error: NotSignedIn) -> BaseResponse:
    """To the sign-in page from a page, 401 from everything else."""
    if request.method in ("GET", "HEAD") and not wants_json():
        target = request.full_path.rstrip("?")
        return redirect(url_for(error.sign_in, next=target if target != "/" else None), 303)
    return on_domain_error(error)


def on_stale_row(_error: StaleDataError) -> Response:
    """Two people saved the same record; the second hears of it."""
    return on_domain_error(Stale())


def on_http_error(error: HTTPException) -> Response | HTTPException:
    """What Flask itself refuses, such as an unknown address."""
    if error.code is None or error.code < 400:
        return error
    code, message = HTTP_WORDS.get(error.code, ("refused", DomainError.message))
    response = problem(error.code, code, gettext(message))
    if error.code == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def on_database_down(error: Exception) -> Response:
    """The database, or a free connection to it, is not there."""
    log.error("database_unavailable", error=type(error).__name__, detail=str(getattr(error, "orig", error))[:300])
    return on_domain_error(Unavailable())


def on_fault(error: Exception) -> Response:
    """A fault of ours: everything to the log, nothing to the page."""
    log.error("unhandled_error", exc_info=error)
    return on_domain_error(Unexpected())


def init_app(app: Flask) -> None:
    """Answer every error of `app` here."""
    app.register_error_handler(NotSignedIn, on_not_signed_in)
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(StaleDataError, on_stale_row)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, on_database_down)
    app.register_error_handler(Exception, on_fault)
