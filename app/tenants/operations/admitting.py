"""Letting the operator in: a consent with an end, and coming in by it as one of the users. Both names are on record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.columns import new_id
from app.core.db.tenancy import current_settings
from app.core.errors import NotFound
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.tenants.errors import TicketInvalid
from app.tenants.models import Consent, OperatorEntry, Role, SessionRow, User
from app.tenants.operations.signing import start_session
from app.tenants.rules import admitting

TELL = "operators.tell_consent"
# Asked of the whole dealership: an operator let in may come as any of its users.
RIGHT = "dealership.admit_operator"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ConsentFacts:
    """What the console is told of a consent."""

    id: uuid.UUID
    tenant_id: str
    reason: str
    until: datetime
    withdrawn_at: datetime | None


def admit(actor: Actor, *, hours: int, reason: str) -> Consent:
    """Let the operator in for some hours, for a reason both sides read. Raises PermissionDenied."""
    check(actor, RIGHT, store_id=None)
    if actor.user_id is None or actor.behind is not None:
        raise NotFound
    consent = Consent(
        id=new_id(),
        granted_by=actor.user_id,
        reason=reason[: admitting.LONGEST_REASON],
        until=clock.now() + timedelta(hours=min(hours, max(admitting.HOURS))),
    )
    db.session.add(consent)
    db.session.flush()
    changes = {"until": (None, consent.until), "reason": (None, consent.reason)}
    audit.record(actor, "operator.admit", "consent", consent.id, changes=changes)
    enqueue(TELL, queue=QueueName.DEFAULT, payload={"consent_id": str(consent.id)})
    return consent


def withdraw(actor: Actor, consent_id: uuid.UUID) -> None:
    """End a consent now, and with it every session that began by it. Raises NotFound, PermissionDenied."""
    check(actor, RIGHT, store_id=None)
    open_one = update(Consent).where(Consent.id == consent_id, Consent.withdrawn_at.is_(None))
    if db.session.scalar(open_one.values(withdrawn_at=clock.now()).returning(Consent.id)) is None:
        raise NotFound
    db.session.execute(delete(SessionRow).where(SessionRow.consent_id == consent_id))
    audit.record(actor, "operator.withdraw", "consent", consent_id)
    enqueue(TELL, queue=QueueName.DEFAULT, payload={"consent_id": str(consent_id)})


def describe(consent_id: uuid.UUID) -> ConsentFacts:
    """A consent as the console is told of it; raises NotFound."""
    consent = db.session.get(Consent, consent_id)
    if consent is None:
        raise NotFound
    return ConsentFacts(consent.id, current_tenant().id, consent.reason, consent.until, consent.withdrawn_at)


def check_ticket(text: str) -> admitting.Ticket:
    """The ticket, when its consent still holds and nobody came in by it; raises TicketInvalid, without telling why."""
    now = clock.now()
    ticket = admitting.read_ticket(current_settings().secret_key, text, current_tenant().id, now)
    if ticket is None or db.session.get(OperatorEntry, ticket.id) is not None:
        raise TicketInvalid
    consent = db.session.get(Consent, ticket.consent_id)
    if consent is None or consent.withdrawn_at is not None or consent.until <= now:
        raise TicketInvalid
    return ticket


def list_enterable() -> Sequence[Any]:
    """Whom an operator may come in as: the active users, by name."""
    query = select(User.id, User.name).where(User.state == "active").order_by(User.name, User.id)
    return db.session.execute(query.limit(500)).all()


def list_roles() -> Sequence[Any]:
    """As which roles an operator may look at the pages, by name."""
    return db.session.execute(select(Role.id, Role.name).order_by(Role.name, Role.id)).all()


def enter(
    text: str, user_id: uuid.UUID | None, role_id: uuid.UUID | None, *, host: str, token_hash: bytes, agent: str
) -> datetime:
    """Begin an operator's session as a user, or as whoever gave the consent, looking as a role and changing nothing.

    It ends with the consent, at the latest after LONGEST_VISIT. Both names are written down. Raises TicketInvalid,
    NotFound for a user who is not active and for a role that is not there.
    """
    ticket = check_ticket(text)
    # Held until the end of the transaction: a withdrawal comes before this or ends what begins here.
    consent = db.session.scalars(
        select(Consent).where(Consent.id == ticket.consent_id, Consent.withdrawn_at.is_(None)).with_for_update()
    ).one_or_none()
    if consent is None:
        raise TicketInvalid
    user_id = user_id or consent.granted_by
    name = db.session.scalar(select(User.name).where(User.id == user_id, User.state == "active"))
    role = db.session.get(Role, role_id) if role_id is not None else None
    if name is None or (role_id is not None and role is None):
        raise NotFound
    until = min(consent.until, clock.now() + admitting.LONGEST_VISIT)
    entry = {
        "id": ticket.id,
        "consent_id": consent.id,
        "operator_name": ticket.operator_name,
        "user_id": user_id,
        "reason": ticket.reason,
        "expires_at": until,
    }
    once = insert(OperatorEntry).values(entry).on_conflict_do_nothing().returning(OperatorEntry.id)
    if db.session.scalar(once) is None:
        raise TicketInvalid
    session_id = start_session(user_id, host=host, token_hash=token_hash, agent=agent, hours=1)
    db.session.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id)
        # Nothing of the user's own was shown: what asks for that again stays closed.
        .values(
            expires_at=until,
            behind=ticket.operator_name,
            consent_id=consent.id,
            preview_role_id=role_id,
            proved_at=LONG_AGO,
        )
    )
    actor = Actor(user_id=user_id, name=name, behind=ticket.operator_name)
    changes: dict[str, audit.Change] = {
        "operator": (None, ticket.operator_name),
        "reason": (None, ticket.reason),
        "until": (None, until),
    }
    if role is not None:
        changes["role"] = (None, role.name)
    audit.record(actor, "operator.enter", "user", user_id, changes=changes)
    return until


def list_consents() -> Sequence[Any]:
    """The newest consents with the name of whoever gave them."""
    query = select(Consent, User.name).join(User, User.id == Consent.granted_by)
    return db.session.execute(query.order_by(Consent.created_at.desc(), Consent.id.desc()).limit(20)).all()


def list_entries() -> Sequence[Any]:
    """The newest entries with the name of the user the operator came in as."""
    query = select(OperatorEntry, User.name).join(User, User.id == OperatorEntry.user_id)
    return db.session.execute(query.order_by(OperatorEntry.created_at.desc(), OperatorEntry.id.desc()).limit(50)).all()
