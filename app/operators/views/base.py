"""The blueprint of the console, and what its views share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import gettext

from app.core.http.console import current_operator, find_operator
from app.core.http.sessions import client_address
from app.operators.operations.actor import OperatorActor
from app.operators.views.words import ACTIONS, DETAILS, NAMES, ORDERS

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


def actor_words(entry: Any) -> str:
    """Whose entry of the audit it is: an operator's name, or what stands for whoever has no account."""
    name = str(entry.operator_name)
    return gettext(NAMES[name]) if entry.operator_id is None and name in NAMES else name


def detail_words(key: str) -> str:
    """What a detail of an entry is called."""
    return gettext(DETAILS[key]) if key in DETAILS else key


@bp.context_processor
def _page_context() -> dict[str, Any]:
    words = {"action_words": action_words, "order_words": order_words, "actor_words": actor_words}
    return {"operator": find_operator(), "detail_words": detail_words, **words}
