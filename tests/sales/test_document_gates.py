"""Papers a store asks for: a deal waits at its step until they are signed or in the jacket, and nowhere else."""

import pytest

from app.core.db import db, transaction
from app.sales.documents.making import make_document, sign_document
from app.sales.errors import PAPERS_MISSING
from app.sales.operations import delivery, documents
from app.sales.operations.policies import set_policy
from app.sales.rules.policies import PolicyKind
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_customer, make_deal

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def deliver(deal):
    with transaction():
        delivery.deliver_deal(actor=SYSTEM, deal_id=deal.id, version=None)


def test_a_delivery_waits_for_its_papers(stores):
    gates = {"gates": {"delivered": ["contract", "licence"]}}
    with transaction():
        set_policy(actor=SYSTEM, kind=PolicyKind.DOCUMENTS, body=gates, store_id=stores[0].id)
    deal = make_deal(stores[0], customer_id=make_customer(stores[0]).id)
    with transaction():
        made = make_document(actor=SYSTEM, deal_id=deal.id, kind="contract")
    with pytest.raises(PAPERS_MISSING["contract"]):
        deliver(deal)
    with transaction():
        sign_document(actor=SYSTEM, document_id=made.id, shown=made.sha256.hex(), signer="Kim Buyer")
    with pytest.raises(PAPERS_MISSING["licence"]):
        deliver(deal)
    with transaction():
        documents.bring_documents(actor=SYSTEM, deal_id=deal.id, kind="licence", uploads=[("a.png", PNG)])
    with transaction():
        documents.void_document(actor=SYSTEM, document_id=made.id, reason="Wrong")
    with pytest.raises(PAPERS_MISSING["contract"]):
        deliver(deal)
    with transaction():
        again = make_document(actor=SYSTEM, deal_id=deal.id, kind="contract")
        sign_document(actor=SYSTEM, document_id=again.id, shown=again.sha256.hex(), signer="Kim Buyer")
    deliver(deal)
    db.session.refresh(deal)
    assert deal.delivered_on is not None


def test_another_store_asks_for_nothing(stores):
    with transaction():
        gates = {"gates": {"delivered": ["contract"]}}
        set_policy(actor=SYSTEM, kind=PolicyKind.DOCUMENTS, body=gates, store_id=stores[0].id)
    deal = make_deal(stores[1], customer_id=make_customer(stores[1]).id)
    deliver(deal)
    db.session.refresh(deal)
    assert deal.delivered_on is not None
