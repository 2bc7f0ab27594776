"""Reminders and feedback as append-only files of JSON lines below `<home>/gateway`.

`reminders.jsonl` is flushed to the system with every answer (a lost line costs one refused feedback), `feedback.jsonl` is synced to
disk before 3103 is answered (it is what a doctor stated). A line that a crash cut short is left out when the file is read again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from xiezhi.storage.memory import MemoryFeedback

_TAIL_BYTES = 256_000_000
"""Of a longer file of reminders only the end is read at the start: enough for the newest million."""


class FileFeedback:
    """A `FeedbackStore` on files; safe to use from several threads of one process."""

    def __init__(self, folder: Path, limit: int = 1_000_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._memory = MemoryFeedback(limit)
        reminders, feedback = folder / "reminders.jsonl", folder / "feedback.jsonl"
        for row in _read(reminders):
            self._memory.warned([row])
        self._reminders, self._feedback = _open(reminders), _open(feedback)

    def warned(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append reminders and know their ids from now on."""
        if rows:
            with self._lock:
                self._reminders.write(_lines(rows))
                self._reminders.flush()
                self._memory.warned(rows)

    def known(self, warn_rslt_id: str) -> bool:
        """Whether the id is among the newest `limit` reminders."""
        return self._memory.known(warn_rslt_id)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append feedback; it is on disk when this returns. Raises `OSError` where it cannot be."""
        with self._lock:
            self._feedback.write(_lines(rows))
            self._feedback.flush()
            os.fsync(self._feedback.fileno())

    def close(self) -> None:
        """Close both files."""
        self._reminders.close()
        self._feedback.close()


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows).encode()


def _open(path: Path) -> BinaryIO:
    """The file for appending, its last line ended: what a crash cut short must not join the next line."""
    handle = path.open("ab+")
    if handle.tell():
        handle.seek(-1, os.SEEK_END)
        if handle.read(1) != b"\n":
            handle.write(b"\n")
            handle.flush()
    return handle


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - _TAIL_BYTES))
        if size > _TAIL_BYTES:
            handle.readline()
        for line in handle:
            try:
                row: Any = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and "warn_rslt_id" in row:
                yield row
