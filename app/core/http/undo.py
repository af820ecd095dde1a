"""The message of a change, with the button that takes it back."""

from __future__ import annotations

from flask import flash

from app.core.db.ids import to_public
from app.core.guard import undo

PREFIX = "undo"


def flash_undo(text: str) -> None:
    """Say `text`, and offer to take back what the operation of this request has just left an offer for."""
    offered = undo.last_offer()
    flash(text, f"undo:{to_public(PREFIX, offered)}" if offered else "success")
