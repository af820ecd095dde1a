"""The worksheets of a deal over the API: each whole, with what it comes to and a quote of each way to pay."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response
from sqlalchemy.orm.exc import StaleDataError

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound, Stale
from app.core.guard import once
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, answer, documented, load_body, refer
from app.core.http.api.effects import REPLAYED, run_once
from app.core.http.api.operations import OF_BODIES, OF_RECORDS, if_match_parameter, key_parameter
from app.core.http.api.patches import Overtaken, sent_version
from app.core.http.api.records import PREFIX
from app.core.http.sessions import current_actor
from app.sales import queries
from app.sales.api.desk_bodies import content_from
from app.sales.api.desk_shapes import WorksheetBody, WorksheetCopy, WorksheetListSchema, WorksheetSchema
from app.sales.api.desk_values import show_row, show_worksheet
from app.sales.operations import worksheets
from app.sales.operations.contents import content_of
from app.sales.queries import sheets
from app.sales.rules.tax_examples import US_CREDIT

bp = ApiBlueprint("worksheets", "Worksheets of deals: prices, lines, taxes and ways to pay.")

_USD = {"currency": "USD"}
EXAMPLE = {
    "price": {"amount": "31950.00", **_USD}, "discount": {"amount": "950.00", **_USD}, "tax_key": US_CREDIT.key,
    "lines": [
        {"kind": "accessory", "label": "Tow bar", "amount": {"amount": "640.00", **_USD}},
        {"kind": "fee", "label": "Documentation", "amount": {"amount": "395.00", **_USD}, "taxed": False},
    ],
    "scenarios": [
        {
            "kind": "loan", "chosen": True,
            "terms": {"term_months": 60, "apr": "6.9", "down": {"amount": "2000.00", **_USD}},
        },
        {"kind": "cash", "terms": {}},
    ],
}  # fmt: skip
_ACTS: dict[str, Any] = {
    "parameters": [key_parameter(required=False)], "gives": {200: WorksheetSchema}, "gives_tag": True,
    "problems": (400, 409, *OF_RECORDS),
}  # fmt: skip


@bp.route("/deals/<deal_id>/worksheets", methods=["GET"])
@require("deal.see")
@documented(gives={200: WorksheetListSchema}, problems=OF_RECORDS)
def list_worksheets(deal_id: str):
    """List the worksheets of a deal; a deal without any reads as one of its price and discount"""
    actor = current_actor()
    deal = queries.get_deal(actor, from_public("deal", deal_id))
    return answer({"data": [show_row(actor, deal, row) for row in sheets.list_worksheets(deal.id)]})


@bp.route("/deals/<deal_id>/worksheets", methods=["POST"])
@require("deal.edit")
@documented(
    parameters=[key_parameter(required=False)], body=WorksheetCopy, example={"worksheet_id": "wks_…"},
    gives={201: WorksheetSchema}, gives_tag=True, problems=(*OF_BODIES, *OF_RECORDS),
)  # fmt: skip
def copy_worksheet(deal_id: str):
    """Add a worksheet: a copy of another, or the first one of the deal, which is chosen"""
    key = queries.get_deal(current_actor(), from_public("deal", deal_id)).id
    source = load_body(WorksheetCopy)["worksheet_id"]
    return _answered(key, lambda: _add(key, source), 201)


@bp.route("/deals/<deal_id>/worksheets/<worksheet_id>", methods=["GET"])
@require("deal.see")
@documented(gives={200: WorksheetSchema}, gives_tag=True, problems=OF_RECORDS)
def show_deal_worksheet(deal_id: str, worksheet_id: str):
    """Read a worksheet with its totals and a quote of each way to pay"""
    return _shown(*_reach(deal_id, worksheet_id))


@bp.route("/deals/<deal_id>/worksheets/<worksheet_id>", methods=["PUT"])
@require("deal.edit")
@documented(
    parameters=[if_match_parameter(required=True)], body=WorksheetBody, example=EXAMPLE, gives={200: WorksheetSchema},
    gives_tag=True, problems=(*OF_BODIES, 412, 428, *OF_RECORDS),
)  # fmt: skip
def save_worksheet(deal_id: str, worksheet_id: str):
    """Replace a worksheet that is as it was read; costs that are not sent stay, and so do trade-ins"""
    key, sheet = _reach(deal_id, worksheet_id)
    actor, data, version = current_actor(), load_body(WorksheetBody), sent_version()
    with overtaken(), transaction():
        deal = queries.get_deal(actor, key, lock=True)
        desk = sheets.read_desk(deal, sheets.get_worksheet(deal, sheet))
        if desk.version != version:
            raise Stale
        content = content_from(actor, deal, desk, data)
        worksheets.save_sheet(actor=actor, deal_id=key, version=version, content=content, worksheet_id=sheet)
    return _shown(key, sheet)


@bp.route("/deals/<deal_id>/worksheets/<worksheet_id>", methods=["DELETE"])
@require("deal.edit")
@documented(parameters=[if_match_parameter(required=False)], gives={204: None}, problems=(409, 412, *OF_RECORDS))
def delete_worksheet(deal_id: str, worksheet_id: str):
    """Delete a worksheet that is not the chosen one"""
    key, sheet = _reach(deal_id, worksheet_id)
    actor, version = current_actor(), sent_version(required=False)
    with overtaken(), transaction():
        deal = queries.get_deal(actor, key, lock=True)
        if version not in (None, sheets.get_worksheet(deal, sheet).version):
            raise Stale
        worksheets.delete_worksheet(actor=actor, deal_id=key, worksheet_id=sheet)
    return Response(status=204)


@bp.route("/deals/<deal_id>/worksheets/<worksheet_id>/choose", methods=["POST"])
@require("deal.edit")
@documented(**_ACTS)
def choose_worksheet(deal_id: str, worksheet_id: str):
    """Make the figures of a worksheet the deal's"""
    key, sheet = _reach(deal_id, worksheet_id)
    actor = current_actor()
    return _answered(key, lambda: worksheets.choose_worksheet(actor=actor, deal_id=key, worksheet_id=sheet).id)


