"""Who acts at the console: an operator, from where; or the command line."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class OperatorActor:
    """An operator who acts. Nothing of a dealership is asked of him: he is no actor of any."""

    id: uuid.UUID | None
    name: str
    address: str | None = None


COMMAND_LINE = OperatorActor(None, "command line")
