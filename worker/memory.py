"""Giving memory back that a process needed once: to start, or for long work."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Hand free memory to the system, where the C library knows how (glibc); it would keep it for the next time."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
