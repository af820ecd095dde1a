"""How papers of a deal are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict

TOO_MANY_FILES = N_("Send at most {most} files at once.")
FILE_TYPE = N_("Only PDF, JPEG, PNG and WebP are taken.")
NO_SIGNATURE = N_("Sign in the field, or type your full name.")
NOT_A_LOGO = N_("Choose a PNG or JPEG picture of at most {kilobytes} kB.")


class DocumentNotSignable(Conflict):
    """It is signed or void already, a newer edition has taken its place, or it is no paper that is signed."""

    code = "document_not_signable"
    message = N_("This document cannot be signed: it is signed or void already, or there is a newer edition.")


class DocumentChanged(Conflict):
    """What was signed is not what is stored."""

    code = "document_changed"
    message = N_("This is not the document that was shown. Open it again and read it before you sign.")


class DocumentIsVoid(Conflict):
    """It was declared void before."""

    code = "document_is_void"
    message = N_("This document is void already.")


class DocumentErased(Conflict):
    """The person it was made for was erased, and the document with the key."""

    code = "document_erased"
    message = N_("The person this document was made for has been erased. It cannot be read any more.")


class DocumentNotSendable(Conflict):
    """There is nobody to send it to, or it is not one that is sent."""

    code = "document_not_sendable"
    message = N_("The customer has no e-mail address, or this document cannot be sent.")


class DocumentMissing(Conflict):
    """The store wants a paper in the jacket before this; each kind has words of its own."""

    code = "document_missing"
    message = N_("A document is still missing in the deal jacket.")


def _paper(code: str, message: str) -> type[DocumentMissing]:
    return type(code.title().replace("_", ""), (DocumentMissing,), {"code": code, "message": message})


# By kind of paper.
PAPERS_MISSING = {
    "buyers_order": _paper("buyers_order_missing", N_("The buyer's order is not signed.")),
    "contract": _paper("contract_missing", N_("The contract is not signed.")),
    "delivery_checklist": _paper("delivery_checklist_missing", N_("The delivery checklist is not signed.")),
    "licence": _paper("licence_missing", N_("The driver's licence is missing in the deal jacket.")),
    "insurance": _paper("insurance_missing", N_("The proof of insurance is missing in the deal jacket.")),
    "title": _paper("title_missing", N_("Title and registration are missing in the deal jacket.")),
}
