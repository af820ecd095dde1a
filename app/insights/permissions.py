"""The rights over metrics."""

from __future__ import annotations

from app.core.guard.permissions import declare

# `metric.recompute`: start a full recomputation from the page; the nightly one needs nobody.
declare("metric", verbs=("see",), extra=("recompute",))
