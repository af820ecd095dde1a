"""Stores over the API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from app.core.guard.permissions import Actor
from app.core.http.access import require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_list,
    answer_one,
    created,
    creates,
    lists,
    load_body,
    patch_record,
    patches,
    shows,
)
from app.core.http.sessions import current_actor
from app.tenants.api.shapes import StoreFields, StoreSchema
from app.tenants.lists import STORES
from app.tenants.models import Store
from app.tenants.operations import stores
from app.tenants.queries import people

bp = ApiBlueprint("stores", "Places of business; stock, customers, deals and numbers belong to one.")

EXAMPLE = {"code": "NORTH", "name": "Example Motors North", "timezone": "America/Chicago"}


def _whole(actor: Actor) -> Select[Any]:
    own = (Store.version, Store.address, Store.closed_at, Store.created_at, Store.updated_at)
    return STORES.source(actor).add_columns(*own)


STORE = ApiRecord(
    name="store", path="stores", spec=STORES, schema=StoreSchema, source=_whole, edits=stores.FIELDS
)  # fmt: skip


@bp.route("/stores", methods=["GET"])
@require("store.see")
@lists(STORE)
def list_stores():
    """List stores, open and closed"""
    return answer_list(STORE)


@bp.route("/stores", methods=["POST"])
@require("store.create")
@creates(STORE, StoreFields, EXAMPLE)
def open_store():
    """Open a store"""
    data = load_body(StoreFields)
    return created(STORE, lambda: stores.open_store(current_actor(), **_plain(data)).id)


@bp.route("/stores/<store_id>", methods=["GET"])
@require("store.see")
@shows(STORE)
def show_store(store_id: str):
    """Read a store"""
    return answer_one(STORE, store_id)


@bp.route("/stores/<store_id>", methods=["PATCH"])
@require("store.edit")
@patches(STORE, StoreFields, {"region": "Midwest"})
def edit_store(store_id: str):
    """Change a store"""
    return patch_record(STORE, store_id, StoreFields, _edit)


@bp.route("/stores/<store_id>/close", methods=["POST"])
@require("store.delete")
@acts(STORE)
def close_store(store_id: str):
    """Close a store nobody works at any more; its records stay"""
    actor = current_actor()
    store = people.get_store_for(actor, "store.delete", STORE.key_of(store_id))
    return acted(STORE, store.id, lambda: stores.close_store(actor, store.id, version=store.version))


def _edit(key: uuid.UUID, version: int, values: Mapping[str, Any], _sent: Mapping[str, Any]) -> None:
    stores.change_store(current_actor(), key, version=version, **_plain(values))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is not said is not there, rather than empty."""
    return {**values, "region": values["region"] or None, "address": values["address"] or None}
