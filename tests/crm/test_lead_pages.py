"""The pages of leads: taken in by three fields, answered by two presses, moved on the board, lost, and the rules."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core.db import db
from app.core.db.ids import from_public, to_public
from app.crm.models import Activity, Lead
from tests.factories.inventory import make_unit
from tests.factories.leads import make_lead, set_rules
from tests.factories.pages import error_of, field_of, post, recorded, token_of
from tests.factories.sales import make_customer
from tests.fixtures.people import find_user


@pytest.fixture
def client(client_for, alpha):
    return client_for(alpha)


def address(lead, *rest):
    return "/".join(["/leads", to_public("lead", lead.id), *rest])


def fresh(lead):
    return db.session.get(Lead, lead.id, populate_existing=True)


def listed(client, **args):
    answer = client.get("/leads", query_string={"limit": "200", **args})
    assert answer.status_code == 200
    return set(re.findall(r'data-row="(lead_\w+)"', answer.text))


def test_somebody_new_is_taken_in_by_three_fields(client_for, alpha, stores):
    seller = client_for(alpha, "salesperson")
    assert 'id="quick"' in seller.get("/leads/quick").text
    fields = {"name": "Ana Asks", "phone": "+1 202 555 0191", "wanted": "A red estate"}
    answer = post(seller, "/leads/quick", channel="phone", **fields)
    assert answer.status_code == 303
    lead = db.session.get(Lead, from_public("lead", answer.location.rpartition("/")[2]))
    assert (lead.assignee_id, lead.status, lead.wanted) == (find_user("salesperson").id, "contacted", "A red estate")
    page = seller.get(answer.location).text
    for words in ("Ana Asks", "A red estate", "Contacted", "Answered"):
        assert words in page
    refused = post(seller, "/leads/quick", channel="phone", name="", wanted="x")
    assert refused.status_code == 422
    assert error_of(refused.text, "name")
    web = post(seller, "/leads/quick", channel="web", name="Wen Web")
    assert db.session.get(Lead, from_public("lead", web.location.rpartition("/")[2])).assignee_id is None


def test_a_web_lead_is_answered_by_two_presses(client_for, alpha, stores):
    seller = client_for(alpha, "salesperson")
    lead = make_lead(stores[0])
    page = seller.get(address(lead)).text
    assert f'action="{address(lead, "take")}"' in page
    taken = post(seller, address(lead, "take"), version=lead.version)
    assert taken.status_code == 303
    page = seller.get(taken.location).text
    assert "Take" not in re.findall(r">([^<>]+)</button>", page)
    logged = post(seller, address(lead, "log"), type="call", outcome="reached")
    assert logged.location.endswith(address(lead))
    assert (fresh(lead).status, fresh(lead).assignee_id) == ("contacted", find_user("salesperson").id)
    assert "Answered" in seller.get(logged.location).text


def test_the_list_tells_who_waits(client, stores):
    waits, answered = make_lead(stores[0]), make_lead(stores[0], channel="phone")
    lost = make_lead(stores[0], channel="phone")
    post(client, address(lost, "lose"), version=lost.version, reason="price")
    ours = {to_public("lead", lead.id) for lead in (waits, answered, lost)}

    def found(**args):
        return listed(client, **args) & ours

    assert found() == {to_public("lead", lead.id) for lead in (waits, answered)}
    assert found(unanswered="yes") == {to_public("lead", waits.id)}
    assert found(open="", lost="price") == {to_public("lead", lost.id)}
    assert found(view="all") == ours
    assert found(assignee="none", channel="web") == {to_public("lead", waits.id)}
    assert "Leads unanswered" in client.get("/").text
    assert client.get("/pipeline").location.endswith("/leads?layout=board")


def test_a_card_is_moved_or_comes_back_with_the_reason(client, stores):
    lead = make_lead(stores[0])
    board = client.get("/leads?layout=board").text
    assert f'data-row="{to_public("lead", lead.id)}"' in board
    move = {"version": lead.version, "status": "negotiating"}

    def sent(**fields):
        data = {"csrf_token": token_of(client), **fields}
        return client.post(address(lead, "move"), data=data, headers={"Accept": "application/json"})

    refused = sent(**move)
    assert refused.status_code == 409
    assert "log a call" in refused.get_json()["detail"]
    assert fresh(lead).status == "new"
    post(client, address(lead, "log"), type="call", outcome="reached")
    moved = sent(version=fresh(lead).version, status="negotiating")
    assert "Negotiating" in moved.get_json()["detail"]
    stale = sent(version=1, status="visited")
    assert stale.status_code == 409
    here = "move?next=/leads%3Flayout%3Dboard"
    back = post(client, address(lead, here), version=fresh(lead).version, status="visited")
    assert (back.status_code, back.location) == (303, "/leads?layout=board")


def test_the_board_tells_what_the_cars_asked_for_come_to(client, stores):
    unit = make_unit(stores[1], asking_price=Decimal("43210.00"))
    customer = make_customer(stores[1], "Sum Up")
    make_lead(stores[1], customer_id=customer.id, stock_unit_id=unit.id, channel="walk_in")
    column = client.get(
        "/leads", query_string={"layout": "board", "customer": to_public("cus", customer.id)}
    ).text.partition('id="bcol-visited"')[2].partition("</section>")[0]
    head, card = column.partition("</header>")[::2]
    assert "$43.2K" in head
    assert "43,210" in card
    assert "<time" in card


def test_losing_asks_for_a_reason_and_can_be_taken_back(client, stores):
    lead = make_lead(stores[0], channel="phone")
    refused = post(client, address(lead, "lose"), version=lead.version)
    assert refused.status_code == 422
    assert error_of(refused.text, "reason")
    because = {"reason": "bought_elsewhere", "note": "Across the road"}
    answer = post(client, address(lead, "lose"), version=lead.version, **because)
    page = client.get(answer.location).text
    assert "Bought elsewhere" in page
    undo = re.search(r"/undo/undo_\w+", page)
    post(client, undo[0])
    assert (fresh(lead).status, fresh(lead).lost_reason) == ("contacted", None)


def test_a_lead_is_corrected_and_its_car_found(client, stores):
    unit = make_unit(stores[0])
    lead = make_lead(stores[0], wanted="Anything")
    form = client.get(address(lead, "edit")).text
    version, base = field_of(form, "version"), re.search(r'name="began_with" value="([^"]*)"', form)[1]
    kept = {"version": version, "began_with": base, "channel": "web", "source": "portal", "wanted": "Anything red"}
    page = post(client, address(lead, "edit"), search="unit", unit_search=unit.stock_number, **kept).text
    assert str(unit.id) in page
    saved = post(client, address(lead, "edit"), stock_unit_id=unit.id, **kept)
    assert saved.status_code == 303
    page = client.get(saved.location).text
    assert "Anything red" in page
    assert f"unit={to_public('unit', unit.id)}" in page
    assert f"lead={to_public('lead', lead.id)}" in page


def test_a_deal_begins_at_a_lead(client, stores):
    unit, customer = make_unit(stores[0]), make_customer(stores[0], "Dee Deal")
    lead = make_lead(stores[0], customer_id=customer.id, stock_unit_id=unit.id, channel="phone")
    link = re.search(r'href="(/deals/start\?[^"]*lead=[^"]*)"', client.get(address(lead)).text)[1].replace("&amp;", "&")
    form = client.get(link).text
    names = {"unit": unit.id, "cus": customer.id, "lead": lead.id}
    known = {"customer" if prefix == "cus" else prefix: to_public(prefix, key) for prefix, key in names.items()}
    assert all(f'name="{name}" value="{value}"' in form for name, value in known.items())
    made = post(client, "/deals/start", **known)
    assert made.status_code == 303
    assert fresh(lead).status == "negotiating"


def test_a_known_customers_lead_is_taken_in_with_all_fields(client, stores):
    customer = make_customer(stores[0], "Kay Known")
    form = client.get(f"/leads/new?customer={to_public('cus', customer.id)}").text
    assert "Kay Known" in form
    answer = post(
        client, "/leads", customer_id=customer.id, channel="web", source="portal", source_detail="Motor Market",
        assignee_id=find_user("salesperson").id,
    )  # fmt: skip
    assert answer.status_code == 303
    assert "Motor Market" in client.get(answer.location).text
    assert client.get("/leads/new").location.endswith("/leads/quick")


def test_the_rules_of_a_store(client_for, alpha, stores):
    manager = client_for(alpha, "sales_manager")
    store, seller = to_public("store", stores[0].id), str(find_user("salesperson").id)
    page = manager.get("/leads/rules").text
    version = field_of(page, "version")
    refused = post(manager, f"/leads/rules/{store}", version=version, target_minutes="0", mon="9 to 5")
    assert refused.status_code == 422
    assert error_of(refused.text, "target_minutes")
    assert error_of(refused.text, "mon")
    saved = post(
        manager, f"/leads/rules/{store}", version=version, target_minutes="15", mon="9-18:30", member_ids=seller
    )
    assert saved.status_code == 303
    page = manager.get(saved.location).text
    assert (field_of(page, "target_minutes"), field_of(page, "mon")) == ("15", "09:00-18:30")
    assert "in opening hours" in manager.get(address(make_lead(stores[0]))).text
    assert manager.get(f"/leads/rules?store={to_public('store', stores[1].id)}").status_code == 404
    assert client_for(alpha, "salesperson").get("/leads/rules").status_code == 403
    set_rules(stores[0])


def test_a_hidden_customer_stays_hidden(client_for, alpha, stores):
    lead = make_lead(stores[1], "Zed Elsewhere", assignee_id=None)
    seller = client_for(alpha, "salesperson")
    assert seller.get(address(lead)).status_code == 404
    assert client_for(alpha, "technician").get("/leads").status_code == 403


def test_an_automatic_message_is_nobodys(client, stores):
    lead = make_lead(stores[0])
    post(client, address(lead, "log"), type="message", direction="outbound", body="Called back")
    row = db.session.scalars(select(Activity).where(Activity.customer_id == lead.customer_id)).one()
    assert row.user_id is not None
    assert fresh(lead).first_attempt_at == row.at


def test_a_leads_page_takes_a_bounded_number_of_statements(client, stores):
    lead = make_lead(stores[0], stock_unit_id=make_unit(stores[0]).id)
    client.get(address(lead))
    with recorded() as statements:
        assert client.get(address(lead)).status_code == 200
    assert len(statements) <= 14, statements
