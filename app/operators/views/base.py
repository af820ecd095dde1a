"""The blueprint of the console, and what its views share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import gettext

from app.core.http.console import current_operator, find_operator
from app.core.http.sessions import client_address
from app.operators.operations.actor import OperatorActor
from app.operators.views.words import ACTIONS, ORDERS

bp = Blueprint("operators", "app.operators", template_folder="templates", url_prefix="/platform")


def present_actor() -> OperatorActor:
    """Who is signed in at the console, and from where he asks."""
    operator = current_operator()
    return OperatorActor(operator.id, operator.name, client_address())


def action_words(action: str) -> str:
    """What an operator did, as the end of a sentence that begins with his name."""
    return gettext(ACTIONS[action]) if action in ACTIONS else action


def order_words(action: str) -> str:
    """What an operator has ordered about a dealership."""
    return gettext(ORDERS[action]) if action in ORDERS else action


@bp.context_processor
def _page_context() -> dict[str, Any]:
    return {"operator": find_operator(), "action_words": action_words, "order_words": order_words}
