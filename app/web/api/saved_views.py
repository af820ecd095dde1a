"""Saved views over the API: questions with a name, in the words of the API's own lists.

A program keeps views of its own, and with `view.share` those of the dealership. Personal conditions may be put into a
view and never come out of it; whoever opens it asks them as far as he may.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import current_app
from marshmallow import fields
from sqlalchemy import Row, Select, select

from app.core.db.ids import to_public
from app.core.errors import N_, FieldError, Invalid
from app.core.guard.permissions import Actor, allows
from app.core.guard.policy import policy_for
from app.core.http.access import ANY_USER, require
from app.core.http.api import (
    OPEN,
    ApiBlueprint,
    ApiRecord,
    BadQuestion,
    BodySchema,
    RecordSchema,
    answer_list,
    answer_one,
    created,
    creates,
    delete_record,
    deletes,
    lists,
    load_body,
    patch_record,
    patches,
    shows,
)
from app.core.http.api.fields import Flag, Instant, PublicId, Text, Whole
from app.core.http.api.operations import listed_records
from app.core.http.api.patches import merge_patch
from app.core.http.api.questions import flattened, read_question, record_name
from app.core.http.forms import NOT_OFFERED, one_of
from app.core.http.sessions import current_actor
from app.core.lists import views
from app.core.lists.models import SavedView
from app.core.lists.query import ListQuery, readable
from app.core.lists.spec import RANGES, Filter, ListSpec, Sort
from app.core.lists.view_rules import LONGEST_NAME, ViewScope

bp = ApiBlueprint("saved-views", "Questions to lists, kept under a name for oneself, a team or the dealership.")

EXAMPLE = {"list": "customers", "name": "Companies", "parameters": {"filter": {"kind": "business"}, "sort": "name"}}
# How pages show a view; a change of what it asks leaves that as it is.
LOOKS = ("cols", "density", "layout", "limit")


class ViewParameters(BodySchema):
    """What a view asks, as the list's `query` takes it. In a patch, null takes a condition away."""

    filter = fields.Dict(keys=fields.String(), load_default=dict, metadata={"example": {"kind": "business"}})
    sort = Text(longest=60, load_default=None, allow_none=True)


class SavedViewSchema(RecordSchema):
    """A view. `parameters` are those the caller may ask; personal conditions are only said to be there."""

    record = "view"

    id = PublicId("view", required=True)
    version = Whole()
    list = fields.String(metadata={"guard": ("view", "list_name")})
    name = fields.String()
    scope = fields.String(metadata={"enum": [*ViewScope]})
    team_id = PublicId("team", allow_none=True)
    is_default = Flag()
    is_own = Flag(metadata={"guard": OPEN})
    has_personal_conditions = Flag(metadata={"guard": OPEN})
    parameters = fields.Nested(ViewParameters, metadata={"expand": True})
    created_at = Instant()
    updated_at = Instant()


class ViewFields(BodySchema):
    """A view's name, whom it is for, whether its list opens with it, and what it asks."""

    name = Text(longest=LONGEST_NAME, required=True)
    scope = fields.String(load_default=ViewScope.OWN.value, validate=one_of(*ViewScope))
    team_id = PublicId("team", load_default=None, allow_none=True)
    is_default = Flag(load_default=False)
    parameters = fields.Nested(ViewParameters, load_default=dict)


class NewView(ViewFields):
    """A view of a list."""

    list = Text(longest=60, required=True)


def _source(actor: Actor) -> Select[Any]:
    known = [name for name, record in _records().items() if _may_see(actor, record)]
    view = SavedView
    columns: list[Any] = [view.id, view.version, view.name, view.scope, view.team_id, view.is_default]
    columns += [view.created_at, view.updated_at, view.list_name.label("list"), view.args.label("parameters")]
    columns += [(view.owner_id == actor.caller_id).label("is_own")]
    columns += [view.conditions.is_not(None).label("has_personal_conditions")]
    return select(*columns).where(views.visible_to(actor), view.list_name.in_(known))


_SCOPES = (
    (ViewScope.OWN.value, N_("Only me")),
    (ViewScope.TEAM.value, N_("Team")),
    (ViewScope.TENANT.value, N_("Everybody at the dealership")),
)
# No page lists views as such, so this list is the API's alone.
VIEWS = ListSpec(
    name="saved_views",
    label=N_("Saved views"),
    permission="",
    source=_source,
    columns=(),
    filters=(
        Filter("list", N_("List"), column=SavedView.list_name, match="exact", normalise=str.lower),
        Filter("scope", N_("For whom"), "choice", column=SavedView.scope, choices=_SCOPES),
    ),
    sorts=(Sort("name", N_("Name"), (SavedView.name,)), Sort("created_at", N_("Added"), (SavedView.created_at,))),
    default_sort="name",
    id_prefix=views.PREFIX,
)


class _ViewRecord(ApiRecord):
    """Views tell what they ask in the words of their list's API, as far as the caller may ask it."""

    @property
    def field_names(self) -> Collection[str]:
        return {*super().field_names, "parameters"}

    def dump(
        self, actor: Actor, rows: Sequence[Row[Any]], *, only: Collection[str] | None = None, expand: Iterable[str] = ()
    ) -> list[dict[str, Any]]:
        found = super().dump(actor, rows, only=only, expand=expand)
        if only is None or "parameters" in only:
            known = _records()
            for row, body in zip(rows, found, strict=True):
                body["parameters"] = _told(actor, known[row.list], row.parameters)
        return found


