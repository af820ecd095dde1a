"""How insights refuses."""

from __future__ import annotations

from app.core.errors import N_, NotFound


class MetricUnknown(NotFound):
    """No metric of that name is registered."""

    code = "metric_unknown"
    message = N_("There is no such metric.")
