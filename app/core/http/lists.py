"""Lists as pages: read the address, run the list, render; personal conditions come by POST and leave as an id."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import current_tenant, transaction
from app.core.errors import Invalid
from app.core.guard.policy import policy_for
from app.core.http.problems import field_words
from app.core.http.rendering import select_timezone
from app.core.http.sessions import current_actor
from app.core.lists.cursors import CursorCodec
from app.core.lists.pages import Page, run
from app.core.lists.present import Choices, Edge, present
from app.core.lists.query import Arguments, ListQuery, read_query, with_defaults
from app.core.lists.saved_filters import load_filter, save_filter
from app.core.lists.spec import ListSpec, Target

FORM_ONLY = ("csrf_token", "cursor", "filter")


def list_view(spec: ListSpec, template: str, *, choices: Choices | None = None, **context: Any) -> Response:
    """The page of `spec` the address asks for, in `template` with `page`, `spec` and `query`.

    `choices` are the options of filters that depend on the tenant (stores, users), by filter key.
    """
    actor = current_actor()
    args: dict[str, list[str]] = dict(request.args.lists())
    saved: Arguments = {}
    refusal: Invalid | None = None
    if any(text.strip() for text in args.get("filter", ())):
        try:
            saved = load_filter(spec.name, actor.user_id, args["filter"][0])
        except Invalid as problem:
            refusal = problem
            args.pop("filter")
    query = read_query(spec, with_defaults(spec, args), policy_for(actor), saved=saved)
    page = Page()
    if refusal is None:
        try:
            page = run(spec, actor, query, cursors=_codec(), timezone=select_timezone() or "UTC")
        except Invalid as problem:
            refusal = problem
    return _rendered(template, query, page, refusal, choices, context)


def filter_view(
    spec: ListSpec, template: str, *, choices: Choices | None = None, **context: Any
) -> Response | BaseResponse:
    """Take conditions by POST: keep the personal ones sealed and go to the list; what cannot be read stays typed."""
    actor = current_actor()
    sent = {name: texts for name, texts in request.form.lists() if name not in FORM_ONLY}
    personal = {name for item in spec.filters if item.personal for name in item.arguments}
    plain = {name: texts for name, texts in sent.items() if name not in personal}
    saved = {name: texts for name, texts in sent.items() if name in personal}
    query = read_query(spec, plain, policy_for(actor), saved=saved)
    if query.errors:
        return _rendered(template, query, Page(), Invalid(query.errors), choices, context)
    conditions, filter_id = query.personal_arguments(), None
    if conditions and actor.user_id is not None:
        with transaction():
            filter_id = save_filter(spec.name, actor.user_id, conditions)
    args = {**(request.view_args or {}), **query.to_args(filter=filter_id)}
    return redirect(_address(Target(spec.endpoint, args)), 303)


def _rendered(
    template: str,
    query: ListQuery,
    page: Page,
    refusal: Invalid | None,
    choices: Choices | None,
    context: dict[str, Any],
) -> Response:
    errors = field_words(refusal) if refusal else {}
    edge = Edge(
        policy=policy_for(current_actor()),
        translate=gettext,
        address=_address,
        view_args=request.view_args or {},
        choices=choices or {},
    )
    shown_page, shown_list, shown_query = present(query, page, edge, errors)
    body = render_template(template, page=shown_page, spec=shown_list, query=shown_query, **context)
    return make_response(body, refusal.status if refusal else 200)


def _address(target: Target) -> str:
    return url_for(target.endpoint, **target.args)


def _codec() -> CursorCodec:
    return CursorCodec(current_app.config["SECRET_KEY"], current_tenant().id)
