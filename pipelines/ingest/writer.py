"""Streams the accepted rows of one table into Delta from a thread, so that writing and validating overlap.

One commit takes at most `SEGMENT_ROWS` rows: large enough for few files, and a crash loses no more than one segment (which the next run
loads again).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from typing import Any

import pyarrow as pa

from xiezhi.storage.delta import DeltaStore

SEGMENT_ROWS = 2_000_000
"""Rows of one commit."""
_AHEAD = 2  # tables that wait for the writer


class _Aborted(Exception):
    """Ends a commit without its rows."""


class SegmentWriter:
    """Appends tables to one Delta table in segments; `close` commits, `abort` drops what is not committed yet.

    Attributes:
        written: rows that are committed.
    """

    def __init__(self, store: DeltaStore, table: str, schema: pa.Schema) -> None:
        self._store = store
        self._table = table
        self._schema = schema
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="delta-writer")
        self._queue: Queue[Any] = Queue(_AHEAD)
        self._commit: Future[int] | None = None
        self._rows = 0
        self.written = 0

    def write(self, rows: Any) -> None:
        """Hand over one table of the schema; raises here what went wrong in the thread."""
        if self._commit is None:
            stream = pa.RecordBatchReader.from_batches(self._schema, self._batches(self._queue))
            self._commit = self._pool.submit(self._store.append, self._table, stream)
        self._put(rows)
        self._rows += len(rows)
        if self._rows >= SEGMENT_ROWS:
            self._finish()

    @staticmethod
    def _batches(queue: Queue[Any]) -> Iterator[Any]:
        while (item := queue.get()) is not None:
            if isinstance(item, _Aborted):
                raise item
            yield from item.to_batches()

    def _put(self, item: Any) -> None:
        while self._commit is not None:
            try:
                self._queue.put(item, timeout=0.1)
            except Full:
                if self._commit.done():  # it failed: nobody takes from the queue any more
                    self._commit.result()
                continue
            return

    def _finish(self) -> None:
        if self._commit is not None:
            self._put(None)
            self._commit.result()
            self.written += self._rows
            self._commit, self._rows, self._queue = None, 0, Queue(_AHEAD)

    def close(self) -> None:
        """Commit the last segment."""
        self._finish()
        self._pool.shutdown()

    def abort(self) -> None:
        """Drop the open segment; what was committed before stays."""
        commit = self._commit
        while commit is not None and not commit.done():
            try:
                self._queue.put(_Aborted(), timeout=0.1)
                break
            except Full:
                continue
        self._pool.shutdown()
