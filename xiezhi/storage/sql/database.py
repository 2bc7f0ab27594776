"""The database: where it is, whether it answers, and its read and write transactions.

A write transaction takes the one lock there is (SQLite: `BEGIN IMMEDIATE`, PostgreSQL: the row `audit_head`), so writers are serial on
both and no decision is lost between reading and writing. Readers never wait.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from xiezhi.domain.errors import ServiceUnreachable, UsageError
from xiezhi.storage.sql import models

_WAIT_MS = 30_000
_HOW = "start PostgreSQL (pg_ctl start, or a service of the operating system) or unset XIEZHI_DATABASE_URL to use SQLite"


class Database:
    """One database by its address.

    Raises:
        UsageError: the address cannot be read, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            if self.url.drivername in ("postgresql", "postgres"):
                self.url = self.url.set(drivername="postgresql+psycopg")
            self.engine: Engine = self._connect()
        except (ArgumentError, NoSuchModuleError) as error:
            accepted = "sqlite:///FILE or postgresql+psycopg://user@host/name"
            raise UsageError.of("XIEZHI_DATABASE_URL is not a database address", accepted=accepted) from error
        except ModuleNotFoundError as error:
            raise UsageError.of(f"no driver for {self.url.drivername}: {error.name}", todo="pip install 'xiezhi[postgres]'") from error
        if self.engine.dialect.name not in ("sqlite", "postgresql"):
            raise UsageError.of(f"database {self.engine.dialect.name}", accepted="sqlite, postgresql")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.engine.dialect.name == "sqlite"

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    def _connect(self) -> Engine:
        if self.url.get_backend_name() != "sqlite":
            return create_engine(self.url, pool_pre_ping=True)
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        # One file handle a transaction: handles are cheap, and none is left to be collected late.
        engine = create_engine(self.url, poolclass=NullPool)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: object) -> None:
            connection.isolation_level = None  # transactions begin where we say so
            for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_WAIT_MS}", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("xiezhi_write") else "BEGIN")

        return engine

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A transaction that reads.

        Raises:
            ServiceUnreachable: the database does not answer, or `xiezhi db upgrade` has not been run.
        """
        with self._told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A transaction that writes, alone; committed at the end, rolled back on an error.

        Raises:
            ServiceUnreachable: as in `read`.
        """
        with self._told(), self.engine.connect() as connection:
            connection = connection.execution_options(xiezhi_write=True)
            with connection.begin():
                if not self.is_sqlite:
                    # Rows are found by their keys; the planner knows nothing yet of rows written in this transaction and would scan them.
                    connection.execute(text("SET LOCAL enable_seqscan = off"))
                    connection.execute(select(models.audit_head.c.id).where(models.audit_head.c.id == 1).with_for_update())
                yield connection

    @contextmanager
    def unlocked(self) -> Generator[Connection]:
        """A transaction of migrations, which may find no tables to lock yet."""
        with self._told(), self.engine.connect() as connection:
            connection = connection.execution_options(xiezhi_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except (OperationalError, ProgrammingError) as error:
            told = str(error.orig)
            if "no such table" in told or "UndefinedTable" in type(error.orig).__name__:
                raise ServiceUnreachable.of(f"the database {self.shown} has no tables yet", todo="xiezhi db upgrade") from error
            if isinstance(error, OperationalError):
                raise ServiceUnreachable.of(f"the database {self.shown} does not answer: {told.splitlines()[0]}", todo=_HOW) from error
            raise

    def ping(self) -> None:
        """Ask the server whether it is there; raises `ServiceUnreachable`."""
        with self._told(), self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()
