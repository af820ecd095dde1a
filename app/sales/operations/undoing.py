"""How changes of deals are taken back: by the operations people use, which the rules of deals may refuse."""

from __future__ import annotations

from app.core.errors import Stale
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.guard.undo import Payload, declare_undo
from app.sales import queries
from app.sales.operations import deals, removal, trade_ins, worksheets
from app.sales.queries import sheets


def _deal_edit(actor: Actor, payload: Payload) -> None:
    deals.edit_deal(actor=actor, deal_id=payload["id"], version=payload["version"], **payload["before"])


def _deal_delete(actor: Actor, payload: Payload) -> None:
    removal.restore_deal(actor=actor, row=payload["row"], hung=payload.get("hung"))


def _worksheet_save(actor: Actor, payload: Payload) -> None:
    worksheets.restore_sheet(
        actor=actor, deal_id=payload["deal"], worksheet_id=payload["id"], version=payload["version"],
        body=payload["body"],
    )  # fmt: skip


def _worksheet_choose(actor: Actor, payload: Payload) -> None:
    row = sheets.get_worksheet(queries.get_deal(actor, payload["deal"]), payload["id"])
    if row.version != payload["version"]:
        raise Stale
    worksheets.choose_worksheet(actor=actor, deal_id=payload["deal"], worksheet_id=payload["id"])


def _worksheet_delete(actor: Actor, payload: Payload) -> None:
    worksheets.restore_worksheet(
        actor=actor, deal_id=payload["deal"], worksheet_id=payload["id"], number=payload["number"],
        body=payload["body"],
    )  # fmt: skip


def _trade_add(actor: Actor, payload: Payload) -> None:
    trade_ins.remove_trade(actor=actor, deal_id=payload["deal"], trade_id=payload["id"], version=payload["version"])


def _trade_edit(actor: Actor, payload: Payload) -> None:
    before = dict(payload["before"])
    if not policy_for(actor).may_query("trade_in", "acv"):
        before = {name: value for name, value in before.items() if name not in ("acv", "appraisal_id")}
    trade_ins.edit_trade(
        actor=actor, deal_id=payload["deal"], trade_id=payload["id"], version=payload["version"],
        as_it_was=True, **before,
    )  # fmt: skip


def _trade_remove(actor: Actor, payload: Payload) -> None:
    trade_ins.add_trade(actor=actor, deal_id=payload["deal"], trade_id=payload["id"], **payload["row"])


declare_undo("deal.edit", _deal_edit)
declare_undo("deal.delete", _deal_delete)
declare_undo("worksheet.save", _worksheet_save)
declare_undo("worksheet.choose", _worksheet_choose)
declare_undo("worksheet.delete", _worksheet_delete)
declare_undo("trade_in.add", _trade_add)
declare_undo("trade_in.edit", _trade_edit)
declare_undo("trade_in.remove", _trade_remove)
