"""The audit log: it cannot be changed by its own account, and whoever changes it otherwise is found out, with the place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from xiezhi.domain.actor import SYSTEM
from xiezhi.domain.audit import GENESIS
from xiezhi.domain.errors import ServiceUnreachable, UsageError
from xiezhi.storage.sql import audit_log
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.migrate import current, head, upgrade
from xiezhi.storage.sql.models import audit, audit_head, credit_events, decisions, metadata

AT = datetime(2026, 6, 1, 9, 0, 0, 123456)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as connection:
        for number in range(1, 7):
            audit_log.append(connection, SYSTEM, [("test.done", f"C{number}", {"值": number})], AT)
    return database


def unlock(connection: Any, sqlite: bool) -> None:
    """What somebody with full rights on the database would do first."""
    for verb in ("UPDATE", "DELETE"):
        if sqlite:
            connection.execute(text(f"DROP TRIGGER audit_no_{verb}"))
    if not sqlite:
        connection.execute(text("DROP TRIGGER audit_append_only ON audit"))


def test_a_whole_log_is_whole(filled: Database) -> None:
    found = audit_log.verify_log(filled)
    assert (found.rows, found.broken_at) == (6, None)
    assert audit_log.verify_log(filled, found.head).broken_at is None
    assert audit_log.verify_log(filled, GENESIS).broken_at is None
    with filled.write() as connection:
        audit_log.append(connection, SYSTEM, [("later", "C", {})], AT)
    assert audit_log.verify_log(filled, found.head).broken_at is None  # the log grew since the hash was kept
    assert audit_log.verify_log(filled, "f" * 64).broken_at == 8


@pytest.mark.parametrize("verb", ["update", "delete", "truncate"])
def test_the_database_refuses_to_change_it(filled: Database, verb: str) -> None:
    if verb == "truncate" and filled.is_sqlite:
        verb = "delete"
    for table in (audit, decisions, credit_events):
        with filled.write() as connection:
            if table is not audit:
                row = {
                    column.name: 1 if str(column.type) in ("INTEGER", "BIGINT") else AT if "DATE" in str(column.type) else "x"
                    for column in table.c
                    if column.server_default is None
                }
                connection.execute(insert(table), row | ({"on": AT.date()} if "on" in row else {}))
        statements = {
            "update": update(table).values({table.c.case_id if "case_id" in table.c else table.c.actor: "me"}),
            "delete": delete(table),
            "truncate": text(f"TRUNCATE {table.name}"),
        }
        with pytest.raises(DBAPIError, match="append-only"), filled.write() as connection:
            connection.execute(statements[verb])
    assert audit_log.verify_log(filled).broken_at is None


@pytest.mark.parametrize("field", ["at", "actor", "role", "action", "subject", "detail", "hash", "prev_hash"])
def test_a_change_is_found(filled: Database, field: str) -> None:
    with filled.write() as connection:
        unlock(connection, filled.is_sqlite)
        value: Any = datetime(2026, 6, 1, 9, 0, 0, 123457) if field == "at" else "x"
        connection.execute(update(audit).where(audit.c.seq == 3).values({field: value}))
    assert audit_log.verify_log(filled).broken_at == 3


def test_a_deleted_row_is_found(filled: Database) -> None:
    with filled.write() as connection:
        unlock(connection, filled.is_sqlite)
        connection.execute(delete(audit).where(audit.c.seq == 4))
    found = audit_log.verify_log(filled)
    assert (found.broken_at, "row 4 is missing" in found.why) == (4, True)


def test_a_deleted_row_is_found_though_the_rest_was_renumbered(filled: Database) -> None:
    with filled.write() as connection:
        unlock(connection, filled.is_sqlite)
        connection.execute(delete(audit).where(audit.c.seq == 4))
        for seq in (5, 6):
            connection.execute(update(audit).where(audit.c.seq == seq).values(seq=seq - 1))
    assert audit_log.verify_log(filled).broken_at == 4


def test_swapped_rows_are_found(filled: Database) -> None:
    with filled.write() as connection:
        unlock(connection, filled.is_sqlite)
        for before, after in [(2, 100), (3, 2), (100, 3)]:
            connection.execute(update(audit).where(audit.c.seq == before).values(seq=after))
    assert audit_log.verify_log(filled).broken_at == 2


def test_a_cut_end_is_found(filled: Database) -> None:
    with filled.write() as connection:
        unlock(connection, filled.is_sqlite)
        connection.execute(delete(audit).where(audit.c.seq > 4))
    assert audit_log.verify_log(filled).broken_at == 5


def test_a_cut_end_with_a_moved_head_is_found_by_a_hash_kept_outside(filled: Database) -> None:
    kept = audit_log.verify_log(filled).head
    with filled.write() as connection:
        unlock(connection, filled.is_sqlite)
        connection.execute(delete(audit).where(audit.c.seq > 4))
        last = connection.execute(text("SELECT hash FROM audit WHERE seq = 4")).scalar_one()
        connection.execute(update(audit_head).values(seq=4, hash=last))
    assert audit_log.verify_log(filled).broken_at is None
    assert audit_log.verify_log(filled, kept).broken_at == 5


def test_a_failed_transaction_leaves_no_trace(filled: Database) -> None:
    def fail() -> None:
        with filled.write() as connection:
            audit_log.append(connection, SYSTEM, [("x", "C", {})], AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    found = audit_log.verify_log(filled)
    assert (found.rows, found.broken_at) == (6, None)


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert current(database) == head()
    assert upgrade(database) == (head(), head())


def test_a_database_that_is_not_there_says_so(tmp_path: Any) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'new' / 'x.db'}")
    with pytest.raises(ServiceUnreachable, match="xiezhi db upgrade"), empty.read() as connection:
        connection.execute(audit.select())
    for bad in ("nonsense", "mysql://host/x"):
        with pytest.raises(UsageError):
            Database(bad)


def test_a_server_that_does_not_answer_says_so() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(ServiceUnreachable, match="does not answer") as told:
        Database("postgresql://user:secret@127.0.0.1:1/x").ping()
    assert "secret" not in str(told.value)
    assert told.value.exit_code == 3
