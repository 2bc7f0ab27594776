"""Structured logs on stderr: one event a line, as key=value or as JSON, so that stdout stays free for results."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger, Processor


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry `module=name`; it may be made at import time, it looks at the configuration when it is used.

    Args:
        name: usually `__name__`.
    """
    logger: FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def configure(level: str = "info", log_format: str = "text") -> None:
    """Set the level and the form of all log lines of this process.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        log_format: `text` (key=value) or `json`.
    """
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"), bool_as_flag=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_stderr_logger,
        cache_logger_on_first_use=False,
    )


def _stderr_logger(*_: Any) -> structlog.PrintLogger:
    # sys.stderr is looked up for each logger: a test or a progress bar may have put another stream there.
    return structlog.PrintLogger(sys.stderr)


configure()  # structlog's own default would write to stdout
