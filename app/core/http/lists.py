"""Lists as pages: read the address, run the list, render; personal conditions come by POST and leave as an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public
from app.core.errors import Invalid, NotFound
from app.core.guard.policy import policy_for
from app.core.http.problems import field_words
from app.core.http.rendering import select_timezone
from app.core.http.sessions import current_actor, current_visitor
from app.core.lists import tabs
from app.core.lists.boards import Columns, run_board
from app.core.lists.cursors import CursorCodec
from app.core.lists.pages import Page, run
from app.core.lists.present import Choices, Edge, present
from app.core.lists.query import BOARD, ROOMY, Arguments, ListQuery, read_query, with_defaults
from app.core.lists.saved_filters import save_filter
from app.core.lists.shown import ShownPeek
from app.core.lists.spec import ListSpec, Target
from app.core.lists.views import visible_views

FORM_ONLY = ("csrf_token", "cursor", "filter", "peek")
# Without these macros a preview that is asked for alone is a fragment of this template.
PEEK_TEMPLATE = "web/peek.html"


def list_view(spec: ListSpec, template: str, *, choices: Choices | None = None, **context: Any) -> Response:
    """The page of `spec` the address asks for, in `template` with `page`, `spec` and `query`.

    `choices` are the options of filters that depend on the tenant (stores, users), by filter key.
    """
    actor = current_actor()
    args: dict[str, list[str]] = dict(request.args.lists())
    if request.headers.get("HX-Target") == "peek":
        return _peek_alone(spec, args)
    kept = visible_views(actor, spec.name)
    page, board, refusal = Page(), None, None
    try:
        query = tabs.read_request(spec, actor, kept, args)
    except Invalid as problem:
        # A view or a kept filter that is not there: the rest of the address is shown, without rows.
        refusal = problem
        left = {name: texts for name, texts in args.items() if name not in ("view", "filter")}
        query = read_query(spec, with_defaults(spec, left), policy_for(actor))
    if refusal is None:
        try:
            if query.layout == BOARD and spec.board is not None:
                board = run_board(spec, actor, query, timezone=_timezone())
            else:
                page = run(spec, actor, query, cursors=_codec(), timezone=_timezone())
        except Invalid as problem:
            refusal = problem
    shown = tabs.tabs_of(spec, kept, actor.user_id, query.view, translate=gettext, address=_address)
    return _rendered(template, query, page, refusal, choices, context, shown, board)


def filter_view(
    spec: ListSpec, template: str, *, choices: Choices | None = None, **context: Any
) -> Response | BaseResponse:
    """Take conditions by POST: keep the personal ones sealed and go to the list; what cannot be read stays typed."""
    actor = current_actor()
    sent = {name: texts for name, texts in request.form.lists() if name not in FORM_ONLY}
    personal = {name for item in spec.filters if item.personal for name in item.arguments}
    plain = {name: texts for name, texts in sent.items() if name not in personal}
    saved = {name: texts for name, texts in sent.items() if name in personal}
    kept = visible_views(actor, spec.name)
    view = tabs.opened(spec, actor, kept, plain) if any(map(str.strip, plain.get("view", ()))) else tabs.Opened()
    query = read_query(spec, plain, policy_for(actor), saved=saved, view=view.key, base=view.args)
    if query.errors:
        shown = tabs.tabs_of(spec, kept, actor.user_id, query.view, translate=gettext, address=_address)
        return _rendered(template, query, Page(), Invalid(query.errors), choices, context, shown)
    conditions, filter_id = query.personal_arguments(), "" if view.personal else None
    if conditions and actor.user_id is not None:
        with transaction():
            filter_id = save_filter(spec.name, actor.user_id, conditions)
    args = {**(request.view_args or {}), **query.to_args(filter=filter_id)}
    return redirect(_address(Target(spec.endpoint, args)), 303)


def asked(spec: ListSpec, args: Arguments) -> ListQuery:
    """The question in arguments sent from a list's page: its view, conditions, order and looks.

    For whatever works on exactly what a list shows. Raises Invalid when something in it cannot be read.
    """
    actor = current_actor()
    return tabs.read_request(spec, actor, visible_views(actor, spec.name), _known(spec, args)).checked()


def list_address(spec: ListSpec, query: ListQuery, **changes: str | None) -> str:
    """Where a list shows `query`."""
    return _address(Target(spec.endpoint, query.to_args(**changes)))


def _known(spec: ListSpec, args: Arguments) -> Arguments:
    return {name: list(texts) for name, texts in args.items() if name not in ("csrf_token", "cursor", "peek")}


def _rendered(
    template: str,
    query: ListQuery,
    page: Page,
    refusal: Invalid | None,
    choices: Choices | None,
    context: dict[str, Any],
    shown_tabs: Any = (),
    board: Columns | None = None,
) -> Response:
    errors = field_words(refusal) if refusal else {}
    actor = current_actor()
    edge = Edge(
        policy=policy_for(actor),
        translate=gettext,
        address=_address,
        view_args=request.view_args or {},
        choices=choices or {},
        actor=actor,
        tabs=shown_tabs,
        density=_density(),
        peek=_peek(query.spec, query) if query.peek and refusal is None else None,
        board=board,
        gathered=query.spec.gather(actor, page.rows) if query.spec.gather and page.rows else {},
    )
    shown_page, shown_list, shown_query = present(query, page, edge, errors)
    body = render_template(template, page=shown_page, spec=shown_list, query=shown_query, **context)
    response = make_response(body, refusal.status if refusal else 200)
    if "HX-Request" in request.headers and request.method == "GET" and refusal is None:
        # A form sends its empty fields too: the address people see and share leaves them out.
        here = list_address(query.spec, query, cursor=query.cursor, peek=query.peek)
        # Where the visitor is already, Back would lead nowhere.
        is_open = _open_address() in (here, request.full_path.rstrip("?"))
        response.headers["HX-Push-Url"] = "false" if is_open else here
    return response


def _peek_alone(spec: ListSpec, args: Mapping[str, list[str]]) -> Response:
    """The preview without the list, for a page that shows the list already."""
    query = read_query(
        spec, {name: texts for name, texts in args.items() if name == "peek"}, policy_for(current_actor())
    )
    left = {name: texts for name, texts in args.items() if name != "peek"}
    close_url = _address(Target(spec.endpoint, {**(request.view_args or {}), **left}))
    shown = _peek(spec, query, close_url) if query.peek else None
    return make_response(render_template(PEEK_TEMPLATE, peek=shown, label=gettext(spec.label)))


def _peek(spec: ListSpec, query: ListQuery, close_url: str | None = None) -> ShownPeek | None:
    """The record beside the list; one that is not there, or not for this visitor, gives a pane that says so."""
    if spec.peek is None or query.peek is None:
        return None
    back = close_url or list_address(spec, query, cursor=query.cursor)
    try:
        values = dict(spec.peek.load(current_actor(), from_public(spec.id_prefix, query.peek)))
    except NotFound:
        return ShownPeek("", back)
    target = values.pop("target", None)
    return ShownPeek(query.peek, back, spec.peek.template, values, _address(target) if target else None)


def _open_address() -> str:
    """The address that the browser shows while it asks for a part of the page, without its host."""
    at = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{at.path}?{at.query}" if at.query else at.path


def _density() -> str:
    visitor = current_visitor()
    return visitor.preferences.get("density", ROOMY) if visitor else ROOMY


def _timezone() -> str:
    return select_timezone() or "UTC"


def _address(target: Target) -> str:
    return url_for(target.endpoint, **target.args)


def _codec() -> CursorCodec:
    return CursorCodec(current_app.config["SECRET_KEY"], current_tenant().id)
