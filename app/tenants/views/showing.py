"""Showing who it is: a password again, a code or a passkey; counted before it is looked at, noted when refused."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request

from app.core.db import transaction
from app.core.guard.permissions import Actor
from app.core.http.sessions import cookie_name, hash_token, request_host, settings
from app.tenants.errors import ChallengeOver, CodeWrong, PasskeyRefused, PasswordWrong
from app.tenants.models import Challenge, Passkey
from app.tenants.operations import challenges, factors, refusals, signing
from app.tenants.queries import factors as queries
from app.tenants.views.entering import COOKIE


def ceremonies() -> Any:
    """The module that knows passkeys, loaded by the first request that needs it."""
    return importlib.import_module("app.tenants.views.ceremonies")


def place() -> Any:
    """Where passkeys of this request are made and used."""
    origin = f"{settings().public_scheme}://{request.headers.get('Host', '')}"
    return ceremonies().Place(request_host(), origin)


def question(purpose: str, user_id: uuid.UUID | None = None) -> Challenge | None:
    """What this browser is asked at present, by its cookie."""
    token = request.cookies.get(cookie_name(COOKIE), "")
    return queries.find_challenge(hash_token(token), purpose, request_host(), user_id) if token else None


def signing_options(asked: Challenge) -> dict[str, Any]:
    """What the browser is asked for a signature, for one user's passkeys or anybody's."""
    keys = queries.passkeys_at(asked.user_id, asked.host) if asked.user_id is not None else []
    options: dict[str, Any] = ceremonies().request_options(place(), asked.nonce, [key.credential_id for key in keys])
    return options


@contextmanager
def password_asked(actor: Actor) -> Iterator[None]:
    """What is done within it asks for the actor's password again; raises TooManyAttempts."""
    with transaction():
        signing.count_attempt("account", signing.own_count(actor))
    try:
        yield
    except PasswordWrong:
        with transaction():
            refusals.note_password(actor)
        raise


def show_factor(user_id: uuid.UUID, name: str, *, code: str, passkey: str, purpose: str) -> str:
    """Take a code, or what a passkey signed for the question of `purpose`; which kind of factor it was.

    Raises TooManyAttempts, CodeWrong, PasskeyRefused, ChallengeOver.
    """
    with transaction():
        signing.count_attempt("factor", str(user_id))
    try:
        if not passkey:
            with transaction():
                return factors.show_code(user_id, name, code)
        return take_passkey(passkey, purpose, user_id).kind
    except (CodeWrong, PasskeyRefused):
        with transaction():
            factors.note_refusal(user_id, name)
        raise


class Taken:
    """A passkey that was accepted: whose, and what kind of factor it is."""

    def __init__(self, key: Passkey) -> None:
        self.user_id, self.kind = key.user_id, factors.PASSKEY


def take_passkey(answer: str, purpose: str, user_id: uuid.UUID | None = None) -> Taken:
    """Take what a passkey signed; `user_id` is whose it must be, or anybody's. Raises PasskeyRefused, ChallengeOver."""
    asked = question(purpose, user_id)
    if asked is None:
        raise ChallengeOver
    credential_id, nonce = ceremonies().credential_of(answer), asked.nonce
    with transaction():
        key = queries.find_passkey(credential_id, request_host())
        if key is None or (user_id is not None and key.user_id != user_id):
            raise PasskeyRefused
        # An answer is good once: a sign-in's question is closed with its session, the others here.
        if purpose != challenges.SIGN_IN and not challenges.close_challenge(asked.id):
            raise ChallengeOver
        factors.show_passkey(key, lambda known: ceremonies().check_signature(place(), nonce, known, answer))
        return Taken(key)
