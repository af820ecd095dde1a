"""What the screens of the console and of the bare host show: an operator, the fleet in numbers, a sign-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import BrowserContext

from app.core import clock
from app.core.db import db, operators, platform, tenant, transaction
from app.core.db.columns import new_id
from app.core.db.ids import to_public
from app.core.http.sessions import hash_token, new_token
from app.core.jobs.models import Outbox
from app.operators.operations import accounts, announcements, consents, looking, signing
from app.operators.operations.actor import COMMAND_LINE
from app.operators.ports import console_url
from app.tenants.operations import sign_ups
from app.tenants.operations.admitting import ConsentFacts
from app.tenants.operations.provisioning import TenantRequest
from bench.screens import BARE, CONSOLE, DEALERSHIP

WORDS = {
    "en": {"operator": "Olive Operator", "dealership": "Sunrise Cars", "reason": "A delivery does not go through"},
    "zh": {"operator": "何值守", "dealership": "旭日汽车", "reason": "有一笔交付做不完"},
}
SAID = {"en": "The platform rests on Sunday from 2 to 3 o'clock.", "zh": "平台于周日两点至三点停机维护。"}


def furnish(tenant_id: str, language: str) -> dict[str, str]:
    """Fill console and bare host, about this dealership; name -> path of what has an address of its own.

    Meant for an installation that nobody works with.
    """
    words, now = WORDS[language], clock.now()
    with tenant(tenant_id), transaction():
        db.session.add(Outbox(id=new_id(), task="tenants.clean_up", queue="default", dead_at=now, attempts=8,
                              last_error="OperationalError", payload={}))  # fmt: skip
    looking.count_usage()
    looking.look_at_queues()
    consents.note(ConsentFacts(new_id(), tenant_id, words["reason"], now + timedelta(hours=4), None))
    with operators(), transaction():
        _, link = accounts.add_operator(COMMAND_LINE, name=words["operator"], email=f"{new_id().hex}@example.com")
        said = announcements.announce(COMMAND_LINE, texts=SAID, tone="info", starts_at=now + timedelta(days=365),
                                      ends_at=now + timedelta(days=366))  # fmt: skip
    with platform(), transaction():
        asked = TenantRequest(slug=f"sunrise-{new_id().hex[-6:]}", name=words["dealership"], country="US",
                              locale=language, currency="USD", timezone="America/New_York",
                              store_name="", admin_name="Sam", admin_email="sam@example.com")  # fmt: skip
        sign_ups.send_mail(sign_ups.ask(asked))
    with platform():
        mail = next(text for _, text in sign_ups.caught_mails() if asked.slug in text)
    return {
        "dealership": f"/platform/dealerships/{tenant_id}",
        "announcement": f"/platform/announcements/{to_public('ann', said)}",
        "console_session": _signed_in(),
        "operator_link": f"/platform/links/{link}",
        "sign_up": next(urlsplit(word).path for word in mail.split() if "/sign-up/" in word),
    }


def _signed_in() -> str:
    """The token of a new operator's session."""
    email, password, token = f"{new_id().hex}@example.com", new_token(), new_token()
    now = clock.now()
    with operators():
        with transaction():
            _, link = accounts.add_operator(COMMAND_LINE, name="Otto", email=email)
        codes = pyotp.TOTP(accounts.look_at_link(link)[2])
        with transaction():
            accounts.use_link(link, password=password, repeated=password, code=codes.at(now), address="127.0.0.1")
        with transaction():
            # Each code is good once; that of the next half minute is taken already.
            signing.sign_in(email=email, password=password, code=codes.at(now + timedelta(seconds=30)),
                            address="127.0.0.1", token_hash=hash_token(token), agent="")  # fmt: skip
    return token


def sign_in_at_console(context: BrowserContext, token: str) -> None:
    """Put the session of an operator into the browser."""
    context.add_cookies([{"name": "operator", "value": token, "domain": console_host(), "path": "/"}])


def console_host() -> str:
    """The console's host, without its port."""
    return urlsplit(console_url("/")).hostname or ""


def bases(dealership: str) -> Mapping[str, str]:
    """Kind of host -> its address, at the port of this address of a dealership."""
    place, console = urlsplit(dealership), console_host()
    port = f":{place.port}" if place.port else ""
    return {
        DEALERSHIP: dealership,
        CONSOLE: f"{place.scheme}://{console}{port}",
        BARE: f"{place.scheme}://{console.partition('.')[2]}{port}",
    }
