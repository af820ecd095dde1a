"""How changes of deals are taken back: by the operations people use, which the rules of deals may refuse."""

from __future__ import annotations

from app.core.guard.permissions import Actor
from app.core.guard.undo import Payload, declare_undo
from app.sales.operations import deals, removal


def _deal_edit(actor: Actor, payload: Payload) -> None:
    deals.edit_deal(actor=actor, deal_id=payload["id"], version=payload["version"], **payload["before"])


def _deal_delete(actor: Actor, payload: Payload) -> None:
    removal.restore_deal(actor=actor, row=payload["row"])


declare_undo("deal.edit", _deal_edit)
declare_undo("deal.delete", _deal_delete)
