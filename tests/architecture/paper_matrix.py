"""The access matrix's part about the papers of deals."""

from __future__ import annotations

from tests.architecture.rows import Row

_DEAL, _DOCUMENT = Row(("deal_id",)), Row(("document_id",))
# The link in a mail is the proof.
_SENT = Row(("sent_id", "paper_token"), public=True, other_store=False)


def paper_rows() -> dict[str, Row]:
    """Every page about a deal's papers, and what programs do with them."""
    signing = (f"{way} /documents/<document_id>/{verb}" for verb in ("sign", "void") for way in ("GET", "POST"))
    making = (f"POST /deals/<deal_id>/{verb}" for verb in ("documents", "files", "delivery-checklist"))
    return {
        **dict.fromkeys(making, _DEAL),
        "GET /deals/<deal_id>/delivery-checklist": _DEAL,
        **dict.fromkeys(signing, _DOCUMENT),
        "GET /documents/<document_id>/file": _DOCUMENT,
        "POST /documents/<document_id>/send": _DOCUMENT,
        **dict.fromkeys((f"GET /papers/<sent_id>/<paper_token>{rest}" for rest in ("", "/file")), _SENT),
        **dict.fromkeys((f"{way} /api/v1/deals/<deal_id>/documents" for way in ("GET", "POST")), _DEAL),
        "POST /api/v1/deals/<deal_id>/documents/bring": _DEAL,
        **dict.fromkeys((f"GET /api/v1/documents/<document_id>{rest}" for rest in ("", "/file")), _DOCUMENT),
        **dict.fromkeys((f"POST /api/v1/documents/<document_id>/{verb}" for verb in ("sign", "void")), _DOCUMENT),
        "POST /sales-settings/documents/logo": Row(),
    }
