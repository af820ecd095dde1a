"""What lies outside this module's rows: the password hash, the mail server (or the demo's catcher), the settings."""

from __future__ import annotations

import smtplib
import ssl
import uuid
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from flask_babel import force_locale, format_datetime, gettext

from app.core.config import Settings
from app.core.db import Tenant, current_tenant, db
from app.core.db.columns import new_id
from app.core.errors import N_
from app.core.guard import vault
from app.core.logging import get_logger
from app.tenants.models import Mail
from app.tenants.rules.signing import INVITATION

log = get_logger(__name__)

SMTP_SECONDS = 10
# time_cost, memory in KiB, parallelism. The first is OWASP's choice of 19 MiB; the second is for tests alone.
COSTS = {"full": (2, 19 * 1024, 1), "test": (1, 64, 1)}

INVITATION_SUBJECT = N_("Your invitation to {dealership}")
RESET_SUBJECT = N_("A new password for {dealership}")
INVITATION_BODY = N_(
    "Hello {name},\n\nyou are invited to work with {dealership}. Open this address and choose a password:\n\n{url}\n\n"
    "The address works once, until {until}."
)
RESET_BODY = N_(
    "Hello {name},\n\nsomebody, probably you, asked for a new password at {dealership}. Open this address and "
    "choose it:\n\n{url}\n\nThe address works once, until {until}. If it was not you, do nothing: "
    "your password stays as it is."
)


SIGN_UP_SUBJECT = N_("Confirm your new dealership")
SIGN_UP_BODY = N_(
    "Hello,\n\nsomebody, probably you, wants to open a dealership at {host}. Open this address and press the button "
    "there:\n\n{url}\n\nThe address works for {hours} hours. If it was not you, do nothing: nothing has been made, "
    "and what was typed will be deleted."
)


@dataclass(frozen=True)
class LinkMail:
    """A mail that brings somebody a link."""

    link_id: uuid.UUID
    user_id: uuid.UUID
    kind: str
    name: str
    email: str
    email_masked: str
    locale: str | None
    url: str
    until: datetime


@dataclass(frozen=True)
class Letter:
    """A mail with its words.

    `message_id` is the id of the row that owes the mail: a mail that left before the row said so leaves again under
    the same name, and mailboxes keep one of the two.
    """

    user_id: uuid.UUID
    name: str
    email: str
    email_masked: str
    subject: str
    body: str
    message_id: uuid.UUID


@dataclass(frozen=True)
class SignUpMail:
    """The mail that confirms a sign-up. It repeats nothing that was typed but the short name, for it may be to anybody.

    There is no dealership yet, so it comes from the platform.
    """

    message_id: uuid.UUID
    email: str
    locale: str
    host: str
    url: str
    hours: int


def settings() -> Settings:
    """The settings of this process."""
    found: Settings = current_app.extensions["forecourt_settings"]
    return found


