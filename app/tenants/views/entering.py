"""From the first proof of who somebody is to a session: at once, or after the second factor he has."""

from __future__ import annotations

import uuid

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.http.sessions import (
    client_address,
    current_actor,
    current_visitor,
    hash_token,
    new_token,
    request_host,
    server_session,
    set_cookie,
    settings,
)
from app.tenants.errors import SignInRefused
from app.tenants.models import Challenge
from app.tenants.operations import challenges, refusals, signing
from app.tenants.queries.factors import has_factor
from app.tenants.rules.signing import normal_email

COOKIE = "challenge"


def check_password(email: str, password: str) -> uuid.UUID:
    """Who this e-mail and password belong to. Raises TooManyAttempts and, on record, SignInRefused."""
    # Each in a transaction of its own: the count must stand when the attempt fails.
    with transaction():
        signing.count_attempt("address", client_address())
    with transaction():
        signing.count_attempt("account", normal_email(email))
    try:
        with transaction():
            return signing.check_credentials(email=email, password=password, address=client_address())
    except SignInRefused:
        with transaction():
            refusals.note_refused(email)
        raise


def enter(user_id: uuid.UUID, wanted: str) -> Response:
    """Go on to `wanted`, a path of this host, for somebody who has shown a password or come from a partner.

    Whoever has a second factor is asked for it first, whatever the way he came.
    """
    if has_factor(user_id):
        response = redirect(url_for("tenants.ask_factor", next=wanted if wanted != "/" else None), 303)
        put_question(response, challenges.SIGN_IN, user_id)
        return response
    open_session(user_id)
    return redirect(wanted, 303)


def open_session(user_id: uuid.UUID, *, shown: str | None = None) -> None:
    """A new session, whatever came before; the token is made now, so nobody can have planted it."""
    before, actor, token = current_visitor(), current_actor(), new_token()
    with transaction():
        signing.enter(
            user_id,
            host=request_host(),
            token_hash=hash_token(token),
            agent=request.headers.get("User-Agent", ""),
            hours=settings().session_hours,
            shown=shown,
        )
        if before is not None:
            signing.sign_out(actor, before.session_id)
        signing.forget_old_attempts()
    server_session().start(token)


def put_question(response: Response, purpose: str, user_id: uuid.UUID | None) -> Challenge:
    """Open a challenge for this browser; `response` brings it the token, and what it was asked before is void."""
    token = new_token()
    with transaction():
        made = challenges.open_challenge(purpose, user_id=user_id, host=request_host(), token_hash=hash_token(token))
    set_cookie(response, COOKIE, token)
    return made
