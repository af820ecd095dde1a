"""The inbox on screen: its reader's alone, done and back, everything at once, and a choice that is kept."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, event, update
from sqlalchemy.engine import Engine

from app.core import clock
from app.core.db import Tenant, db, tenant, transaction
from app.core.db.ids import to_public
from app.core.jobs.models import JobState
from app.core.jobs.notices import JOB_FINISHED
from app.core.jobs.topics import Subject
from app.notifications import queries
from app.notifications.models import Item
from app.notifications.operations import telling
from app.notifications.rules import MOST_COUNTED
from tests.fixtures import people
from tests.fixtures.browsing import send
from tests.notifications.conftest import end_job, items_of

Clients = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def empty(in_alpha: Tenant) -> None:
    with transaction():
        db.session.execute(delete(Item))


@pytest.fixture
def gm(client_for: Clients, in_alpha: Tenant) -> FlaskClient:
    return client_for(in_alpha, "gm")


def fill(role: str, count: int) -> None:
    user = people.find_user(role)
    assert user is not None
    with transaction():
        for _ in range(count):
            telling.notify([user.id], JOB_FINISHED, Subject("job", uuid.uuid4()))


def badge(page: str) -> str | None:
    found = re.search(r'href="/inbox".*?class="cnt hot">(\d+)', page)
    return found[1] if found else None


def lines(page: str) -> int:
    return page.count('<li class="nt')


def test_an_empty_inbox_says_so_and_leads_to_the_choice(gm: FlaskClient) -> None:
    page = gm.get("/inbox").text
    assert "All caught up" in page
    assert 'href="/inbox/preferences"' in page
    assert badge(page) is None


def test_a_line_opens_its_record_and_is_counted_everywhere(gm: FlaskClient) -> None:
    job = end_job("gm", JobState.FAILED, "import_run")
    page = gm.get("/inbox").text
    assert f'href="/jobs/{to_public("job", job.id)}" data-read=' in page
    assert "Import did not go through" in page
    assert badge(page) == badge(gm.get("/").text) == "1"


def test_done_takes_it_away_and_back_again(gm: FlaskClient, in_alpha: Tenant) -> None:
    end_job("gm")
    (item,) = items_of("gm")
    path = f"/inbox/{to_public('ntf', item.id)}"
    assert send(gm, f"{path}/done").location == "/inbox"
    assert (lines(gm.get("/inbox").text), lines(gm.get("/inbox?tab=done").text)) == (0, 1)
    assert send(gm, f"{path}/open", next="/inbox?tab=done").location == "/inbox?tab=done"
    assert (lines(gm.get("/inbox").text), lines(gm.get("/inbox?tab=done").text)) == (1, 0)
    assert lines(gm.get("/inbox?tab=").text) == 1


def test_what_came_up_again_meanwhile_is_not_opened_twice(gm: FlaskClient) -> None:
    about, user = Subject("job", uuid.uuid4()), people.find_user("gm")
    assert user is not None
    for _ in range(2):
        with transaction():
            telling.notify([user.id], JOB_FINISHED, about)
        if len(items_of("gm")) == 1:
            send(gm, f"/inbox/{to_public('ntf', items_of('gm')[0].id)}/done")
    answer = send(gm, f"/inbox/{to_public('ntf', items_of('gm')[0].id)}/open")
    assert "again already" in gm.get(answer.location).text
    assert lines(gm.get("/inbox").text) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_done_is_taken_back_from_its_message(gm: FlaskClient, count: int) -> None:
    fill("gm", count)
    page = gm.get("/inbox").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until is not None
    if count == 1:
        send(gm, f"/inbox/{to_public('ntf', items_of('gm')[0].id)}/done")
    else:
        send(gm, "/inbox/done", until=until[1])
    page = gm.get("/inbox").text
    offered = re.search(r'action="(/undo/undo_\w+)"', page)
    assert lines(page) == 0
    assert offered is not None
    assert send(gm, offered[1]).status_code == 303
    assert lines(gm.get("/inbox").text) == count


def test_reading_is_noted_by_its_own_request_alone(gm: FlaskClient) -> None:
    end_job("gm")
    (item,) = items_of("gm")
    gm.get("/inbox")
    db.session.expire_all()
    assert items_of("gm")[0].read_at is None
    answer = send(gm, f"/inbox/{to_public('ntf', item.id)}/read")
    assert answer.status_code == 303
    db.session.expire_all()
    assert items_of("gm")[0].read_at is not None
    assert "nt new" not in gm.get("/inbox").text


def test_all_means_what_the_page_has_shown(gm: FlaskClient) -> None:
    fill("gm", 3)
    until = re.search(r'name="until" value="([^"]+)"', gm.get("/inbox").text)
    assert until is not None
    fill("gm", 1)
    send(gm, "/inbox/done", until=until[1])
    assert lines(gm.get("/inbox").text) == 1
    assert send(gm, "/inbox/done", until="yesterday").status_code == 422


def test_nobody_touches_anothers(gm: FlaskClient, client_for: Clients, in_alpha: Tenant, beta: Tenant) -> None:
    fill("controller", 2)
    other = items_of("controller")[0].id
    assert lines(gm.get("/inbox?tab=").text) == 0
    strangers = (gm, client_for(in_alpha, "tenant_admin"), client_for(beta, "controller"))
    for client in strangers:
        for verb in ("read", "done", "open"):
            assert send(client, f"/inbox/{to_public('ntf', other)}/{verb}").status_code == 404
        send(client, "/inbox/done", until=(clock.now() + timedelta(days=1)).isoformat())
    db.session.expire_all()
    assert [item.done_at for item in items_of("controller")] == [None, None]


def test_pages_lead_to_every_line_and_back(gm: FlaskClient) -> None:
    fill("gm", 60)
    with transaction():  # Ties: some happened in the same instant.
        db.session.execute(
            update(Item).where(Item.id.in_([i.id for i in items_of("gm")[::3]])).values(last_at=clock.now())
        )
    url, seen = "/inbox?limit=25", []
    while url:
        page = gm.get(url).text
        seen.append(re.findall(r"/inbox/(ntf_\w+)/done", page)[::2])
        found = re.search(r'rel="next" href="([^"]+)"', page)
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    flat = [key for keys in seen for key in keys]
    assert [len(keys) for keys in seen] == [25, 25, 10]
    assert len(set(flat)) == 60
    assert back is not None
    before = gm.get(back[1].replace("&amp;", "&")).text
    assert re.findall(r"/inbox/(ntf_\w+)/done", before)[::2] == seen[1]
    assert gm.get("/inbox?cursor=nonsense").status_code == 422


def test_who_lost_the_right_reads_no_more_than_that_it_happened(gm: FlaskClient) -> None:
    job = end_job("gm", kind="import_run")
    with transaction():
        job.created_by = None
        user = people.find_user("salesperson")
        assert user is not None
        db.session.execute(update(Item).values(user_id=user.id))
    assert queries.needs_me(people.actor_of("salesperson")).total == 0
    actor = people.actor_of("salesperson")
    (line,) = queries.lines_of(actor, db.session.execute(queries.own_items(actor)).all())
    assert (line.subject, line.sentence.message) == (None, "A job you began has finished")


def test_what_waits_for_somebody_has_a_button(in_alpha: Tenant) -> None:
    for _ in range(7):
        end_job("gm", JobState.FAILED)
    end_job("gm")
    found = queries.needs_me(people.actor_of("gm"), limit=5)
    assert (len(found.lines), found.total) == (5, 7)
    assert {line.topic.action for line in found.lines} == {"Look at it"}


def statements_of(client: FlaskClient, path: str) -> list[str]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "directory" not in statement:
            sent.append(statement)

    client.get(path)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return sent


def test_the_count_costs_no_statement_and_a_page_of_lines_five(gm: FlaskClient) -> None:
    bare = len(statements_of(gm, "/account"))
    for _ in range(20):
        end_job("gm")
    assert len(statements_of(gm, "/account")) == bare
    # The session with its count, the kept views, the lines, how many there are, their jobs.
    assert len(statements_of(gm, "/inbox")) == 5


def test_a_full_inbox_is_counted_no_further_than_needed(gm: FlaskClient, in_alpha: Tenant) -> None:
    fill("gm", MOST_COUNTED + 5)
    assert badge(gm.get("/").text) == str(MOST_COUNTED)


def test_a_choice_is_kept_and_what_is_always_told_is_not_asked(gm: FlaskClient, in_alpha: Tenant) -> None:
    page = gm.get("/inbox/preferences").text
    assert 'value="job.finished:inbox" aria-label="A job I began has finished: Inbox" checked' in page
    assert 'value="security.password:inbox"' not in page
    answer = send(gm, "/inbox/preferences", wanted=["job.finished:mail", "rights.changed:inbox"])
    assert answer.location == "/inbox/preferences"
    wanted = queries.list_wishes(people.actor_of("gm").user_id)
    assert wanted["job.finished"] == {"mail"}
    assert wanted["rights.changed"] == {"inbox"}
    assert wanted["job.failed"] == frozenset()
    assert wanted["security.password"] == {"inbox"}
    end_job("gm")
    assert items_of("gm") == []
    refused = send(gm, "/inbox/preferences", wanted=["job.finished:inbox", "no.such:inbox"])
    assert (refused.status_code, "Choose one of the offered values" in refused.text) == (422, True)
    assert queries.list_wishes(people.actor_of("gm").user_id)["job.finished"] == {"mail"}
    with tenant(in_alpha.id), transaction():
        db.session.execute(delete(queries.Preference))


def test_it_is_a_list_like_any_other(gm: FlaskClient) -> None:
    end_job("gm", JobState.FAILED)
    end_job("gm")
    (newest, older) = sorted(items_of("gm"), key=lambda item: item.last_at, reverse=True)
    send(gm, f"/inbox/{to_public('ntf', older.id)}/read")
    for address, count in (
        ("/inbox", 2), ("/inbox?tab=open&unread=yes", 1), ("/inbox?tab=open&asks=yes", 1), ("/inbox?view=done", 0),
        ("/inbox?tab=open&at=today", 2), ("/inbox?tab=&at=over_90_days_ago", 0),
    ):  # fmt: skip
        assert lines(gm.get(address).text) == count, address
    order = re.findall(r'data-row="(ntf_\w+)"', gm.get("/inbox?tab=open&sort=at").text)
    assert order == [to_public("ntf", item.id) for item in (older, newest)]
    # What is asked besides is not what "all of these" would mean.
    assert "Mark all as done" in gm.get("/inbox").text
    assert "Mark all as done" not in gm.get("/inbox?tab=open&unread=yes").text
    assert gm.get("/inbox?tab=nonsense").status_code == 422
    kept = send(gm, "/lists/inbox/views", tab="open", asks="yes", view_name="For me", view_for="own")
    assert lines(gm.get(kept.location).text) == 1
    assert 'hx-get="/lists/inbox/counts"' in gm.get("/inbox").text
    assert gm.get("/lists/inbox/counts").status_code == 200
