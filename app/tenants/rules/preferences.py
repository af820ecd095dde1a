"""What people may set for themselves, and the values each setting can have; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.core.errors import N_

# The first value is what holds until somebody chooses.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "density": ("comfortable", "tight"),
    "shortcuts": ("on", "off"),
}
LABELS: Mapping[str, Mapping[str, str]] = {
    "theme": {"system": N_("As the device"), "light": N_("Light"), "dark": N_("Dark")},
    "density": {"comfortable": N_("Comfortable"), "tight": N_("Tight")},
    "shortcuts": {"on": N_("On"), "off": N_("Off")},
}
# The store whose records the lists begin with; nothing stands for all of them.
STORE = "store"
_STORE = re.compile(r"(store_[0-9a-z]{10,40})?")


def is_offered(name: str, value: str) -> bool:
    """Whether `value` can be set for `name`; whether a store exists is for those who know the stores."""
    if name == STORE:
        return _STORE.fullmatch(value) is not None
    return value in CHOICES.get(name, ())


def known(stored: Mapping[str, object] | None) -> dict[str, str]:
    """What of a user's stored settings still means something, so that a retired value harms nobody."""
    texts = {name: str(value) for name, value in (stored or {}).items()}
    return {name: value for name, value in texts.items() if is_offered(name, value)}
