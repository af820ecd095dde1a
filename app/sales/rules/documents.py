"""What is true of the papers of a deal: their kinds, which are made and which brought in, files, signatures, gates."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from math import hypot
from typing import Any, Final

from app.core.errors import N_


class DocumentKind(StrEnum):
    """What a document is."""

    QUOTE = "quote"
    BUYERS_ORDER = "buyers_order"
    CONTRACT = "contract"
    DELIVERY_CHECKLIST = "delivery_checklist"
    RECEIPT = "receipt"
    LICENCE = "licence"
    INSURANCE = "insurance"
    TITLE = "title"
    OTHER = "other"


class DocumentEventKind(StrEnum):
    """What can become of a document."""

    SIGNED = "signed"
    VOIDED = "voided"
    SENT = "sent"
    OPENED = "opened"


class DocumentState(StrEnum):
    """How a document stands among those of its kind."""

    CURRENT = "current"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    VOIDED = "voided"


class Stage(StrEnum):
    """Where a deal may wait for its papers."""

    SOLD = "sold"
    DELIVERED = "delivered"


KIND_LABELS: Final[Mapping[str, str]] = {
    DocumentKind.QUOTE: N_("Quote"),
    DocumentKind.BUYERS_ORDER: N_("Buyer's order"),
    DocumentKind.CONTRACT: N_("Contract"),
    DocumentKind.DELIVERY_CHECKLIST: N_("Delivery checklist"),
    DocumentKind.RECEIPT: N_("Receipt"),
    DocumentKind.LICENCE: N_("Driver's licence"),
    DocumentKind.INSURANCE: N_("Proof of insurance"),
    DocumentKind.TITLE: N_("Title and registration"),
    DocumentKind.OTHER: N_("Other document"),
}
STATE_LABELS: Final[Mapping[str, str]] = {
    DocumentState.CURRENT: N_("Current"),
    DocumentState.SIGNED: N_("Signed"),
    DocumentState.SUPERSEDED: N_("Superseded"),
    DocumentState.VOIDED: N_("Voided"),
}
# Made out of the deal by its page; a receipt is made out of a payment. The rest is brought in.
MADE: Final = (
    DocumentKind.QUOTE, DocumentKind.BUYERS_ORDER, DocumentKind.CONTRACT, DocumentKind.DELIVERY_CHECKLIST,
)  # fmt: skip
SIGNABLE: Final = frozenset({DocumentKind.BUYERS_ORDER, DocumentKind.CONTRACT, DocumentKind.DELIVERY_CHECKLIST})
SENDABLE: Final = frozenset({*MADE, DocumentKind.RECEIPT})
BROUGHT: Final = (DocumentKind.LICENCE, DocumentKind.INSURANCE, DocumentKind.TITLE, DocumentKind.OTHER)
# What can be asked for before a stage: papers with a signature, or brought in.
ASKABLE: Final = (
    DocumentKind.BUYERS_ORDER, DocumentKind.CONTRACT, DocumentKind.DELIVERY_CHECKLIST,
    DocumentKind.LICENCE, DocumentKind.INSURANCE, DocumentKind.TITLE,
)  # fmt: skip

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 15 * MEGABYTE
MOST_FILES: Final = 10
LOGO_BYTES: Final = 512 * 1024
PDF, JPEG, PNG, WEBP = "application/pdf", "image/jpeg", "image/png", "image/webp"
ENDINGS: Final[Mapping[str, str]] = {PDF: "pdf", JPEG: "jpg", PNG: "png", WEBP: "webp"}

# The pad of the page has these units, whatever its size on the screen.
PAD_WIDTH, PAD_HEIGHT = 600, 200
MOST_STROKES, MOST_POINTS, SHORTEST_LINE = 200, 6_000, 40


def media_type_of(data: bytes) -> str | None:
    """What the bytes themselves say they are, of what is taken: PDF, JPEG, PNG or WebP."""
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return WEBP if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


Strokes = tuple[tuple[tuple[int, int], ...], ...]


def read_strokes(text: str) -> Strokes | None:
    """The lines of a signature out of the JSON a pad sends, or None for anything that is no signature.

    Whole numbers inside the pad alone: what is drawn out of them can hold nothing else.
    """
    try:
        sent = json.loads(text)
    except ValueError:
        return None
    if not isinstance(sent, list) or not 0 < len(sent) <= MOST_STROKES:
        return None
    strokes, points, length = [], 0, 0.0
    for stroke in sent:
        if not isinstance(stroke, list) or not stroke or not all(_is_point(point) for point in stroke):
            return None
        line = tuple((point[0], point[1]) for point in stroke)
        points += len(line)
        length += sum(hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(line))
        strokes.append(line)
    return tuple(strokes) if points <= MOST_POINTS and length >= SHORTEST_LINE else None


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(part) is int for part in point)
        and 0 <= point[0] <= PAD_WIDTH
        and 0 <= point[1] <= PAD_HEIGHT
    )


def draw(strokes: Strokes) -> bytes:
    """The signature as an SVG of paths and numbers alone."""
    lines = "".join(
        f"M{stroke[0][0]} {stroke[0][1]}" + "".join(f"L{x} {y}" for x, y in stroke[1:] or stroke) for stroke in strokes
    )
    pen = 'fill="none" stroke="#14213d" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAD_WIDTH} {PAD_HEIGHT}" width="{PAD_WIDTH}" '
        f'height="{PAD_HEIGHT}"><path d="{lines}" {pen}/></svg>'
    ).encode()


@dataclass(frozen=True)
class PaperPolicy:
    """How a dealership wants its papers: terms, lines of a checklist, what must be there at a stage, and its logo.

    `terms`: kind -> language -> text. `items`: language -> lines. `gates`: stage -> kinds. `logo` is a stored file.
    """

    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logo: str | None = None
    # Whether a vehicle may be handed over before its buyer has paid his part.
    open_balance: bool = False


def policy_from(stored: Mapping[str, Any] | None) -> PaperPolicy:
    """The policy out of what is stored; what is missing or of another shape is left at its default."""
    stored = stored or {}
    gates = stored.get("gates") or {}
    return PaperPolicy(
        terms={kind: dict(texts) for kind, texts in (stored.get("terms") or {}).items()},
        items={locale: tuple(lines) for locale, lines in (stored.get("items") or {}).items()},
        gates={stage: tuple(kind for kind in gates.get(stage, ()) if kind in set(ASKABLE)) for stage in Stage},
        logo=stored.get("logo"),
        open_balance=stored.get("open_balance") is True,
    )


def state_of(*, edition: int, latest: int, events: Collection[str]) -> DocumentState:
    """How a document stands; a signed one stays signed when there is a newer edition, for both are papers."""
    if DocumentEventKind.VOIDED in events:
        return DocumentState.VOIDED
    if DocumentEventKind.SIGNED in events:
        return DocumentState.SIGNED
    return DocumentState.CURRENT if edition == latest else DocumentState.SUPERSEDED


def missing_kinds(wanted: Iterable[str], there: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Which of the wanted kinds the deal lacks, in their order; `there` are (kind, state) of its documents.

    A paper that can be signed counts once it is; what is brought in counts while it is not voided.
    """
    found = set(there)
    return tuple(
        kind
        for kind in wanted
        if (kind, DocumentState.SIGNED) not in found
        and (kind in SIGNABLE or (kind, DocumentState.CURRENT) not in found)
    )
