"""Does the audit still say what it said? Every link is computed anew, and what does not fit is named."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, case, func, select

from app.core.db import current_tenant, db
from app.core.db.platform import audit_heads
from app.core.db.scopes import PLATFORM, entered
from app.core.db.session import engine_for
from app.core.guard import chain
from app.core.guard.keys import KeyMissing, SealBroken
from app.core.guard.models import AuditEntry, AuditSeal

AT_ONCE: Final = 2_000
# A change is committed at the latest so long after it began, and sealed so soon after the commit.
LONGEST_CHANGE: Final = timedelta(minutes=30)
PATIENCE: Final = timedelta(seconds=60)
_TRIED_AT_MOST: Final = 200


class Kind(StrEnum):
    """What can be wrong with an entry or a link."""

    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    GAP = "gap"
    INSERTED = "inserted"
    UNSEALED = "unsealed"
    TRUNCATED = "truncated"
    REPLACED = "replaced"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: where in the chain, which entry, and in plain words what."""

    kind: Kind
    seq: int | None
    entry_id: uuid.UUID | None
    says: str


@dataclass
class Report:
    """What an examination found; `head` is where the chain ends."""

    links: int = 0
    waiting: int = 0
    head: chain.Head | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything fits."""
        return not self.findings


@dataclass(frozen=True)
class _Broken:
    seq: int
    before: bytes
    proof: bytes
    sealed_at: Any
    entry: Row[Any]


def verify(kept_heads: Iterable[chain.Head] = ()) -> Report:
    """Examine the present tenant's audit against its chain, and the chain against the heads noted outside.

    `kept_heads` are heads that somebody kept elsewhere, such as with the backups.
    """
    report = Report(head=chain.last_seal())
    try:
        secret = chain.load_secret()
    except (LookupError, KeyMissing, SealBroken):
        secret = None
    if secret is not None:
        _check_links(report, secret)
    elif report.head is not None and report.head.seq:
        says = "the chain has links, but its secret is gone or does not open: nothing of it can be proven"
        report.findings.append(Finding(Kind.UNPROVEN, report.head.seq, None, says))
    _check_unsealed(report)
    _check_heads(report, [*noted_heads(), *kept_heads])
    return report


def noted_heads() -> list[chain.Head]:
    """Where the present tenant's chain has been seen to end, oldest first, as noted outside its schema."""
    query = select(audit_heads.c.seq, audit_heads.c.proof).where(audit_heads.c.tenant_id == current_tenant().schema)
    scope = replace(PLATFORM, dsn_name=current_tenant().dsn_name)
    with entered(scope), engine_for(scope).connect() as connection:
        rows = connection.execute(query.order_by(audit_heads.c.id)).all()
    return [chain.Head(row.seq, row.proof) for row in rows]


def _links() -> Iterator[Row[Any]]:
    """Every link with its entry (NULLs where that is gone), in order, some thousands at a time."""
    after = 0
    while True:
        query = (
            select(AuditSeal.seq, AuditSeal.entry_id, AuditSeal.proof, AuditSeal.sealed_at, AuditEntry.__table__)
            .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
            .where(AuditSeal.seq > after)
            .order_by(AuditSeal.seq)
            .limit(AT_ONCE)
        )
        rows = db.session.execute(query).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].seq


def _check_links(report: Report, secret: bytes) -> None:
    before: bytes | None = chain.first_proof()
    expected, broken = 1, []
    for row in _links():
        report.links += 1
        if row.seq != expected:
            gone = f"{expected}" if row.seq == expected + 1 else f"{expected} to {row.seq - 1}"
            report.findings.append(Finding(Kind.GAP, expected, None, f"the links {gone} are missing"))
            before = None  # What stood before this link is not known, so its own proof cannot be computed.
        if row.id is None:
            says = f"the entry of link {row.seq} has been removed"
            report.findings.append(Finding(Kind.REMOVED, row.seq, row.entry_id, says))
        elif before is not None:
            proof = chain.prove(secret, before, row.seq, row.sealed_at, row)
            if not hmac.compare_digest(proof, row.proof):
                broken.append(_Broken(row.seq, before, row.proof, row.sealed_at, row))
        before, expected = row.proof, row.seq + 1
    report.findings += [_named(item, broken, secret) for item in broken]


def _named(item: _Broken, others: Sequence[_Broken], secret: bytes) -> Finding:
    """Whether another entry belongs where `item` does not fit, or `item` itself was changed."""
    for other in others[:_TRIED_AT_MOST]:
        if other is not item and hmac.compare_digest(
            chain.prove(secret, item.before, item.seq, item.sealed_at, other.entry), item.proof
        ):
            says = f"link {item.seq} was made for the entry that now stands at {other.seq}: they were exchanged"
            return Finding(Kind.MOVED, item.seq, item.entry.id, says)
    says = f"link {item.seq} does not fit: its entry or the link itself was changed, moved or made up"
    return Finding(Kind.CHANGED, item.seq, item.entry.id, says)


def _check_unsealed(report: Report) -> None:
    """Entries without a link: new ones wait for the sealer, the others slipped in or have been forgotten."""
    running = db.session.execute(chain.NOW_RUNNING).one()
    horizon = report.head.horizon if report.head else 0
    known = select(AuditSeal.entry_id).where(AuditSeal.entry_id == AuditEntry.id)
    latest = AuditEntry.at + LONGEST_CHANGE
    committed = func.coalesce(chain.COMMITTED_AT, latest) if running.timed else latest
    behind = AuditEntry.tx < chain.starting_point(horizon, running.next)
    query = (
        select(AuditEntry.id, AuditEntry.action, AuditEntry.at, behind.label("behind"))
        .add_columns(case((committed < func.clock_timestamp() - PATIENCE, True), else_=False).label("late"))
        .where(~known.exists())
        .order_by(AuditEntry.id)
    )
    for row in db.session.execute(query):
        report.waiting += 1
        if row.behind:
            says = f"the entry {row.action} of {row.at:%Y-%m-%d %H:%M} was put in behind the sealer"
            report.findings.append(Finding(Kind.INSERTED, None, row.id, says))
        elif row.late:
            says = f"the entry {row.action} of {row.at:%Y-%m-%d %H:%M} has not been sealed"
            report.findings.append(Finding(Kind.UNSEALED, None, row.id, says))


def _check_heads(report: Report, heads: Sequence[chain.Head]) -> None:
    """Every head that was ever noted is still a link of the chain, with the same proof."""
    end = report.head.seq if report.head else 0
    wanted, proofs = sorted({head.seq for head in heads}), dict[int, bytes]()
    for start in range(0, len(wanted), AT_ONCE):
        query = select(AuditSeal.seq, AuditSeal.proof).where(AuditSeal.seq.in_(wanted[start : start + AT_ONCE]))
        proofs.update((row.seq, row.proof) for row in db.session.execute(query))
    furthest = max((head.seq for head in heads), default=0)
    if furthest > end:
        says = f"the chain ends at {end}, but reached {furthest} before: its tail has been cut off"
        report.findings.append(Finding(Kind.TRUNCATED, furthest, None, says))
    told: set[int] = set()
    for head in heads:
        if head.seq in proofs and proofs[head.seq] != head.proof and head.seq not in told:
            told.add(head.seq)
            says = f"link {head.seq} is another than the one that was noted outside: the chain was made anew"
            report.findings.append(Finding(Kind.REPLACED, head.seq, None, says))
