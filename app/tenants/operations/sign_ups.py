"""Signing up on the bare host: asked for, confirmed by mail, made by the ops worker; all in the platform's own rows.

Nothing of a dealership exists before its e-mail is confirmed, and no password is typed before the dealership has a
host of its own: whoever confirms the mail is led to the invitation of the administrator there.
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import Tenant, db, directory
from app.core.db.columns import new_id
from app.core.db.ids import from_public, to_public
from app.core.errors import Invalid, NotFound
from app.core.guard import vault
from app.core.jobs.outbox import enqueue_platform
from app.core.jobs.queues import QueueName
from app.tenants import ports
from app.tenants.errors import LinkInvalid, SlugTaken, TooManyAttempts
from app.tenants.models import sign_up_attempts, sign_ups
from app.tenants.operations.links import invitation_url
from app.tenants.operations.provisioning import TenantRequest, request_tenant
from app.tenants.rules import sign_ups as rules
from app.tenants.rules import signing, slugs

SEND = "tenants.send_sign_up_mail"
SHOWN = 20


@dataclass(frozen=True)
class SignUp:
    """A sign-up as its mail's link finds it: still to be confirmed, or the dealership that is being made of it."""

    id: uuid.UUID
    request: TenantRequest | None
    tenant_id: str | None
    link_id: uuid.UUID | None
    link_until: datetime | None


