"""Erasing a person: papers go with the key they lie under; names of files and words about the buyer are emptied."""

from __future__ import annotations

import uuid

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import db
from app.core.guard.erasing import Erasure, on_erasure
from app.core.guard.masks import FULL
from app.core.guard.models import StoredFile
from app.core.guard.words import Whose, declare_words
from app.inventory.operations.erasing import forget_appraisals
from app.sales.models import Approval, Deal, DealDocument, Payment, TradeIn, Worksheet


@on_erasure
def forget_names(erasure: Erasure) -> None:
    """Take the names of the files that were brought in for the person; bytes and content are noise without the key."""
    own = select(DealDocument.file_id).where(DealDocument.subject_id == erasure.subject_id)
    named = update(StoredFile).where(StoredFile.id.in_(own), StoredFile.name != "file").values(name="file")
    erasure.rows += len(db.session.execute(named.returning(StoredFile.id)).all())


@on_erasure
def forget_trades(erasure: Erasure) -> None:
    """Take what was written about, and photographed of, the cars that the person gave in trade."""
    deals = select(Deal.id).where(Deal.customer_id == erasure.subject_id)
    asked = select(TradeIn.appraisal_id).where(TradeIn.deal_id.in_(deals), TradeIn.appraisal_id.is_not(None))
    forget_appraisals(erasure, [found for found in db.session.scalars(asked) if found is not None])


@on_erasure
def forget_words_of_money(erasure: Erasure) -> None:
    """Take the words beside the person's payments; a refund has to have a reason, so something stands for it."""
    deals = select(Deal.id).where(Deal.customer_id == erasure.subject_id)
    own = or_(Payment.customer_id == erasure.subject_id, Payment.deal_id.in_(deals))
    said = or_(Payment.reference.is_not(None), Payment.reason != FULL)
    nothing = {"reference": None, "reason": case((Payment.reason.is_not(None), FULL))}
    emptied = update(Payment).where(own, said).values(nothing)
    erasure.rows += len(db.session.execute(emptied.returning(Payment.id)).all())


def _of_deal(column: InstrumentedAttribute[uuid.UUID]) -> Whose:
    return lambda subject_id: column.in_(select(Deal.id).where(Deal.customer_id == subject_id))


declare_words(Deal.note, Deal.unwind_reason, whose=lambda subject_id: Deal.customer_id == subject_id)
declare_words(Worksheet.note, whose=_of_deal(Worksheet.deal_id))
declare_words(TradeIn.lienholder, whose=_of_deal(TradeIn.deal_id))
declare_words(Approval.note, Approval.answer, whose=_of_deal(Approval.deal_id))
