"""Catalogues are compiled when they are stale, and only then."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from ops.catalogues import compile_catalogues

SOURCE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Customer"
msgstr "{}"
"""


def test_stale_catalogues_are_compiled(tmp_path: Path) -> None:
    source = tmp_path / "zh" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE.format("客户"))
    assert compile_catalogues(tmp_path) == ["zh"]
    assert compile_catalogues(tmp_path) == []
    target = source.with_suffix(".mo")
    with target.open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Customer") == "客户"
    source.write_text(SOURCE.format("顾客"))
    later = target.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert compile_catalogues(tmp_path) == ["zh"]
    with target.open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Customer") == "顾客"
    assert sorted(path.name for path in source.parent.iterdir()) == ["messages.mo", "messages.po"]
