"""The words exports are described by: formats, how an export stands, how often a schedule runs. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """The files a list can leave as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportState(StrEnum):
    """How an export stands. While it is `started` its job says how far it is."""

    WAITING = "waiting"
    REFUSED = "refused"
    LAPSED = "lapsed"
    STARTED = "started"
    FAILED = "failed"
    READY = "ready"
    GONE = "gone"


class Every(StrEnum):
    """How often a schedule runs."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
