"""Logs for the stream's tests: the embedded one, and a real Kafka broker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streaming.embedded_log import EmbeddedLog
from xiezhi.ports import EventLog


@pytest.fixture(params=["embedded"])
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EventLog]:
    """Opens the same log anew, as a process that starts would."""
    return lambda: EmbeddedLog(tmp_path / "log", segment_bytes=20_000)
