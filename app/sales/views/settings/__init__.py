"""The settings of sales: one file a subject, which says what its form asks and what policy it makes of that."""

from __future__ import annotations

from app.sales.views.settings import approval, gross, papers, reservation
from app.sales.views.settings.parts import Link, Setting

# In the order in which they stand; each from the file of its subject.
SETTINGS: tuple[Setting | Link, ...] = (approval.SETTING, gross.SETTING, reservation.SETTING, papers.SETTING)

__all__ = ["SETTINGS", "Link", "Setting"]
