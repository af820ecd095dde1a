"""Reading the few settings of processes that do without the Flask application."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def read(environ: Mapping[str, str], name: str) -> str:
    """The setting `name`, or the content of the file `name`_FILE says; raises SystemExit when there is neither."""
    path = environ.get(f"{name}_FILE")
    value = Path(path).read_text().strip() if path else environ.get(name, "")
    if not value:
        raise SystemExit(f"{name} is missing")
    return value
