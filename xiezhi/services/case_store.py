"""Ports of the cases: what opening, deciding and rating need from a store. The adapter is `xiezhi.storage.sql`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from xiezhi.domain.actor import Actor, Scope
from xiezhi.domain.case import Case, LineId
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import CreditEvent, Rating
from xiezhi.domain.queue import CaseFinding, QueueFilter, QueueRow


class CaseUnit(Protocol):
    """One write transaction over cases, ratings and the audit log. Units are serial: what one reads no other changes before it ends."""

    def put_findings(self, rows: Sequence[CaseFinding]) -> set[str]:
        """Store rows that are newer than the stored one; returns the ids of all cases that lost, kept or got a changed finding."""
        ...

    def findings_of(self, case_ids: Sequence[str]) -> dict[str, list[CaseFinding]]:
        """The newest row of every finding, whatever its status, by case."""
        ...

    def cases(self, scope: Scope, case_ids: Sequence[str]) -> dict[str, Case]:
        """Cases by id, as far as they exist inside the scope."""
        ...

    def open_case_ids(self, scope: Scope, subjects: Sequence[str] | None = None) -> list[str]:
        """Ids of all cases that are not closed or withdrawn; of these institutions only where some are given."""
        ...

    def save_cases(self, cases: Sequence[Case]) -> None:
        """Insert or replace cases with their lines."""
        ...

    def save_factors(self, cases: Sequence[Case]) -> None:
        """Write what ratings, time, signals and exploration changed of cases, and nothing else."""
        ...

    def drop_cases(self, case_ids: Sequence[str]) -> None:
        """Remove cases that nobody had touched."""
        ...

    def add_decisions(self, case: Case, verdicts: Mapping[LineId, Verdict], actor: Actor, at: datetime) -> None:
        """Append decisions to their history."""
        ...

    def credit_events(self, subject_kind: str | None = None, subjects: Sequence[str] | None = None) -> list[CreditEvent]:
        """Credit events by place in the log, of some subjects or of all."""
        ...

    def case_events(self, case_ids: Sequence[str]) -> list[CreditEvent]:
        """Credit events of cases by place in the log."""
        ...

    def add_events(self, events: Sequence[CreditEvent]) -> None:
        """Append credit events."""
        ...

    def ratings(self, subject_kind: str, subjects: Sequence[str] | None = None) -> dict[str, Rating]:
        """The newest rating by subject."""
        ...

    def add_ratings(self, ratings: Sequence[Rating], at: datetime) -> None:
        """Append ratings."""
        ...

    def audit(self, actor: Actor, entries: Sequence[tuple[str, str, Mapping[str, Any]]], at: datetime) -> None:
        """Append rows (action, subject, detail) to the audit log, in order."""
        ...


class CaseStore(Protocol):
    """Where cases live."""

    def write(self) -> AbstractContextManager[CaseUnit]:
        """A write transaction: committed at the end, rolled back on an error."""
        ...

    def queue(self, scope: Scope, wanted: QueueFilter, after: tuple[int, str] | None, limit: int) -> list[QueueRow]:
        """Rows of the queue by falling priority, then falling id, that come after a place."""
        ...

    def totals(self, scope: Scope, wanted: QueueFilter) -> tuple[int, int, int]:
        """Cases, fen at stake and fen confirmed behind a filter."""
        ...
