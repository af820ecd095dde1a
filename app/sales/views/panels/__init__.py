"""The cards of a deal's page: one file a subject, which says what its card shows and to whom."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.guard.permissions import Actor
from app.sales.models import Deal
from app.sales.views.panels import approval, catalogue, documents, finance, gross, payments, reservation, shares, status
from app.sales.views.panels.parts import Filled, Panel

# In the order in which they stand; each from the file of its subject.
PANELS: tuple[Panel, ...] = (
    payments.PANEL,
    finance.PANEL,
    status.PANEL,
    approval.PANEL,
    documents.PANEL,
    gross.PANEL,
    shares.PANEL,
    catalogue.PANEL,
    reservation.PANEL,
)


def panels_of(actor: Actor, deal: Deal, panels: Sequence[Panel] | None = None) -> list[Filled]:
    """The cards of the deal's page that this actor has, in their order."""
    filled = ((item, item.fill(actor, deal)) for item in (PANELS if panels is None else panels))
    return [Filled(item.template, item.place, found) for item, found in filled if found is not None]
