"""How notifications are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict


class OpenAlready(Conflict):
    """Meanwhile the same has happened again, and stands in the inbox."""

    code = "open_already"
    message = N_("The same stands in your inbox again already.")
