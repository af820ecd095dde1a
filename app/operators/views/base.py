"""The blueprint of the console, and what its views share."""

from __future__ import annotations

from flask import Blueprint

from app.core.http.console import current_operator
from app.core.http.sessions import client_address
from app.operators.operations.actor import OperatorActor

bp = Blueprint("operators", "app.operators", template_folder="templates", url_prefix="/platform")


def present_actor() -> OperatorActor:
    """Who is signed in at the console, and from where he asks."""
    operator = current_operator()
    return OperatorActor(operator.id, operator.name, client_address())
