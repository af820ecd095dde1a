"""Which module reacts to which event: the one table. Handlers run in the transaction of what they react to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {}
