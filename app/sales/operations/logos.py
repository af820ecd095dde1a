"""The logo on a store's papers: a picture, printed once to see that it can be, and a policy that names it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from typing import Any, Final

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
    if kind not in (PNG, JPEG) or len(data) > LOGO_BYTES or not _prints(data, kind):
        params = {"kilobytes": LOGO_BYTES // 1024}
        raise Invalid([FieldError("picture", "not_a_logo", errors.NOT_A_LOGO, params)])
    stored = files.save_file(io.BytesIO(data), "logo", KIND, media_type=kind, created_by=actor.user_id)
    now = policies.in_force(store_id, PolicyKind.DOCUMENTS)
    set_policy(
        actor=actor,
        kind=PolicyKind.DOCUMENTS,
        store_id=store_id,
        body={**(now.body if now else {}), "logo": str(stored.id)},
    )


def _prints(data: bytes, kind: str) -> bool:
    name = "logo.jpg" if kind == JPEG else "logo.png"
    try:
        printing.render({**_BLANK, "logo": name}, pictures={name: data})
    except printing.PrintFailed:
        return False
    return True
