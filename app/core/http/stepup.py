"""Asking again who it is before what matters: for a second factor, or for the password of whoever has none.

A view marked `@step_up` wants a second factor of the last 15 minutes from everybody whose roles require one or who has
one; `@prove_again` wants it too, and a password of the last 15 minutes from everybody else. What is missing is asked
for by a page that carries the form that was sent along, so that the request goes on with the answer. Core knows no
factor: whoever owns them installs the check here and answers `ProofNeeded` with a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.datastructures import ImmutableMultiDict

from app.core import clock
from app.core.errors import N_, DomainError
from app.core.http.csrf import FIELD
from app.core.http.sessions import current_visitor
from app.core.http.visitors import Visitor

FRESH = timedelta(minutes=15)
# The fields of an answer; no view ever sees them.
CODE, PASSWORD, PASSKEY = "proof_code", "proof_password", "proof_passkey"
ANSWERS = (CODE, PASSWORD, PASSKEY)

View = TypeVar("View", bound=Callable[..., Any])

# Checks the answer of `request.form`'s fields and notes it on the session, or raises a DomainError.
Prover = Callable[[Visitor, Mapping[str, str]], None]


class ProofNeeded(DomainError):
    """The session has not shown of late who it belongs to; `refusal` says what was wrong with an answer."""

    code = "proof_needed"
    message = N_("Show once more that it is you, then this goes on.")
    status = 403

    def __init__(self, refusal: DomainError | None = None) -> None:
        super().__init__()
        self.refusal = refusal


def install_prover(app: Flask, prove: Prover) -> None:
    """Give `app` the function that knows factors and passwords."""
    app.extensions["forecourt_prover"] = prove


def step_up(view: View) -> View:
    """The view needs a fresh second factor from whoever must have one, or has."""
    return _guarded(view, demand_factor)


def prove_again(view: View) -> View:
    """The view needs a fresh proof from everybody: a second factor, or the password where there is none."""
    return _guarded(view, demand_proof)


def demand_factor() -> None:
    """As `@step_up`, within a view; raises ProofNeeded."""
    visitor = current_visitor()
    if visitor is not None and asks_for_factor(visitor):
        _demand(visitor, visitor.factor_at)


def demand_proof() -> None:
    """As `@prove_again`, within a view; raises ProofNeeded."""
    visitor = current_visitor()
    if visitor is not None:
        _demand(visitor, visitor.factor_at if asks_for_factor(visitor) else visitor.proved_at)


def asks_for_factor(visitor: Visitor) -> bool:
    """Whether nothing less than a second factor will do.

    Whose role requires one and who has none gets no further than setting one up, and proves himself by the password.
    """
    return visitor.has_factor


def sent_fields() -> list[tuple[str, str]]:
    """What the form that was sent said, for sending it again: without token and answers."""
    pairs = ((name, value) for name, values in request.form.lists() for value in values)
    return [(name, value) for name, value in pairs if name not in (FIELD, *ANSWERS)]


def _demand(visitor: Visitor, since: datetime | None) -> None:
    answers = {name: request.form[name] for name in ANSWERS if request.form.get(name)}
    if request.form.keys() & set(ANSWERS):
        # Lists and schemas refuse fields they do not know.
        request.form = ImmutableMultiDict([(FIELD, request.form.get(FIELD, "")), *sent_fields()])
    if since is not None and clock.now() - since < FRESH:
        return
    if not answers:
        raise ProofNeeded
    prove: Prover = current_app.extensions["forecourt_prover"]
    try:
        prove(visitor, answers)
    except DomainError as error:
        raise ProofNeeded(error) from error


def _guarded(view: View, demand: Callable[[], None]) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        demand()
        return view(*args, **kwargs)

    guarded.forecourt_step_up = demand.__name__  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]
