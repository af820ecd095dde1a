"""The cars taken in trade of a deal over the API."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard import once
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, answer, documented, load_body
from app.core.http.api.bodies import settled
from app.core.http.api.effects import REPLAYED, run_once
from app.core.http.api.operations import OF_BODIES, OF_RECORDS, PATCH, if_match_parameter, key_parameter
from app.core.http.api.patches import sent_version
from app.core.http.api.records import PREFIX
from app.core.http.sessions import current_actor
from app.sales import queries
from app.sales.api.desk_shapes import NewTradeIn, TradeInFields, TradeInListSchema, TradeInSchema
from app.sales.api.desk_values import show_trade
from app.sales.api.worksheets import overtaken
from app.sales.operations import trade_ins
from app.sales.queries import sheets

bp = ApiBlueprint("trade_ins", "Cars that buyers give in payment.")

ALLOWANCE = {"amount": "8400.00", "currency": "USD"}
EXAMPLE = {"vehicle_id": "veh_…", "allowance": ALLOWANCE, "payoff": {"amount": "2100.00", "currency": "USD"}}


@bp.route("/deals/<deal_id>/trade-ins", methods=["GET"])
@require("deal.see")
@documented(gives={200: TradeInListSchema}, problems=OF_RECORDS)
def list_trade_ins(deal_id: str):
    """List the cars taken in trade of a deal"""
    actor = current_actor()
    deal = queries.get_deal(actor, from_public("deal", deal_id))
    return answer({"data": [show_trade(actor, deal, row) for row in sheets.list_trades(deal.id)]})


@bp.route("/deals/<deal_id>/trade-ins", methods=["POST"])
@require("deal.edit")
@documented(
    parameters=[key_parameter(required=False)], body=NewTradeIn, example=EXAMPLE, gives={201: TradeInSchema},
    gives_tag=True, problems=(*OF_BODIES, *OF_RECORDS),
)  # fmt: skip
def add_trade_in(deal_id: str):
    """Take a vehicle in trade"""
    actor = current_actor()
    key = queries.get_deal(actor, from_public("deal", deal_id)).id
    data = load_body(NewTradeIn)
    effect, repeated = run_once(
        lambda: once.Effect(201, "trade_in", trade_ins.add_trade(actor=actor, deal_id=key, **data).id)
    )
    if effect.record_id is None:
        raise NotFound
    address = f"{PREFIX}/deals/{to_public('deal', key)}/trade-ins/{to_public('ti', effect.record_id)}"
    return _shown(key, effect.record_id, 201, {"Location": address, **(REPLAYED if repeated else {})})


@bp.route("/deals/<deal_id>/trade-ins/<trade_id>", methods=["GET"])
@require("deal.see")
@documented(gives={200: TradeInSchema}, gives_tag=True, problems=OF_RECORDS)
def show_trade_in(deal_id: str, trade_id: str):
    """Read a trade-in"""
    return _shown(*_reach(deal_id, trade_id))


@bp.route("/deals/<deal_id>/trade-ins/<trade_id>", methods=["PATCH"])
@require("deal.edit")
@documented(
    parameters=[if_match_parameter(required=True)], body=TradeInFields, example={"allowance": ALLOWANCE},
    gives={200: TradeInSchema}, gives_tag=True, problems=(*OF_BODIES, 412, 428, *OF_RECORDS), media_type=PATCH,
)  # fmt: skip
def edit_trade_in(deal_id: str, trade_id: str):
    """Change what is agreed about a trade-in that is as it was read"""
    key, trade = _reach(deal_id, trade_id)
    actor, patch = current_actor(), settled(TradeInFields, load_body(TradeInFields, partial=True))
    for name in sorted(patch.keys() & {"acv", "appraisal_id"}):
        # Before it is compared: a refusal that depends on the value would tell it.
        policy_for(actor).check_write("trade_in", "acv", field=name)
    version = sent_version()
    with overtaken(), transaction():
        row = sheets.get_trade(queries.get_deal(actor, key, lock=True), trade)
        values: dict[str, Any] = {name: getattr(row, name) for name in ("allowance", "payoff", "lienholder")}
        trade_ins.edit_trade(actor=actor, deal_id=key, trade_id=trade, version=version, **{**values, **patch})
    return _shown(key, trade)


@bp.route("/deals/<deal_id>/trade-ins/<trade_id>", methods=["DELETE"])
@require("deal.edit")
@documented(parameters=[if_match_parameter(required=False)], gives={204: None}, problems=(409, 412, *OF_RECORDS))
def remove_trade_in(deal_id: str, trade_id: str):
    """Take a trade-in out of a deal; the vehicle stays known"""
    key, trade = _reach(deal_id, trade_id)
    actor, version = current_actor(), sent_version(required=False)
    with overtaken(), transaction():
        trade_ins.remove_trade(actor=actor, deal_id=key, trade_id=trade, version=version)
    return Response(status=204)


def _reach(deal_id: str, trade_id: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The ids of a trade-in the caller may see, found before anything of the request is read; raises NotFound."""
    deal = queries.get_deal(current_actor(), from_public("deal", deal_id))
    return deal.id, sheets.get_trade(deal, from_public("ti", trade_id)).id


def _shown(
    deal_id: uuid.UUID, trade_id: uuid.UUID, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    actor = current_actor()
    deal = queries.get_deal(actor, deal_id)
    row = sheets.get_trade(deal, trade_id)
    return answer(show_trade(actor, deal, row), status, {"ETag": f'"{row.version}"', **(headers or {})})
