"""The chain over the audit: committed entries get consecutive numbers and proofs that hold everything before them.

Writers wait for nobody: they write their entries, and a sealer comes round behind them. What it can see is committed,
so what it finds in one round was committed before whatever it finds in the next; within a round the server's commit
times order the entries, or the transactions' numbers where the server keeps no such times. Numbers are given here and
nowhere else, so that a transaction that rolled back leaves no gap.

A proof is keyed with a secret that no database role can read. A tenant's role may add links, never change or remove
one; where the chain ended is noted outside its schema as well.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, insert, literal, literal_column, select, text, true

from app.core import clock
from app.core.db import current_tenant, db
from app.core.db.bulk import copy_rows
from app.core.db.hints import hint_in
from app.core.guard import vault
from app.core.guard.keys import context_of
from app.core.guard.models import AuditEntry, AuditSeal, AuditSecret
from app.core.logging import get_logger

log = get_logger(__name__)

AT_ONCE: Final = 5_000
ROUNDS: Final = 4
ONE_SECRET: Final = uuid.UUID(int=1)
_ENTRY = AuditEntry.__table__
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('audit:' || current_user, 0))")
NOW_RUNNING = text(
    "SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint AS next, "
    "current_setting('track_commit_timestamp') = 'on' AS timed FROM pg_current_snapshot() AS s"
)
# A tenant may name these two alone; whose head it is the database says itself.
_NOTE_HEAD = text("INSERT INTO platform.audit_heads (seq, proof) VALUES (:seq, :proof)")
COMMITTED_AT: ColumnElement[Any] = literal_column("pg_xact_commit_timestamp(core_audit.xmin)")


@dataclass(frozen=True)
class Head:
    """The last link of a chain; number 0 when there is none yet."""

    seq: int
    proof: bytes
    horizon: int = 0


def seal_new() -> int:
    """Append every committed entry that is not in the chain yet; returns how many. Meant for a task of its own.

    After some thousands it leaves the rest to a further run. Raises LookupError for a chain whose secret is gone.
    """
    db.session.execute(_LOCK)
    head, done = last_seal(), 0
    # A chain that has links and no secret was tampered with, and does not grow under another.
    first, secret = head, load_secret(make=head.seq == 0)
    for _ in range(ROUNDS):
        running = db.session.execute(NOW_RUNNING).one()
        since = starting_point(head.horizon, running.next)
        found = _unsealed(since, timed=running.timed)
        if not found:
            break
        # With all of them taken, nothing older than the oldest running transaction is left.
        horizon = running.oldest if len(found) < AT_ONCE else since
        head = _append(head, found, secret, horizon)
        done += len(found)
        if len(found) < AT_ONCE:
            break
    else:
        hint_in(0.0)
    if head is not first:
        db.session.execute(_NOTE_HEAD, {"seq": head.seq, "proof": head.proof})
        log.info("audit_sealed", seq=head.seq, proof=head.proof.hex(), entries=done)
    return done


def last_seal() -> Head:
    """The last link of the present tenant's chain."""
    query = select(AuditSeal.seq, AuditSeal.proof, AuditSeal.horizon).order_by(AuditSeal.seq.desc()).limit(1)
    row = db.session.execute(query).one_or_none()
    return Head(row.seq, row.proof, row.horizon) if row is not None else Head(0, first_proof())


def starting_point(horizon: int, next_transaction: int) -> int:
    """From which transaction on entries may be unsealed.

    A horizon that lies in the future was written by another server, from whose dump this one was restored: here it
    means nothing, and all entries are looked at once.
    """
    return horizon if horizon <= next_transaction else 0


def first_proof() -> bytes:
    """What the first link holds as the proof before it: the chain belongs to this tenant."""
    return hashlib.sha256(context_of("audit-chain", current_tenant().id)).digest()


def load_secret(*, make: bool = False) -> bytes:
    """The secret of this tenant's chain; raises LookupError when there is none and none shall be made."""
    place = (vault.NOBODY, AuditSecret.__tablename__, "sealed", ONE_SECRET)
    sealed = db.session.scalar(select(AuditSecret.sealed).where(AuditSecret.id == ONE_SECRET))
    if sealed is not None:
        return bytes.fromhex(vault.unseal(*place, sealed))
    if not make:
        raise LookupError("the chain of this tenant's audit has no secret")
    secret = os.urandom(32)
    db.session.execute(insert(AuditSecret).values(id=ONE_SECRET, sealed=vault.seal(*place, secret.hex())))
    return secret


def prove(secret: bytes, before: bytes, seq: int, sealed_at: datetime, entry: Any) -> bytes:
    """The proof of link `seq` over `entry`, a row of the audit, and over the proof before it."""
    told = [
        seq, _instant(sealed_at), str(entry.id), _instant(entry.at), _text(entry.actor_id), entry.actor_name,
        entry.action, entry.record_type, _text(entry.record_id), entry.changes,
        None if entry.sealed is None else hashlib.sha256(entry.sealed).hexdigest(),
        _text(entry.subject_id), entry.request_id, entry.origin, entry.agent, entry.behind, _text(entry.key_id),
    ]  # fmt: skip
    content = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(secret, before + content, hashlib.sha256)


def _unsealed(since: int, *, timed: bool) -> Sequence[Row[Any]]:
    """The next committed entries that are in no link, in order of commit."""
    # A limit keeps the planner from reading the whole chain for the sake of its last few links.
    known = select(literal(1).label("one")).where(AuditSeal.entry_id == _ENTRY.c.id).limit(1).lateral("known")
    order = [COMMITTED_AT.nulls_first()] if timed else []
    query = (
        select(_ENTRY)
        .select_from(_ENTRY.outerjoin(known, true()))
        .where(_ENTRY.c.tx >= since, known.c.one.is_(None))
        .order_by(*order, _ENTRY.c.tx, _ENTRY.c.id)
        .limit(AT_ONCE)
    )
    return db.session.execute(query).all()


def _append(head: Head, entries: Sequence[Row[Any]], secret: bytes, horizon: int) -> Head:
    sealed_at = clock.now()
    links, proof, seq = [], head.proof, head.seq
    for seq, entry in enumerate(entries, head.seq + 1):
        proof = prove(secret, proof, seq, sealed_at, entry)
        links.append((seq, entry.id, proof, horizon, sealed_at))
    copy_rows(AuditSeal.__table__, ("seq", "entry_id", "proof", "horizon", "sealed_at"), links)
    return Head(seq, proof, horizon)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)
