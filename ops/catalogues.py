"""Compiles the message catalogues where the compiled file is older than its source."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from ops.layout import ROOT


def compile_catalogues(folder: Path = ROOT / "app" / "translations") -> list[str]:
    """Compile what is stale and return the locales compiled. Each file appears whole or not at all."""
    compiled = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        locale = source.parent.parent.name
        with source.open("rb") as read:
            catalogue = read_po(read, locale=locale)
        making = target.with_suffix(f".{os.getpid()}.tmp")
        with making.open("wb") as written:
            write_mo(written, catalogue)
        making.replace(target)
        compiled.append(locale)
    return compiled
