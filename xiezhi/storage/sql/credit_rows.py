"""Credit events and ratings as rows; both are only ever appended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Executable, func, insert, select

from xiezhi.domain.credit import CreditEvent, Rating, RatingReason
from xiezhi.storage.sql.asking import chunks
from xiezhi.storage.sql.asking import rows as rows_of
from xiezhi.storage.sql.models import credit_events, credit_snapshots

_EVENT = tuple(name for name in CreditEvent.__slots__)


def events(connection: Connection, *conditions: ColumnElement[bool]) -> list[CreditEvent]:
    """Events by place in the log."""
    asked = select(*(credit_events.c[name] for name in _EVENT)).where(*conditions).order_by(credit_events.c.seq)
    return [CreditEvent(*row) for row in connection.execute(asked)]


def add_events(connection: Connection, rows: Sequence[CreditEvent]) -> None:
    """Append events; their place is given by the log."""
    if rows:
        connection.execute(insert(credit_events), [{name: value for name, value in asdict(row).items() if name != "seq"} for row in rows])


def ratings(connection: Connection, kind: str, subjects: Sequence[str] | None = None) -> dict[str, Rating]:
    """The newest rating by subject."""
    newest = select(func.max(credit_snapshots.c.id)).where(credit_snapshots.c.subject_kind == kind).group_by(credit_snapshots.c.subject_id)
    found: dict[str, Rating] = {}
    for part in [None] if subjects is None else chunks(subjects):
        wanted = newest if part is None else newest.where(credit_snapshots.c.subject_id.in_(part))
        found.update(
            (rating.subject_id, rating) for rating in _read(connection, select(credit_snapshots).where(credit_snapshots.c.id.in_(wanted)))
        )
    return found


def history(connection: Connection, kind: str, subject: str) -> list[tuple[datetime, Rating]]:
    """All ratings of a subject, oldest first, each with the moment it was made."""
    asked = select(credit_snapshots).where(credit_snapshots.c.subject_kind == kind, credit_snapshots.c.subject_id == subject)
    made = [row.at for row in connection.execute(asked.order_by(credit_snapshots.c.id))]
    return list(zip(made, _read(connection, asked.order_by(credit_snapshots.c.id)), strict=True))


def add_ratings(connection: Connection, rows: Sequence[Rating], at: datetime) -> None:
    """Append ratings."""
    if rows:
        connection.execute(insert(credit_snapshots), [_row(rating, at) for rating in rows])


def _row(rating: Rating, at: datetime) -> dict[str, object]:
    values = {name: getattr(rating, name) for name in Rating.__slots__ if name != "reasons"}
    return {**values, "reasons": json.dumps([asdict(reason) for reason in rating.reasons]), "at": at}


def _read(connection: Connection, asked: Executable) -> list[Rating]:
    return [
        Rating(
            row["subject_kind"],
            row["subject_id"],
            row["as_of"],
            row["scheme"],
            row["scheme_hash"],
            row["score"],
            row["grade"],
            row["veto"],
            tuple(RatingReason(**reason) for reason in json.loads(row["reasons"])),
            row["queue"],
        )
        for row in rows_of(connection, asked)
    ]
