"""Prints: one page layout (`paper.typ`), filled with data that is never markup, set by typst in a process of its own.

The process costs some 100 ms and gives back all it took: the fonts alone would otherwise stay in every worker. The same
data gives the same bytes. Nothing of a document is fetched from anywhere, and no font but the embedded one is used.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from PIL import Image

from app.core.errors import N_, DomainError
from app.core.logging import get_logger

log = get_logger(__name__)

# A contract with a schedule of ten years takes a tenth of a second.
PATIENCE_SECONDS: Final = 20
_HERE: Final = Path(__file__).parent
_PAPER: Final = _HERE / "paper.typ"


class PrintFailed(DomainError):
    """The document could not be set."""

    code = "print_failed"
    message = N_("The document could not be made. Try again; if it fails again, tell your administrator.")
    status = 503


def render(
    data: Mapping[str, Any],
    *,
    pictures: Mapping[str, bytes] | None = None,
    form: Literal["pdf", "png"] = "pdf",
) -> bytes:
    """`data` as a PDF, or its first page as a picture; `pictures` are SVG, named by it
    (`logo.svg`, `signature.svg`); one of points goes through `framed` before.

    What `data` holds is described at the top of `paper.typ`. Raises PrintFailed.
    """
    order = {
        "paper": _PAPER.read_text(),
        "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
        "pictures": {name: base64.b64encode(content).decode() for name, content in (pictures or {}).items()},
        "form": form,
    }
    command = [sys.executable, "-I", str(_HERE / "setting.py")]
    try:
        # Arguments of ours alone; what people typed goes in by the standard input.
        done = subprocess.run(  # noqa: S603
            command,
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as error:
        log.error("print_took_too_long")
        raise PrintFailed from error
    if done.returncode != 0 or not done.stdout:
        # What the setter says may quote the data, so that only its last words are kept, and nobody but us reads them.
        log.error("print_failed", code=done.returncode, said=done.stderr.decode(errors="replace").strip()[-200:])
        raise PrintFailed
    return done.stdout


def framed(data: bytes, media_type: str) -> bytes:
    """A picture of points (PNG, JPEG) as SVG: the setter reads every file that comes with an order as text.

    Raises OSError for what is no picture.
    """
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
        size = f'width="{opened.width}" height="{opened.height}"'
    link = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="{link}"/></svg>'.encode()


def _environment() -> dict[str, str]:
    """What a process needs to start; nothing of ours, which has secrets in it."""
    return {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
