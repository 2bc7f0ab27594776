"""Pages of the review queue: by falling priority, continued from a place in the order and not by counting rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xiezhi.domain.actor import READERS, Actor
from xiezhi.domain.errors import UsageError
from xiezhi.domain.queue import QueueFilter, QueueRow
from xiezhi.services.case_store import CaseStore

MOST = 500
"""Rows of the longest page."""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Rows, and the place after the last one (empty on the last page)."""

    rows: tuple[QueueRow, ...]
    next: str


def read_queue(store: CaseStore, actor: Actor, wanted: QueueFilter | None = None, after: str = "", limit: int = 50) -> QueuePage:
    """One page inside the actor's scope.

    Args:
        store: where cases live.
        actor: who asks.
        wanted: the filter; None: all waiting cases.
        after: `next` of the page before, empty for the first.
        limit: rows, 1 to `MOST`.

    Raises:
        UsageError: a role that may not read cases, a place that is none, a limit out of range.
    """
    may_read(actor)
    if not 1 <= limit <= MOST:
        raise UsageError.of(f"limit {limit}", accepted=f"1 to {MOST}")
    rows = store.queue(actor.scope, wanted or QueueFilter(), _place(after), limit + 1)
    page = tuple(rows[:limit])
    return QueuePage(page, f"{page[-1].priority}.{page[-1].case_id}" if len(rows) > limit else "")


def may_read(actor: Actor) -> None:
    """Raise `UsageError` for a role that may not read cases."""
    if actor.role not in READERS:
        raise UsageError.of(f"role {actor.role.value} may not read cases", accepted=", ".join(sorted(role.value for role in READERS)))


def _place(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,18})\.(C[0-9a-f]{19})", text)
    if found is None:
        raise UsageError.of(f"no place in the queue: {text!r}", accepted="`next` of a page")
    return int(found[1]), found[2]
