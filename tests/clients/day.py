"""A day of the Python client at the real server; run apart, because the client is made while the suite runs."""

from __future__ import annotations

import sys

from forecourt_client import AuthenticatedClient
from forecourt_client.api.customers import create_customer, edit_customer, list_customers, show_customer
from forecourt_client.models import (
    Customer,
    CustomerFieldsPatch,
    CustomerPage,
    ListCustomersFilterkind,
    ListCustomersSort,
    NewCustomer,
    NewCustomerKind,
    Problem,
)
from forecourt_client.types import UNSET

url, host, key, narrow, store = sys.argv[1:]
CLIENTS: list[AuthenticatedClient] = []


def client_of(token: str) -> AuthenticatedClient:
    """Not every resolver knows *.localhost, so the host is named by hand."""
    CLIENTS.append(AuthenticatedClient(base_url=url, token=token, headers={"Host": host}))
    return CLIENTS[-1]


client = client_of(key)
seen: list[Customer] = []
cursor, pages = UNSET, 0
while True:
    page = list_customers.sync(
        client=client, limit=2, sort=ListCustomersSort.CREATED_AT, filterkind=ListCustomersFilterkind.INDIVIDUAL,
        cursor=cursor,
    )  # fmt: skip
    assert isinstance(page, CustomerPage), page
    seen += page.data
    pages += 1
    if not page.page.has_more:
        break
    cursor = page.page.next_cursor
assert pages > 1
assert len({customer.id for customer in seen}) == len(seen)
assert {customer.kind for customer in seen} == {"individual"}

wrong = list_customers.sync_detailed(client=client, cursor="nonsense")
assert wrong.status_code == 400
assert isinstance(wrong.parsed, Problem)
assert [error.parameter for error in wrong.parsed.errors or []] == ["cursor"]

body = NewCustomer(kind=NewCustomerKind.INDIVIDUAL, given_name="Grace", family_name="Example", store_id=store)
made = create_customer.sync(client=client, body=body, idempotency_key="a-day-in-python")
assert isinstance(made, Customer), made
again = create_customer.sync_detailed(client=client, body=body, idempotency_key="a-day-in-python")
assert isinstance(again.parsed, Customer)
assert again.parsed.id == made.id
assert again.headers["Idempotency-Replayed"] == "true"

read = show_customer.sync_detailed(made.id, client=client)
assert isinstance(read.parsed, Customer)
assert read.parsed.name == "Grace Example"
tag = read.headers["ETag"]
changed = edit_customer.sync(made.id, client=client, body=CustomerFieldsPatch(notes="Calls back"), if_match=tag)
assert isinstance(changed, Customer), changed
assert (changed.notes, changed.name) == ("Calls back", "Grace Example")
late = edit_customer.sync_detailed(made.id, client=client, body=CustomerFieldsPatch(notes="Never"), if_match=tag)
assert late.status_code == 412
assert isinstance(late.parsed, Problem)
assert late.parsed.code == "precondition_failed"
assert late.parsed.current["notes"] == "Calls back"
assert late.parsed.yours["notes"] == "Never"

body.store_id = "store_nowhere"
refused = create_customer.sync_detailed(client=client, body=body)
assert refused.status_code == 422
assert isinstance(refused.parsed, Problem)
assert [error.pointer for error in refused.parsed.errors or []] == ["/store_id"]

forbidden = list_customers.sync_detailed(client=client_of(narrow))
assert forbidden.status_code == 403
stranger = list_customers.sync(client=client_of("dms_live_nobody"))
assert isinstance(stranger, Problem)
assert stranger.status == 401
for opened in CLIENTS:
    opened.get_httpx_client().close()
print(f"{len(seen)} customers on {pages} pages")  # noqa: T201