def hash_password(password: str) -> str:
    """argon2id of `password`, parameters in the hash."""
    return _hasher().hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`. Without a stored hash the same work is done for nothing."""
    try:
        return _hasher().verify(stored or _nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def base_url(tenant: Tenant | None = None) -> str:
    """Where the dealership is reached: from the directory, never from a request."""
    return _url(home_host(tenant or current_tenant()))


def platform_url() -> str:
    """Where the bare host is reached."""
    return _url(settings().base_host)


def _url(host: str) -> str:
    config = settings()
    usual = 443 if config.public_scheme == "https" else 80
    port = "" if config.public_port == usual else f":{config.public_port}"
    return f"{config.public_scheme}://{host}{port}"


def home_host(tenant: Tenant) -> str:
    """The dealership's first host."""
    return tenant.hosts[0] if tenant.hosts else f"{tenant.slug}.{settings().base_host}"


def deliver(mail: LinkMail) -> None:
    """Send the mail of a link, as `post` does."""
    subject, body = _words(mail)
    post(Letter(mail.user_id, mail.name, mail.email, mail.email_masked, subject, body, mail.link_id))


def post(letter: Letter) -> None:
    """Send `letter`, or catch it where no mail server is set: nothing ever leaves the demo."""
    config = settings()
    if config.smtp_url and not config.demo_mail:
        sender, host = current_tenant().name, home_host(current_tenant())
        message = _message(sender, host, letter.name, letter.email, letter.subject, letter.body, letter.message_id)
        _send(config.smtp_url, message)
        return
    if not config.demo_mail:
        log.error("mail_not_sent", reason="neither SMTP_URL nor DEMO_MAIL is set")
        return
    mail_id = new_id()
    sealed = vault.seal(letter.user_id, Mail.__tablename__, "body_enc", mail_id, letter.body)
    db.session.add(
        Mail(
            id=mail_id,
            user_id=letter.user_id,
            recipient_masked=letter.email_masked,
            subject=letter.subject,
            body_enc=sealed,
        )
    )


def deliver_sign_up(mail: SignUpMail) -> str | None:
    """Send the mail of a sign-up; its text where mails are caught instead, for the caller to keep."""
    with force_locale(mail.locale):
        body = gettext(SIGN_UP_BODY).format(host=mail.host, url=mail.url, hours=mail.hours)
        subject = gettext(SIGN_UP_SUBJECT)
    config = settings()
    if config.demo_mail:
        return body
    if not config.smtp_url:
        log.error("mail_not_sent", reason="neither SMTP_URL nor DEMO_MAIL is set")
        return None
    _send(config.smtp_url, _message("Forecourt", config.base_host, "", mail.email, subject, body, mail.message_id))
    return None


def _words(mail: LinkMail) -> tuple[str, str]:
    dealership = current_tenant()
    subject, body = (INVITATION_SUBJECT, INVITATION_BODY) if mail.kind == INVITATION else (RESET_SUBJECT, RESET_BODY)
    with force_locale(mail.locale or dealership.locale):
        until = f"{format_datetime(mail.until, 'medium', rebase=False)} UTC"
        filled = {"name": mail.name, "dealership": dealership.name, "url": mail.url, "until": until}
        return gettext(subject).format(**filled), gettext(body).format(**filled)


def _message(
    sender: str, host: str, name: str, email: str, subject: str, body: str, message_id: uuid.UUID
) -> EmailMessage:
    user, _, domain = email.rpartition("@")
    message = EmailMessage()
    message["Subject"] = _one_line(subject)
    message["From"] = Address(_one_line(sender), "no-reply", host)
    message["To"] = Address(_one_line(name), user, domain)
    message["Message-ID"] = f"<{message_id}@{host}>"
    message.set_content(body)
    return message


def _send(url: str, message: EmailMessage) -> None:
    """One mail over SMTP; `smtps` is TLS from the start, `smtp` upgrades where the server offers it."""
    target = urlsplit(url)
    context = ssl.create_default_context()
    host, port = target.hostname or "localhost", target.port or 0
    server: smtplib.SMTP
    if target.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=SMTP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_SECONDS)
    with server:
        if target.scheme != "smtps":
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if target.username:
            server.login(unquote(target.username), unquote(target.password or ""))
        server.send_message(message)


def _one_line(text: str) -> str:
    """`text` without line breaks, which could add headers of their own."""
    return " ".join(text.split())


def _hasher() -> PasswordHasher:
    time_cost, memory, parallelism = COSTS[settings().password_cost]
    return PasswordHasher(time_cost=time_cost, memory_cost=memory, parallelism=parallelism)


def _nobodys_hash() -> str:
    """A hash of nothing anybody knows, with today's parameters, made once per process."""
    kept: dict[str, str] = current_app.extensions.setdefault("forecourt_nobodys_hash", {})
    if "hash" not in kept:
        kept["hash"] = _hasher().hash(str(new_id()))
    return kept["hash"]
