"""What an export is for and who gets it: free text that may name anybody, so it lies under the dealership's key."""

from __future__ import annotations

import uuid
from typing import Any

from app.core.guard import vault
from app.core.lists.exports.models import Export, ExportSchedule

PURPOSE, RECIPIENT = "purpose_enc", "recipient_enc"


def seal_words(of: type[Export | ExportSchedule], column: str, row_id: uuid.UUID, text: str) -> bytes | None:
    """`text` for this place; nothing for none."""
    return vault.seal_json(of.__tablename__, column, row_id, text) if text else None


def purpose_of(row: Any) -> str:
    """What an export, or a row of their list, is for; empty where it told of somebody who was erased."""
    return _words(Export.__tablename__, PURPOSE, row.id, row.purpose_enc)


def recipient_of(row: Any) -> str:
    """Who gets an export; empty where it is for who asked."""
    return _words(Export.__tablename__, RECIPIENT, row.id, row.recipient_enc)


def purpose_of_schedule(row: ExportSchedule) -> str:
    """What a schedule is for; empty as above."""
    return _words(ExportSchedule.__tablename__, PURPOSE, row.id, row.purpose_enc)


def _words(table: str, column: str, row_id: uuid.UUID, blob: bytes | None) -> str:
    return str(vault.unseal_json(table, column, row_id, blob)) if blob else ""
