"""The audit log: every row carries the hash of the row before it, so that a change, a gap, a swap or a cut shows and says where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

GENESIS = "0" * 64
"""What the first row carries as the hash before it."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row; `detail` is canonical JSON text, `hash` covers every other field."""

    seq: int
    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    detail: str
    prev_hash: str
    hash: str


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no blanks: the same value is always the same text.

    >>> canonical({"b": 1, "a": "元"})
    '{"a":"元","b":1}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def row_hash(seq: int, at: datetime, actor: str, role: str, action: str, subject: str, detail: str, prev_hash: str) -> str:
    """SHA-256 of a row's fields and of the hash before it."""
    fields = {"seq": seq, "at": at.isoformat(timespec="microseconds"), "actor": actor, "role": role, "action": action}
    text = canonical({**fields, "subject": subject, "detail": detail, "prev": prev_hash})
    return hashlib.sha256(text.encode()).hexdigest()


def chain(seq: int, prev_hash: str, at: datetime, actor: str, role: str, action: str, subject: str, detail: Mapping[str, Any]) -> AuditRow:
    """The row with number `seq` after a row with hash `prev_hash`."""
    text = canonical(detail)
    return AuditRow(
        seq, at, actor, role, action, subject, text, prev_hash, row_hash(seq, at, actor, role, action, subject, text, prev_hash)
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the log found: rows read, the last hash, and the first break (None: whole)."""

    rows: int
    head: str
    broken_at: int | None = None
    why: str = ""


def verify(rows: Iterable[AuditRow], head_seq: int, head_hash: str) -> Verified:
    """Check the chain from its first row to the recorded head.

    Args:
        rows: all rows by number.
        head_seq: number of the last row as recorded beside the log.
        head_hash: its hash. Kept outside (printed, mailed) it also shows a log that was rewritten as a whole.
    """
    seq, before = 0, GENESIS
    for row in rows:
        if row.seq != seq + 1:
            return Verified(seq, before, seq + 1, f"row {seq + 1} is missing; the next one is {row.seq}")
        if row.prev_hash != before:
            return Verified(seq, before, row.seq, f"row {row.seq} does not follow row {seq}")
        if row.hash != row_hash(row.seq, row.at, row.actor, row.role, row.action, row.subject, row.detail, row.prev_hash):
            return Verified(seq, before, row.seq, f"row {row.seq} was changed")
        seq, before = row.seq, row.hash
    if (seq, before) != (head_seq, head_hash):
        return Verified(seq, before, seq + 1, f"the log ends at row {seq}, the recorded end is row {head_seq} with hash {head_hash[:12]}…")
    return Verified(seq, before)
