"""What goes in and out of the API of a deal's papers."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Equal, Length, Regexp

from app.core.http.api.fields import Flag, Instant, PublicId, Text, Whole
from app.core.http.api.schemas import OPEN, BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.core.languages import LANGUAGES
from app.sales.rules.documents import BROUGHT, MOST_STROKES, PAD_HEIGHT, PAD_WIDTH, DocumentKind, DocumentState
from app.sales.schemas.documents import SIMPLE

DIGEST = "^[0-9a-f]{64}$"
_PAD = f"Each line as points [x, y] in whole numbers, on a pad of {PAD_WIDTH} by {PAD_HEIGHT}"


class DealDocumentSchema(RecordSchema):
    """One edition of a paper of a deal. It never changes; `state` tells what became of it.

    `sha256` is of the bytes as made, which is what a signature is bound to; `signed_sha256` is of the signed file.
    """

    record = "deal_document"

    id = PublicId("doc", required=True)
    deal_id = PublicId("deal")
    kind = fields.String(metadata={"enum": [*DocumentKind]})
    edition = Whole()
    state = fields.String(metadata={"enum": [*DocumentState], "guard": OPEN})
    locale = fields.String(allow_none=True)
    media_type = fields.String()
    size = Whole(metadata={"description": "Bytes as made, without the signature"})
    sha256 = fields.String(metadata={"pattern": DIGEST})
    made_by = PublicId("usr", allow_none=True)
    made_at = Instant()
    signed_at = Instant(allow_none=True, metadata={"guard": OPEN})
    signed_sha256 = fields.String(
        allow_none=True, metadata={"guard": ("deal_document", "sha256"), "pattern": DIGEST}
    )
    sent_at = Instant(allow_none=True, metadata={"guard": OPEN})
    opened_at = Instant(allow_none=True, metadata={"guard": OPEN})
    voided_at = Instant(allow_none=True, metadata={"guard": OPEN})
    void_reason = fields.String(allow_none=True, metadata={"guard": ("deal_document", "detail_enc")})


class DealDocumentsSchema(Schema):
    """The papers of a deal, the newest first."""

    data = fields.List(fields.Nested(DealDocumentSchema), required=True)


class NewDealDocument(BodySchema):
    """Which paper is made, and in which language: the customer's where none is said."""

    kind = fields.String(required=True, validate=one_of(*SIMPLE))
    locale = fields.String(load_default=None, allow_none=True, validate=one_of(*LANGUAGES))


class BroughtDocument(BodySchema):
    """A complete file of yours, announced for the purpose `deal_document`, and what it is."""

    kind = fields.String(required=True, validate=one_of(*(kind.value for kind in BROUGHT)))
    file_id = PublicId("file", required=True)


class DocumentSignature(BodySchema):
    """Who signs, and the `sha256` of the edition that was shown. Without lines the typed name is the signature."""

    shown = fields.String(required=True, validate=Regexp(DIGEST), metadata={"pattern": DIGEST})
    signer = Text(longest=120, required=True)
    strokes = fields.List(
        fields.List(fields.List(Whole(), validate=Length(equal=2)), validate=Length(min=1)),
        load_default=None, allow_none=True, validate=Length(1, MOST_STROKES), metadata={"description": _PAD},
    )  # fmt: skip
    agreed = Flag(
        required=True, validate=Equal(comparable=True),
        metadata={"description": "The signer has read the document and signs it"},
    )  # fmt: skip


class DocumentVoiding(BodySchema):
    """Why the document is void."""

    reason = Text(longest=300, required=True)