@bp.route("/deals/<deal_id>/worksheets/<worksheet_id>/scenarios/<scenario_id>/choose", methods=["POST"])
@require("deal.edit")
@documented(**_ACTS)
def choose_scenario(deal_id: str, worksheet_id: str, scenario_id: str):
    """Choose one of the ways to pay of a worksheet"""
    key, sheet = _reach(deal_id, worksheet_id)
    actor, way = current_actor(), from_public("way", scenario_id)
    return _answered(
        key,
        lambda: worksheets.choose_scenario(actor=actor, deal_id=key, worksheet_id=sheet, scenario_id=way).id,
    )


@contextmanager
def overtaken() -> Iterator[None]:
    """What is stale within is answered as a failed precondition."""
    try:
        yield
    except (Stale, StaleDataError) as error:
        raise Overtaken({}) from error


def _add(deal_id: uuid.UUID, source: uuid.UUID | None) -> uuid.UUID:
    """The deal's first worksheet, or a copy."""
    actor = current_actor()
    deal = queries.get_deal(actor, deal_id, lock=True)
    if source is None and sheets.find_chosen(deal_id) is None:
        desk = sheets.read_desk(deal, None)
        return worksheets.save_sheet(
            actor=actor, deal_id=deal_id, version=desk.version, content=content_of(desk)
        ).id
    return refer(
        lambda: worksheets.copy_worksheet(actor=actor, deal_id=deal_id, worksheet_id=source).id,
        worksheet_id=lambda: sheets.get_worksheet(deal, source) if source else None,
    )


def _reach(deal_id: str, worksheet_id: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The ids of a worksheet the caller may see, found before anything of the request is read; raises NotFound."""
    deal = queries.get_deal(current_actor(), from_public("deal", deal_id))
    return deal.id, sheets.get_worksheet(deal, from_public("wks", worksheet_id)).id


def _answered(deal_id: uuid.UUID, do: Callable[[], uuid.UUID], status: int = 200) -> Response:
    """Do it once, and answer with the worksheet as it is now and as far as the caller may see it now."""
    effect, repeated = run_once(lambda: once.Effect(status, "worksheet", do()))
    if effect.record_id is None:
        raise NotFound
    found = _shown(deal_id, effect.record_id, status, REPLAYED if repeated else {})
    if status == 201:
        deal, sheet = to_public("deal", deal_id), to_public("wks", effect.record_id)
        found.headers["Location"] = f"{PREFIX}/deals/{deal}/worksheets/{sheet}"
    return found


def _shown(
    deal_id: uuid.UUID, worksheet_id: uuid.UUID, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    actor = current_actor()
    deal = queries.get_deal(actor, deal_id)
    row = sheets.get_worksheet(deal, worksheet_id)
    tag = {"ETag": f'"{row.version}"', **(headers or {})}
    return answer(show_worksheet(actor, deal, row), status, tag)
