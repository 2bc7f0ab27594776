"""Accepted messages on their way to the event log: a bounded queue and one writer, so that no answer waits for a disk.

The log is where the claim is judged again; what the queue cannot take, or the log refuses, is counted and left out (the hospital
uploads every claim once more for settlement).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import msgspec

from streaming.gateway.metrics import Metrics
from streaming.gateway.reading import Node
from streaming.topics import PRECHECKS, SCHEMA_VERSION
from xiezhi.domain.events import Message
from xiezhi.log import get_logger
from xiezhi.ports import EventLog

log = get_logger("gateway")
_encoder = msgspec.json.Encoder(decimal_format="number")


class Outbox:
    """Writes messages to the topic `claims.prechecks`, keyed by person, in batches."""

    def __init__(self, events: EventLog, limit: int = 10_000, batch: int = 500) -> None:
        self._events, self._batch = events, batch
        self._limit = limit
        self._queue: asyncio.Queue[tuple[str, Node] | None] = asyncio.Queue()
        self._pool = ThreadPoolExecutor(1, "outbox")
        self._task: asyncio.Task[None] | None = None
        self._metrics = Metrics()

    def start(self, metrics: Metrics) -> None:
        """Begin to write; failures are counted in `metrics`."""
        self._metrics = metrics
        self._task = asyncio.ensure_future(self._run())

    def put(self, person: str, message: Node) -> None:
        """Take a message; returns at once."""
        if self._queue.qsize() >= self._limit:
            self._metrics.count("log_failures")
        else:
            self._queue.put_nowait((person, message))

    async def stop(self, seconds: float = 10.0) -> None:
        """Write what waits, but no longer than `seconds`: a log that does not answer must not hold a server that is told to end."""
        self._queue.put_nowait(None)
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=seconds)
            if not done:
                self._task.cancel()
                self._metrics.count("log_failures", by=max(0, self._queue.qsize() - 1))
                log.error("messages not logged before the end", waiting=self._queue.qsize())
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        ended = False
        while not ended:
            taken = [await self._queue.get()]
            while len(taken) < self._batch and not self._queue.empty():
                taken.append(self._queue.get_nowait())
            ended = None in taken
            entries = [entry for entry in taken if entry is not None]
            try:
                await loop.run_in_executor(self._pool, self._write, entries)
            except Exception as error:
                self._metrics.count("log_failures", by=len(entries))
                log.error("messages not logged", error=type(error).__name__, messages=len(entries))

    def _write(self, entries: list[tuple[str, Node]]) -> None:
        if entries:
            messages = [
                Message(person, _encoder.encode({"schema": SCHEMA_VERSION, "tables": {}, "message": message}))
                for person, message in entries
            ]
            self._events.append_all(PRECHECKS, messages)