VIEW = _ViewRecord(
    name="view",
    path="saved-views",
    spec=VIEWS,
    schema=SavedViewSchema,
    edits=("name", "scope", "team_id", "is_default", "parameters"),
)


@bp.route("/saved-views", methods=["GET"])
@require(ANY_USER)
@lists(VIEW)
def list_saved_views():
    """List saved views"""
    return answer_list(VIEW)


@bp.route("/saved-views", methods=["POST"])
@require(ANY_USER)
@creates(VIEW, NewView, EXAMPLE)
def create_saved_view():
    """Keep a question under a name"""
    data = load_body(NewView)
    return created(VIEW, lambda: _create(data))


@bp.route("/saved-views/<view_id>", methods=["GET"])
@require(ANY_USER)
@shows(VIEW)
def show_saved_view(view_id: str):
    """Read a saved view"""
    return answer_one(VIEW, view_id)


@bp.route("/saved-views/<view_id>", methods=["PATCH"])
@require(ANY_USER)
@patches(VIEW, ViewFields, {"parameters": {"filter": {"kind": "individual"}}})
def edit_saved_view(view_id: str):
    """Rename a view, share it otherwise, or let it ask something else"""
    return patch_record(VIEW, view_id, ViewFields, _edit)


@bp.route("/saved-views/<view_id>", methods=["DELETE"])
@require(ANY_USER)
@deletes(VIEW)
def delete_saved_view(view_id: str):
    """Take a view away from everybody who has it"""
    return delete_record(VIEW, view_id, _delete)


def _create(data: Mapping[str, Any]) -> uuid.UUID:
    actor, record = current_actor(), _records().get(data["list"])
    if record is None or record.spec is VIEWS:
        raise Invalid([FieldError("list", "not_offered", NOT_OFFERED)])
    record.spec.check(actor)
    query = _question(actor, record, merge_patch({}, data["parameters"]))
    view = views.save_view(actor, record.spec, _draft(data), query.to_view(), query.personal_arguments())
    return view.id


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    actor, view = current_actor(), views.get_view(current_actor(), to_public(views.PREFIX, key))
    record = _records()[view.list_name]
    views.edit_view(actor, view, _draft(values), version=version)
    if "parameters" not in sent:
        return
    asked = sent["parameters"]
    query = _question(actor, record, merge_patch(_told(actor, record, view.args), asked))
    # What is sealed stays, but for the filters that were named.
    named = {item.key for item in record.spec.filters if record_name(record, item.key) in asked.get("filter", {})}
    kept = {name: texts for name, texts in views.personal_of(actor, record.spec, view).items() if name not in named}
    looks = {name: view.args[name] for name in LOOKS if name in view.args}
    views.replace_view(actor, view, {**looks, **query.to_view()}, {**kept, **query.personal_arguments()})


def _delete(key: uuid.UUID, _version: int | None) -> None:
    actor = current_actor()
    views.delete_view(actor, views.get_view(actor, to_public(views.PREFIX, key)))


def _draft(data: Mapping[str, Any]) -> views.Draft:
    return views.Draft(data["name"], data["scope"], data["team_id"], data["is_default"])


def _records() -> dict[str, ApiRecord]:
    return listed_records(current_app)


def _may_see(actor: Actor, record: ApiRecord) -> bool:
    return not record.spec.permission or allows(actor, record.spec.permission)


def _question(actor: Actor, record: ApiRecord, parameters: Mapping[str, Any]) -> ListQuery:
    """The question that `parameters` put to a list; raises Invalid pointing at what is wrong with them."""
    try:
        return read_question(record, actor, flattened(parameters), by_post=True).query
    except BadQuestion as refusal:
        raise Invalid([replace(one, field=_pointer(one.field)) for one in refusal.errors]) from refusal


def _pointer(parameter: str) -> str:
    """`filter[created_at][gte]` as a path into the body."""
    return "parameters/" + re.sub(r"\[([^\]]*)\]", r"/\1", parameter)


def _told(actor: Actor, record: ApiRecord, args: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a view asks as the list's own `query` takes it, without what this caller may not ask."""
    policy = policy_for(actor)
    asked, _ = readable(record.spec, args, policy, {})
    conditions = {
        record_name(record, item.key): value
        for item in record.spec.usable_filters(policy).values()
        if (value := _condition(item, asked)) is not None
    }
    found: dict[str, Any] = {"filter": conditions}
    if sort := "".join(asked.get("sort", ())):
        way = "-" if sort.startswith("-") else ""
        found["sort"] = way + record_name(record, sort.removeprefix("-"))
    return found


def _condition(item: Filter, asked: Mapping[str, Sequence[str]]) -> Any:
    """The value of one filter: text, or the ends of a range."""
    if item.kind not in RANGES:
        return ",".join(asked[item.key]) if asked.get(item.key) else None
    ends = {
        end: asked[name][0] for end, name in zip(("gte", "lte"), item.arguments[:2], strict=True) if asked.get(name)
    }
    if not ends and item.kind == "date_range" and asked.get(item.key):
        return asked[item.key][0]
    return ends or None
