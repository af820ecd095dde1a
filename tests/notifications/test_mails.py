"""The same by mail: in the recipient's language, under his rights, once, and only if he still wants it."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.core.db import Tenant, db, tenant, transaction
from app.core.jobs import runner
from app.core.jobs.models import Outbox
from app.core.jobs.notices import JOB_FAILED
from app.core.jobs.topics import Subject, Topic, declared_topics
from app.notifications.models import Item
from app.notifications.operations import telling, wishes
from app.tenants.events import PASSWORD_CHANGED, RIGHTS_CHANGED
from app.tenants.models import Mail
from app.tenants.operations import links
from app.tenants.queries.sessions import get_actor
from tests.fixtures import people
from tests.notifications.conftest import Owed, end_job, items_of


@pytest.fixture(autouse=True)
def empty(in_alpha: Tenant) -> None:
    with transaction():
        for table in (Item, Outbox, Mail):
            db.session.execute(delete(table))


def tell(role: str, topic: Topic = PASSWORD_CHANGED) -> None:
    user = people.find_user(role)
    assert user is not None
    with transaction():
        telling.notify([user.id], topic, Subject("account", user.id))


def caught() -> list[tuple[str, str]]:
    mails = db.session.scalars(select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc())).all()
    texts = links.texts_of_mails(mails)
    return [(mail.subject, texts[mail.id]) for mail in mails]


def test_a_mail_says_it_in_the_readers_language_and_opens_the_record(in_alpha: Tenant, run_owed: Owed) -> None:
    for role, locale in (("gm", None), ("controller", "zh")):
        with transaction():
            user = people.find_user(role)
            assert user is not None
            user.locale = locale
        tell(role)
    assert run_owed(in_alpha, telling.SEND) == ["done", "done"]
    with tenant(in_alpha.id):
        (zh_subject, zh_body), (subject, body) = caught()
    assert subject == "Your password was changed · Alpha Motors"
    assert zh_subject != subject
    for text, name in ((body, "Gm"), (zh_body, "Controller")):
        assert f"http://{in_alpha.hosts[0]}:8000/account\n" in text
        assert f"http://{in_alpha.hosts[0]}:8000/inbox/preferences" in text
        assert name in text
        assert name not in subject + zh_subject


def test_who_wants_no_mail_gets_none_even_if_it_was_owed_before(in_alpha: Tenant, run_owed: Owed) -> None:
    gm = people.actor_of("gm")
    tell("gm")
    with transaction():
        wishes.choose(gm, [])
    assert run_owed(in_alpha, telling.SEND) == ["done"]
    tell("gm", RIGHTS_CHANGED)
    with tenant(in_alpha.id):
        assert caught() == []
        # What concerns the safety of the account still stands in the inbox; the rest does not.
        assert [item.topic for item in items_of("gm")] == ["security.password"]
        assert db.session.scalars(select(Outbox.id).where(Outbox.done_at.is_(None))).all() == []


def test_who_may_not_sign_in_any_more_gets_no_mail(in_alpha: Tenant, run_owed: Owed) -> None:
    tell("cashier")
    with transaction():
        user = people.find_user("cashier")
        assert user is not None
        user.state = "disabled"
    assert run_owed(in_alpha, telling.SEND) == ["done"]
    with tenant(in_alpha.id), transaction():
        assert caught() == []
        people.find_user("cashier").state = "active"  # type: ignore[union-attr]


def test_the_same_is_mailed_once_while_it_waits_and_a_done_row_sends_nothing(app: Flask, in_alpha: Tenant) -> None:
    gm = people.actor_of("gm")
    with transaction():
        wishes.choose(gm, [(JOB_FAILED.key, "inbox"), (JOB_FAILED.key, "mail")])
        about = Subject("job", uuid.uuid4())
        for _ in range(3):
            telling.notify([gm.user_id], JOB_FAILED, about)  # type: ignore[list-item]
    key = db.session.scalars(select(Outbox.id).where(Outbox.task == telling.SEND)).one()
    for expected in ("done", "skipped", "skipped"):
        assert runner.run(in_alpha.id, str(key)).value == expected
    with tenant(in_alpha.id):
        assert len(caught()) == 1


def test_a_mail_about_what_the_reader_may_not_see_stays_general(in_alpha: Tenant, run_owed: Owed) -> None:
    gm = people.actor_of("gm")
    with transaction():
        wishes.choose(gm, [("job.finished", "mail")])
    job = end_job("gm", kind="import_run")
    with transaction():
        job.created_by = None
        user = people.find_user("salesperson")
        assert user is not None
        wishes.choose(get_actor(user.id), [("job.finished", "mail")])
        telling.notify([user.id], declared_topics()["job.finished"], Subject("job", job.id))
    assert set(run_owed(in_alpha, telling.SEND)) == {"done"}
    with tenant(in_alpha.id):
        bodies = {body.split(",")[0]: body for _, body in caught()}
    assert "Import has finished" in bodies["Hello Gm"]
    assert "/jobs/job_" in bodies["Hello Gm"]
    assert "A job you began has finished" in bodies["Hello Salesperson"]
    assert "/jobs/" not in bodies["Hello Salesperson"]
