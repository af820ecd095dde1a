"""The access matrix's part about test drives."""

from __future__ import annotations

from tests.architecture.rows import Row

_DRIVE = Row(("test_drive_id",))
_ACTS = ("edit", "licence", "out", "back", "cancel")


def drive_rows() -> dict[str, Row]:
    """Every page about test drives."""
    return {
        **dict.fromkeys(("GET /test-drives", "POST /test-drives"), Row()),
        **dict.fromkeys(("GET /test-drives/new", "POST /test-drives/new"), Row()),
        "GET /test-drives/<test_drive_id>": _DRIVE,
        "GET /test-drives/<test_drive_id>/edit": _DRIVE,
        **dict.fromkeys((f"POST /test-drives/<test_drive_id>/{what}" for what in _ACTS), _DRIVE),
    }
