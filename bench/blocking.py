"""Watching from outside whether the sealer of an audit ever holds up another backend: what the database itself says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

EVERY = 0.02
# Whoever holds the lock that is the sealers' own is the sealer (app/core/guard/chain.py).
_SEALERS = """
SELECT l.pid FROM pg_locks AS l, hashtextextended('audit:' || %(role)s, 0) AS key
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.classid::bigint = (key >> 32) & 4294967295 AND l.objid::bigint = key & 4294967295
"""
_WAITING = """
SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'
"""


@dataclass(frozen=True)
class Wait:
    """One backend seen to wait for others, and for what it had asked."""

    pid: int
    blockers: tuple[int, ...]
    query: str


@dataclass
class Watched:
    """What the samples have shown so far."""

    samples: int = 0
    # Samples in which a sealer was at work, and every backend that ever was one.
    sealing: int = 0
    sealers: set[int] = field(default_factory=set)
    waits: list[Wait] = field(default_factory=list)

    def held_up(self) -> list[Wait]:
        """The waits of others for a sealer; one sealer behind another is how it should be."""
        behind = (wait for wait in self.waits if self.sealers.intersection(wait.blockers))
        return [wait for wait in behind if wait.pid not in self.sealers]


@contextmanager
def watching(admin_dsn: str, role: str) -> Iterator[Watched]:
    """Within the body the locks of the dealership whose role is `role` are looked at many times a second."""
    seen, ended = Watched(), threading.Event()

    def look() -> None:
        with psycopg.connect(admin_dsn, autocommit=True) as connection:
            while not ended.wait(EVERY):
                sealers = {row[0] for row in connection.execute(_SEALERS, {"role": role})}
                seen.samples += 1
                seen.sealing += bool(sealers)
                seen.sealers |= sealers
                seen.waits += [Wait(row[0], tuple(row[1]), row[2]) for row in connection.execute(_WAITING)]

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
