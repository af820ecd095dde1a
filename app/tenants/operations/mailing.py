"""Mails to users about anything but links: to the address they have now, in the words of whoever sends them."""

from __future__ import annotations

import uuid

from app.core.db import db
from app.core.guard.masks import MaskKind, mask
from app.tenants import ports
from app.tenants.models import User
from app.tenants.operations.links import email_of


def send_mail(user_id: uuid.UUID, *, subject: str, body: str, message_id: uuid.UUID) -> bool:
    """Send a mail to an active user; whether there was one. `subject` may be kept in clear, so it names nobody.

    `message_id` is the same whenever the same mail is sent again, so that a mailbox can tell.
    """
    user = db.session.get(User, user_id)
    if user is None or user.state != "active":
        return False
    ports.post(
        ports.Letter(
            user_id=user.id,
            name=user.name,
            email=email_of(user),
            email_masked=user.email_masked,
            subject=subject,
            body=body,
            message_id=message_id,
        )
    )
    return True


def send_letter(sender_id: uuid.UUID, *, name: str, email: str, subject: str, body: str, message_id: uuid.UUID) -> None:
    """Send a mail on behalf of a user to somebody who is none, as a customer; where mails are caught it is kept as the
    sender's. `subject` may be kept in clear, so it names nobody."""
    ports.post(
        ports.Letter(
            user_id=sender_id,
            name=name,
            email=email,
            email_masked=mask(MaskKind.EMAIL, email) or "",
            subject=subject,
            body=body,
            message_id=message_id,
        )
    )
