"""Migrations: bring a database to the newest schema, and say which one it has."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from xiezhi.domain.errors import UsageError
from xiezhi.storage.sql.database import Database


def config() -> Config:
    """Alembic's configuration; there is no `alembic.ini`, so that it works from a wheel."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def current(database: Database) -> str:
    """The revision of the database, empty where it has no tables yet; raises `ServiceUnreachable`."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(database: Database) -> tuple[str, str]:
    """Run every migration that is missing, all in one transaction; returns the revisions before and after."""
    database.ping()
    before = current(database)
    chosen = config()
    with database.unlocked() as connection:
        chosen.attributes["connection"] = connection
        command.upgrade(chosen, "head")
    return before, current(database)


def open_database(address: str) -> Database:
    """The database, ready to work with.

    A new SQLite file gets its tables at once, so that there is nothing to set up first; a server is changed by `xiezhi db upgrade` only.

    Raises:
        ServiceUnreachable: the database does not answer.
        UsageError: its tables are not those of this program.
    """
    database = Database(address)
    found = current(database)
    if not found and database.is_sqlite:
        upgrade(database)
    elif found != head():
        raise UsageError.of(f"the database is at schema {found or 'none'}, this program needs {head()}", todo="xiezhi db upgrade")
    return database
