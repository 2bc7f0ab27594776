"""The audit log in SQL: rows are appended inside the write transaction of what they tell, and read back for the check."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from xiezhi.domain.actor import Actor
from xiezhi.domain.audit import AuditRow, Verified, chain, verify
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.models import audit, audit_head

Entry = tuple[str, str, Mapping[str, Any]]
"""Action, subject and detail of a row."""


def append(connection: Connection, actor: Actor, entries: Sequence[Entry], at: datetime) -> None:
    """Append rows in order; the connection must be that of a write transaction, which holds the lock of the log."""
    if not entries:
        return
    seq, before = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).one()
    rows = []
    for action, subject, detail in entries:
        row = chain(seq + 1, before, at, actor.username, actor.role.value, action, subject, detail)
        rows.append({name: getattr(row, name) for name in AuditRow.__slots__})
        seq, before = row.seq, row.hash
    connection.execute(insert(audit), rows)
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(seq=seq, hash=before))


def rows_of(connection: Connection, subject: str | None = None) -> Generator[AuditRow]:
    """Rows by number; of one subject where it is given."""
    asked = select(*(audit.c[name] for name in AuditRow.__slots__)).order_by(audit.c.seq)
    if subject is not None:
        asked = asked.where(audit.c.subject == subject)
    with connection.execute(asked.execution_options(yield_per=1000)) as result:
        for row in result:
            yield AuditRow(*row)


def verify_log(database: Database, head: str = "") -> Verified:
    """Check the whole log against its recorded end, or against a hash that was kept outside."""
    with database.read() as connection:
        seq, recorded = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).one()
        with closing(rows_of(connection)) as rows:  # a check that ends early must not leave a cursor open
            found = verify(rows, seq, recorded)
        if head and found.broken_at is None:
            known = head == "0" * 64 or connection.execute(select(audit.c.seq).where(audit.c.hash == head)).first() is not None
            if not known:
                return Verified(found.rows, found.head, found.rows + 1, f"no row has the hash {head[:12]}… that was kept outside")
        return found
