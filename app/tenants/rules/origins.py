"""Which pages of other hosts may ask the API from a browser: how an origin is written, and what is none."""

from __future__ import annotations

import re

MOST_ORIGINS = 20
LONGEST_ORIGIN = 255
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ORIGIN = re.compile(rf"(https?)://((?:{LABEL}\.)*{LABEL}|\[[0-9a-f:.]{{2,45}}\])(?::([1-9][0-9]{{0,4}}))?", re.ASCII)
USUAL_PORTS = {"http": "80", "https": "443"}
THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


def origin_of(text: str) -> str | None:
    """The origin as browsers send it, or None for what is none: a pattern, a path, or one anybody on the way could be.

    Without TLS only pages of the reader's own machine count, where somebody is building one.
    """
    written = text.strip().lower().removesuffix("/")
    found = ORIGIN.fullmatch(written)
    if found is None or len(written) > LONGEST_ORIGIN:
        return None
    scheme, host, port = found.groups()
    if (scheme == "http" and host not in THIS_MACHINE) or (port is not None and int(port) > 65535):
        return None
    return f"{scheme}://{host}" if port in (None, USUAL_PORTS[scheme]) else f"{scheme}://{host}:{port}"
