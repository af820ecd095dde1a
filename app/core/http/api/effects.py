"""Changes by POST: one transaction with the effect, and with the note that a repeat of the request is answered by."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import Row

from app.core.db import current_tenant, transaction
from app.core.db.ids import to_public
from app.core.errors import N_, DomainError, NotFound, PermissionDenied
from app.core.guard import once
from app.core.http.api.records import PREFIX, ApiRecord, answer, answer_record
from app.core.http.sessions import current_actor

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}


class KeyMissing(DomainError):
    """This change moves money or stock, so that a repeat must be recognisable."""

    code = "idempotency_key_required"
    message = N_("Send an Idempotency-Key: a text of your own that is the same when you repeat this request.")
    status = 400


class KeyUnreadable(DomainError):
    """The key is empty, too long, or no plain text."""

    code = "idempotency_key_invalid"
    message = N_("An Idempotency-Key has 1 to {most} printable ASCII characters.")
    status = 400


def run_once(do: Callable[[], once.Effect], *, required: bool = False) -> tuple[once.Effect, bool]:
    """Do it in a transaction, or find what the same request did before; True for a repeat.

    Raises KeyMissing, KeyUnreadable, once.InFlight, once.KeyReused.
    """
    key = _sent_key(required=required)
    if key is None:
        with transaction():
            return do(), False
    asked = _asked(key)
    with transaction():
        before = once.begin(asked)
        if before is not None:
            return before, True
        effect = do()
        once.note(asked, effect)
    return effect, False


def created(record: ApiRecord, do: Callable[[], uuid.UUID], *, required: bool = False) -> Response:
    """Make a record and answer 201 with it, as it is now and as far as the caller may see it now."""
    found: list[Row[Any]] = []

    def effect() -> once.Effect:
        key = do()
        # Read within the transaction that made it: another one would cost as much as the reading.
        with suppress(NotFound, PermissionDenied):
            found.append(record.find(current_actor(), key))
        return once.Effect(201, record.name, key)

    noted, repeated = run_once(effect, required=required)
    return _made(record, noted, repeated=repeated, row=found[0] if found else None)


def acted(record: ApiRecord, key: uuid.UUID, do: Callable[[], Any], *, required: bool = False) -> Response:
    """Do something with a record and answer with it."""

    def effect() -> once.Effect:
        do()
        return once.Effect(200, record.name, key)

    _, repeated = run_once(effect, required=required)
    return _shown(record, key, 200, REPLAYED if repeated else {}, repeated=repeated)


def begun(record: ApiRecord, do: Callable[[], uuid.UUID], *, required: bool = False) -> Response:
    """Begin long work and answer 202 with its job."""
    effect, repeated = run_once(lambda: once.Effect(202, record.name, do()), required=required)
    return _made(record, effect, repeated=repeated)


def done(do: Callable[[], Any], *, required: bool = False) -> Response:
    """Do something that leaves nothing to show; 204."""

    def effect() -> once.Effect:
        do()
        return once.Effect(204)

    _, repeated = run_once(effect, required=required)
    return Response(status=204, headers=REPLAYED if repeated else None)


def answered(do: Callable[[], Any], *, status: int = 200, required: bool = False) -> Response:
    """Do something whose answer is kept sealed with the effect, since nothing could render it anew."""
    effect, repeated = run_once(lambda: once.Effect(status, result=do()), required=required)
    return answer(effect.result, effect.status, REPLAYED if repeated else None)


def _made(record: ApiRecord, effect: once.Effect, *, repeated: bool, row: Row[Any] | None = None) -> Response:
    """The record an effect made, as it is now, and where it is."""
    if effect.record_id is None:
        raise NotFound
    address = f"{PREFIX}/{record.path}/{to_public(record.prefix, effect.record_id)}"
    headers = {"Location": address, **(REPLAYED if repeated else {})}
    return _shown(record, effect.record_id, effect.status, headers, repeated=repeated, row=row)


def _shown(
    record: ApiRecord,
    key: uuid.UUID,
    status: int,
    headers: Mapping[str, str],
    *,
    repeated: bool,
    row: Row[Any] | None = None,
) -> Response:
    """The record, or its id alone for a caller who may make or change it without seeing it: it is done, so say so."""
    try:
        return answer_record(record, key, status, headers=headers, row=row)
    except PermissionDenied:
        pass
    except NotFound:
        if repeated:
            raise
    return answer({"id": to_public(record.prefix, key)}, status, headers)


def _asked(key: str) -> once.Asked:
    """The request's marks; a key is the caller's own, at this dealership, for this method and path."""
    actor = current_actor()
    caller = f"key:{actor.key_id}" if actor.key_id else f"user:{actor.user_id}"
    secret = current_app.config["SECRET_KEY"].encode()
    about = json.dumps([current_tenant().id, caller, request.method, request.path, key]).encode()
    mark = hmac.digest(secret, b"once\0" + about, "sha256")
    return once.Asked(mark, hmac.digest(secret, mark + request.get_data(), "sha256"))


def _sent_key(*, required: bool) -> str | None:
    text = request.headers.get(HEADER)
    if text is None:
        if required:
            raise KeyMissing
        return None
    if not 1 <= len(text) <= once.LONGEST_KEY or not text.isascii() or not text.isprintable():
        raise KeyUnreadable(most=once.LONGEST_KEY)
    return text
