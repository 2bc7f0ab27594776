"""The store of cases on one database, as the services know it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from xiezhi.domain.actor import Scope
from xiezhi.domain.queue import QueueFilter, QueueRow
from xiezhi.storage.sql.case_reader import queue_page, queue_totals
from xiezhi.storage.sql.case_unit import SqlCaseUnit
from xiezhi.storage.sql.database import Database


class SqlCaseStore:
    """`CaseStore` of `xiezhi.services.case_store` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextmanager
    def write(self) -> Generator[SqlCaseUnit]:
        """A write transaction, alone."""
        with self.database.write() as connection:
            yield SqlCaseUnit(connection)

    def queue(self, scope: Scope, wanted: QueueFilter, after: tuple[int, str] | None, limit: int) -> list[QueueRow]:
        """Rows of the queue after a place."""
        with self.database.read() as connection:
            return queue_page(connection, scope, wanted, after, limit)

    def totals(self, scope: Scope, wanted: QueueFilter) -> tuple[int, int, int]:
        """Cases, fen at stake, fen confirmed."""
        with self.database.read() as connection:
            return queue_totals(connection, scope, wanted)
