"""The processes of the outbox drill: the real relay and worker, with a task that can be counted and short times.

`python -m bench.drilling relay`, and `celery -A bench.drilling:celery worker`.
"""

from __future__ import annotations

import sys

from app.core.jobs.timing import Timing, use_timing
from bench import effects
from worker import relay
from worker.celery_app import celery

__all__ = ["celery", "effects"]

# A drill cannot wait seven minutes for the lease of a killed worker.
use_timing(Timing(lease=5.0, redispatch=4.0, redispatch_cap=8.0, backoff=0.5, backoff_cap=2.0, slot_wait=2.0))

if __name__ == "__main__" and sys.argv[1:] == ["relay"]:
    relay.main()