def count_attempt(kind: str, value: str) -> None:
    """Count an attempt of this address or e-mail; raises TooManyAttempts when there were as many as may be.

    Meant for a transaction of its own: the count must stand when the attempt fails.
    """
    most, window = rules.LIMITS[kind]
    now, table = clock.now(), sign_up_attempts
    key = {"kind": kind, "fingerprint": rules.fingerprint(ports.settings().secret_key, kind, value)}
    over = table.c.until <= now
    counted = (
        insert(table)
        .values(**key, attempts=1, until=now + window)
        .on_conflict_do_update(
            index_elements=["kind", "fingerprint"],
            set_={
                "attempts": case((over, 1), else_=table.c.attempts + 1),
                "until": case((over, now + window), else_=table.c.until),
            },
        )
        .returning(table.c.attempts, table.c.until)
    )
    attempts, until = db.session.execute(counted).one()
    if attempts > most:
        seconds = max(1, int((until - now).total_seconds()))
        raise TooManyAttempts(minutes=seconds // 60 + 1, retry_after=seconds)


def ask(request: TenantRequest) -> uuid.UUID:
    """Keep what was typed, sealed, and owe a mail that confirms it. Raises Invalid, SlugTaken."""
    _check(request)
    now = clock.now()
    db.session.execute(delete(sign_ups).where(sign_ups.c.created_at < now - rules.KEPT))
    db.session.execute(delete(sign_up_attempts).where(sign_up_attempts.c.until < now))
    sign_up_id = new_id()
    sealed = vault.seal_platform("sign_ups", "request", str(sign_up_id), vault.to_json(asdict(request)))
    row = {"id": sign_up_id, "request": sealed, "created_at": now, "expires_at": now + rules.LIFETIME}
    db.session.execute(insert(sign_ups).values(**row))
    enqueue_platform(SEND, queue=QueueName.NOTIFY, payload={"sign_up_id": str(sign_up_id)})
    return sign_up_id


def send_mail(sign_up_id: uuid.UUID) -> None:
    """Write and send the mail of a sign-up; one that is over or confirmed needs none."""
    row = _row(sign_up_id)
    if row is None or row.request is None or row.expires_at <= clock.now():
        return
    asked = _request(row)
    mail = ports.SignUpMail(
        message_id=row.id,
        email=asked.admin_email,
        locale=asked.locale,
        host=_host(asked.slug),
        url=f"{ports.platform_url()}/sign-up/{to_public('sgn', row.id)}/{_token(row)}",
        hours=int(rules.LIFETIME.total_seconds() // 3600),
    )
    caught = ports.deliver_sign_up(mail)
    if caught is not None:
        sealed = vault.seal_platform("sign_ups", "mail_enc", str(row.id), caught)
        db.session.execute(update(sign_ups).where(sign_ups.c.id == row.id).values(mail_enc=sealed))


def look(public_id: str, token: str) -> SignUp:
    """The sign-up a mail's link names; raises LinkInvalid for anything else, without telling why."""
    try:
        row = _row(from_public("sgn", public_id))
    except NotFound as error:
        raise LinkInvalid from error
    if row is None or not hmac.compare_digest(_token(row).encode(), token.encode()):
        raise LinkInvalid
    if row.tenant_id is None and (row.request is None or row.expires_at <= clock.now()):
        raise LinkInvalid
    request = _request(row) if row.request is not None else None
    return SignUp(row.id, request, row.tenant_id, row.link_id, row.link_until)


def confirm(sign_up: SignUp, slug: str | None = None) -> str:
    """Have the dealership made, under another short name if `slug` says so; its id.

    Pressed twice, it is made once. Raises Invalid, SlugTaken and LinkInvalid.
    """
    held = select(sign_ups.c.tenant_id, sign_ups.c.request).where(sign_ups.c.id == sign_up.id).with_for_update()
    row = db.session.execute(held).one_or_none()
    if row is not None and row.tenant_id is not None:
        return str(row.tenant_id)
    if row is None or row.request is None or sign_up.request is None:
        raise LinkInvalid
    # Whole seconds, for the token in the link counts those alone.
    link_id, until = new_id(), (clock.now() + signing.LIFETIME[signing.INVITATION]).replace(microsecond=0)
    wanted = replace(
        sign_up.request,
        slug=slug or sign_up.request.slug,
        link_id=str(link_id),
        link_until=until.isoformat(),
    )
    tenant_id = request_tenant(wanted)
    made = {"request": None, "mail_enc": None, "tenant_id": tenant_id, "link_id": link_id, "link_until": until}
    db.session.execute(update(sign_ups).where(sign_ups.c.id == sign_up.id).values(**made))
    return tenant_id


def found_dealership(sign_up: SignUp) -> Tenant | None:
    """The dealership made of a sign-up once it can be entered, else None."""
    found = directory.get(sign_up.tenant_id) if sign_up.tenant_id else None
    return found if found is not None and found.state == "active" else None


def way_in(sign_up: SignUp, made: Tenant) -> str:
    """Where the administrator chooses his password, at the dealership's own host; its door when that is over."""
    if sign_up.link_id is None or sign_up.link_until is None or sign_up.link_until <= clock.now():
        return ports.base_url(made)
    return invitation_url(made, sign_up.link_id, sign_up.link_until)


def caught_mails() -> list[tuple[datetime, str]]:
    """The newest mails of sign-ups that were caught instead of sent: when, and their text."""
    newest = select(sign_ups.c.id, sign_ups.c.created_at, sign_ups.c.mail_enc).where(sign_ups.c.mail_enc.is_not(None))
    rows = db.session.execute(newest.order_by(sign_ups.c.created_at.desc()).limit(SHOWN)).all()
    return [
        (row.created_at, vault.unseal_platform("sign_ups", "mail_enc", str(row.id), bytes(row.mail_enc)))
        for row in rows
    ]


def _check(request: TenantRequest) -> None:
    try:
        slugs.check_request(request)
    except Invalid as error:
        # On this form somebody speaks of himself.
        own = [replace(item, field="email") if item.field == "admin_email" else item for item in error.errors]
        raise Invalid(own) from error
    # Whether a dealership is here its address would tell as well.
    if directory.find_host(_host(request.slug)) is not None:
        raise SlugTaken(field="slug", slug=request.slug)


def _row(sign_up_id: uuid.UUID) -> Any:
    return db.session.execute(select(sign_ups).where(sign_ups.c.id == sign_up_id)).one_or_none()


def _request(row: Any) -> TenantRequest:
    text = vault.unseal_platform("sign_ups", "request", str(row.id), bytes(row.request))
    return TenantRequest(**vault.from_json(text))


def _host(slug: str) -> str:
    return f"{slug}.{ports.settings().base_host}"


def _token(row: Any) -> str:
    config = ports.settings()
    return rules.token(config.secret_key, row.id, row.expires_at, config.base_host)
