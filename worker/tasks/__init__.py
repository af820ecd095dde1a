"""Thin tasks: each opens its payload and calls one operation; the runner brings tenant, transaction and fence."""

from __future__ import annotations

import importlib

MODULES = (
    *("jobs", "tenants", "crm", "inventory", "sales", "insights", "notifications"),
    *("imports", "lists", "search", "guard", "keys", "operators", "demo", "samples"),
)


def load() -> None:
    """Fill the registry with every task there is."""
    for name in MODULES:
        importlib.import_module(f"worker.tasks.{name}")
