"""How long things may take between outbox, relay and worker; one object, so that a drill can shorten all of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds. The order task limit (300) < lease < the broker's visibility time-out (900) must hold."""

    # A runner that vanished without a word is taken over after this long.
    lease: float = 420.0
    # The sender has this long to win before the relay sends the row itself.
    grace: float = 0.4
    # A dispatched row that nobody claims is dispatched again, each time after twice as long.
    redispatch: float = 60.0
    redispatch_cap: float = 900.0
    # A failed row waits, each time three times as long.
    backoff: float = 10.0
    backoff_cap: float = 3600.0
    # A row that found its tenant's slots taken is normally handed a free slot by whoever finishes first.
    slot_wait: float = 60.0


_current = Timing()


def timing() -> Timing:
    """What holds in this process."""
    return _current


def use_timing(changed: Timing) -> None:
    """Replace the timing of this process: for drills, which cannot wait seven minutes for a lease."""
    global _current
    _current = changed
