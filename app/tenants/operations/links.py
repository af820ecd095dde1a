"""Invitations and password resets: one-use, expiring links; a token is computed when needed and never stored."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from app.core import clock
from app.core.db import Tenant, current_tenant, db
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard import audit, vault
from app.core.guard.permissions import Actor
from app.core.jobs.events import publish
from app.core.jobs.models import Outbox
from app.core.jobs.outbox import enqueue, new_effect
from app.tenants import ports
from app.tenants.errors import LinkInvalid, PasswordsDiffer
from app.tenants.events import InvitationAccepted, PasswordChanged
from app.tenants.models import Link, Mail, User
from app.tenants.operations.signing import confirm_password, end_sessions
from app.tenants.queries.sessions import find_user_by_email
from app.tenants.rules import signing
from app.tenants.rules.passwords import check_password

SEND = "tenants.send_link_mail"
KEPT = timedelta(days=30)


def send_link(user_id: uuid.UUID, kind: str) -> uuid.UUID:
    """Owe the user a mail with a fresh link; earlier ones of the kind stop working. The link's id."""
    void_links(user_id, kind)
    link = new_link(user_id, kind)
    db.session.add(link)
    db.session.flush()
    enqueue(SEND, queue="notify", payload={"link_id": str(link.id)})
    return link.id


def new_link(user_id: uuid.UUID, kind: str) -> Link:
    """A fresh link, not stored yet."""
    now = clock.now()
    return Link(id=new_id(), user_id=user_id, kind=kind, created_at=now, expires_at=now + signing.LIFETIME[kind])


def link_mail(link: Link) -> Outbox:
    """The mail owed for a new link, not stored yet."""
    return new_effect(SEND, queue="notify", payload={"link_id": str(link.id)})


def request_password_reset(email: str) -> None:
    """Send a reset link to whoever has this e-mail; nothing at all for others, and the caller cannot tell."""
    user = find_user_by_email(email)
    if user is None or user.state == "disabled":
        return
    kind = signing.PASSWORD_RESET if user.state == "active" else signing.INVITATION
    send_link(user.id, kind)
    audit.record(
        Actor(user_id=user.id, name=user.name), "link.request", "user", user.id, changes={"kind": (None, kind)}
    )


def send_link_mail(link_id: uuid.UUID) -> None:
    """Write and deliver the mail of a link; a link that is used or gone needs none."""
    found = db.session.execute(select(Link, User).join(User, User.id == Link.user_id).where(Link.id == link_id)).first()
    if found is None:
        return
    link, user = found
    if link.used_at is not None or link.expires_at <= clock.now() or user.state == "disabled":
        return
    ports.deliver(
        ports.LinkMail(
            link_id=link.id,
            user_id=user.id,
            kind=link.kind,
            name=user.name,
            email=email_of(user),
            email_masked=user.email_masked,
            locale=user.locale,
            url=link_url(link),
            until=link.expires_at,
        )
    )


def link_url(link: Link) -> str:
    """The address in the mail: the host is the dealership's own."""
    return invitation_url(current_tenant(), link.id, link.expires_at)


def invitation_url(of: Tenant, link_id: uuid.UUID, expires_at: datetime) -> str:
    """The address of a link of the dealership `of`: known without its row, to whoever knows what the row will say."""
    return f"{ports.base_url(of)}/links/{to_public('link', link_id)}/{_token(of, link_id, expires_at)}"


def check_link(public_id: str, token: str) -> tuple[Link, User]:
    """The unused, unexpired link and its user; raises LinkInvalid for anything else, without telling why."""
    try:
        link_id = from_public("link", public_id)
    except NotFound as error:
        raise LinkInvalid from error
    found = db.session.execute(select(Link, User).join(User, User.id == Link.user_id).where(Link.id == link_id)).first()
    if found is None or not hmac.compare_digest(_token_of(found[0]).encode(), token.encode()):
        raise LinkInvalid
    link, user = found
    if link.used_at is not None or link.expires_at <= clock.now() or user.state == "disabled":
        raise LinkInvalid
    return link, user


