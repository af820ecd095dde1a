"""Structured logs: one JSON object a line, with request id and tenant bound through context variables."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor


def configure(level: str) -> None:
    """Send structlog and the standard library's loggers to standard error as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for the module `name`."""
    return structlog.get_logger(name)


def bind(**values: str | None) -> None:
    """Add `values` (such as request_id, tenant) to every line of this context."""
    structlog.contextvars.bind_contextvars(**values)


def unbind(*names: str) -> None:
    """Take `names` out of this context's lines again."""
    structlog.contextvars.unbind_contextvars(*names)


def bound(name: str) -> str | None:
    """The value bound to `name` in this context, if any."""
    return structlog.contextvars.get_contextvars().get(name)
