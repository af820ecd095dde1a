"""Compiles the message catalogues where the compiled file is older than its source."""

from __future__ import annotations

import os
from pathlib import Path

from ops.layout import ROOT


def compile_catalogues(folder: Path = ROOT / "app" / "translations") -> list[str]:
    """Compile what is stale and return the locales compiled. Each file appears whole or not at all."""
    compiled: list[str] = []
    stale = [source for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_stale(source)]
    if not stale:
        return compiled
    # Loaded when there is work: the launcher would keep it for the days that it runs.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    for source in stale:
        target = source.with_suffix(".mo")
        locale = source.parent.parent.name
        with source.open("rb") as read:
            catalogue = read_po(read, locale=locale)
        making = target.with_suffix(f".{os.getpid()}.tmp")
        with making.open("wb") as written:
            write_mo(written, catalogue)
        making.replace(target)
        compiled.append(locale)
    return compiled


def _is_stale(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime < source.stat().st_mtime
