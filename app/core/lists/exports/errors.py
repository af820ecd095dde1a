"""How an export can be refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict, DomainError


class ExportLimit(DomainError):
    """The user has taken away as many rows as the dealership lets one take a day."""

    code = "export_limit"
    message = N_("You have exported {rows} rows in the last 24 hours; {most} are allowed.")
    status = 429


class NothingLeft(DomainError):
    """The dealership's rules leave no column of the view."""

    code = "nothing_left"
    message = N_("By your dealership's rules nothing of this view may leave.")
    status = 422


class OwnRequest(Conflict):
    """Whoever asked is not the second person."""

    code = "own_request"
    message = N_("Somebody else has to decide about an export of yours.")


class AlreadyDecided(Conflict):
    """It waits no more."""

    code = "already_decided"
    message = N_("This export has been decided already.")
