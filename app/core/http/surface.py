"""What a request is by its method and its address alone. A leaf: whoever answers requests may ask."""

from __future__ import annotations

from typing import Final

from flask import Request

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
API_PATH: Final = "/api/"
# The one page below it: people read it, in their own language, signed in or not.
DOCS_PATH: Final = "/api/docs"


def is_api(incoming: Request) -> bool:
    """Whether a program asks, not a page."""
    return incoming.path.startswith(API_PATH) and incoming.path != DOCS_PATH
