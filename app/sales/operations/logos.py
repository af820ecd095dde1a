"""The logo on a store's papers: a picture made anew, printed once to see that it can be, and a policy that names it.

Only its points are kept: nothing that was written beside or behind them (who made it and where, other files hidden in
it, whatever is aimed at a decoder) reaches the disk or the printer.
"""

from __future__ import annotations

import io
import uuid
import warnings
from collections.abc import Mapping
from typing import Any, Final

from PIL import Image, ImageOps

from app.core import printing
from app.core.errors import FieldError, Invalid
from app.core.guard import files
from app.core.guard.permissions import Actor, check
from app.sales import errors
from app.sales.operations.policies import set_policy
from app.sales.queries import policies
from app.sales.rules.documents import JPEG, LOGO_BYTES, PNG, media_type_of
from app.sales.rules.policies import PolicyKind

KIND: Final = "logo"
# What a paper calls it.
NAME: Final = "logo.svg"
# As wide as a page has points at 300 to the inch; one that would unfold to more memory than MOST_POINTS is refused.
LONGEST_SIDE: Final = 2400
MOST_POINTS: Final = 16_000_000
_FORMATS: Final = {PNG: "PNG", JPEG: "JPEG"}
_BLANK: Final[Mapping[str, Any]] = {
    "locale": "en", "title": "-", "number": "-", "edition": "-", "mark": None, "from": {"name": "-", "lines": []},
    "parties": [], "blocks": [], "signatures": [], "footer": "-", "page_of": "-", "stamp": None,
}  # fmt: skip


def set_logo(*, actor: Actor, store_id: uuid.UUID | None, data: bytes) -> None:
    """Put a picture on the papers of a store, or of all stores, from today on; raises Invalid for what is none.

    A picture that cannot be printed is refused now and not when a contract is made.
    """
    check(actor, "sales_setting.edit", owner_id=None, store_id=store_id)
    kind = media_type_of(data)
    if kind not in _FORMATS or len(data) > LOGO_BYTES:
        raise _refusal()
    picture = _made_anew(data, kind)
    if not _prints(picture, kind):
        raise _refusal()
    stored = files.save_file(io.BytesIO(picture), "logo", KIND, media_type=kind, created_by=actor.user_id)
    now = policies.in_force(store_id, PolicyKind.DOCUMENTS)
    set_policy(
        actor=actor,
        kind=PolicyKind.DOCUMENTS,
        store_id=store_id,
        body={**(now.body if now else {}), "logo": str(stored.id)},
    )


def _made_anew(data: bytes, kind: str) -> bytes:
    """The points of the picture alone, upright and no larger than a page prints; raises Invalid for what has none."""
    try:
        with warnings.catch_warnings():
            # Its own limit is asked below, before anything is unfolded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=(_FORMATS[kind],)) as opened:
                if opened.width * opened.height > MOST_POINTS:
                    raise _refusal()
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                points = upright.convert("RGBA" if kind == PNG else "RGB")
    except Invalid:
        raise
    except Exception as error:
        # Whatever a decoder stumbles over, the file is what is wrong.
        raise _refusal() from error
    points.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # Onto a fresh sheet: what a picture carries beside its points stays behind.
    sheet = Image.new(points.mode, points.size)
    sheet.paste(points)
    target = io.BytesIO()
    if kind == PNG:
        sheet.save(target, "PNG", optimize=True)
    else:
        sheet.save(target, "JPEG", quality=92, optimize=True)
    return target.getvalue()


def _refusal() -> Invalid:
    return Invalid([FieldError("picture", "not_a_logo", errors.NOT_A_LOGO, {"kilobytes": LOGO_BYTES // 1024})])


def _prints(picture: bytes, kind: str) -> bool:
    try:
        printing.render({**_BLANK, "logo": NAME}, pictures={NAME: printing.framed(picture, kind)})
    except printing.PrintFailed:
        return False
    return True