def use_link(public_id: str, token: str, *, password: str, repeated: str) -> uuid.UUID:
    """Set the password the link allows; it works once, and every session of the user ends. The user's id."""
    link, user = check_link(public_id, token)
    used = update(Link).where(Link.id == link.id, Link.used_at.is_(None)).values(used_at=clock.now())
    if db.session.scalar(used.returning(Link.id)) is None:
        raise LinkInvalid
    joined = user.state == "invited"
    _set_password(user, password, repeated)
    user.state = "active"
    actor = Actor(user_id=user.id, name=user.name)
    audit.record(actor, "password.set", "user", user.id, changes={"by": (None, link.kind)})
    if joined:
        publish(InvitationAccepted(user.id, audit.last_actor_of("user", user.id, ("user.invite", "user.send_link"))))
    else:
        publish(PasswordChanged(user.id))
    return user.id


def change_password(actor: Actor, *, present: str, password: str, repeated: str) -> None:
    """Replace one's own password, asked for again first; every session ends, so that a thief's does too."""
    confirm_password(actor, present)
    user = db.session.get(User, actor.user_id)
    if user is None:
        raise NotFound
    _set_password(user, password, repeated)
    audit.record(actor, "password.set", "user", user.id, changes={"by": (None, "account")})
    publish(PasswordChanged(user.id))


def set_password(actor: Actor, user_id: uuid.UUID, password: str) -> None:
    """Set a password from a shell or the demo, by the same rules; only for the system."""
    if not actor.system:
        raise NotFound
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    known = user.password_hash is not None
    _set_password(user, password, password)
    user.state = "active"
    audit.record(actor, "password.set", "user", user.id, changes={"by": (None, "system")})
    if known:
        publish(PasswordChanged(user.id))


def email_of(user: User) -> str:
    """The user's e-mail in full; the caller has checked that it may be seen."""
    return vault.unseal(user.id, User.__tablename__, "email_enc", user.id, user.email_enc)


def void_links(user_id: uuid.UUID, kind: str | None = None) -> None:
    """Make the user's open links useless, of one kind or all."""
    open_links = update(Link).where(Link.user_id == user_id, Link.used_at.is_(None))
    if kind is not None:
        open_links = open_links.where(Link.kind == kind)
    db.session.execute(open_links.values(used_at=clock.now()))


def forget_old_links() -> None:
    """Delete links that opened nothing any more for 30 days, and mails the demo caught that long ago."""
    limit = clock.now() - KEPT
    db.session.execute(delete(Link).where(or_(Link.used_at < limit, Link.expires_at < limit)))
    db.session.execute(delete(Mail).where(Mail.created_at < limit))


def texts_of_mails(mails: Sequence[Any]) -> dict[uuid.UUID, str]:
    """The texts of mails the demo caught, by id, unsealed together."""
    places = [(vault.Place(mail.user_id, Mail.__tablename__, "body_enc", mail.id), mail.body_enc) for mail in mails]
    return dict(zip([mail.id for mail in mails], vault.unseal_many(places), strict=True))


def _set_password(user: User, password: str, repeated: str) -> None:
    if password != repeated:
        raise PasswordsDiffer(field="repeated")
    tenant = current_tenant()
    check_password(password, (tenant.name, tenant.slug, user.name, email_of(user).partition("@")[0]))
    user.password_hash = ports.hash_password(password)
    user.password_changed_at = clock.now()
    end_sessions(user.id)
    void_links(user.id)


def _token_of(link: Link) -> str:
    return _token(current_tenant(), link.id, link.expires_at)


def _token(of: Tenant, link_id: uuid.UUID, expires_at: datetime) -> str:
    return signing.link_token(ports.settings().secret_key, of.id, link_id, expires_at, ports.home_host(of))
