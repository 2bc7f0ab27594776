"""Adapters that keep everything in memory: for tests, benchmarks and one-off screening. Nothing survives the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xiezhi.domain.netting import Lookups, RawPerson


class MemoryHistory:
    """A `HistoryStore` over given persons."""

    def __init__(self, persons: Iterable[RawPerson] = (), lookups: Lookups | None = None) -> None:
        self._persons = {raw.person: raw for raw in persons}
        self._lookups = lookups or Lookups()

    def raw_person(self, person: str) -> RawPerson | None:
        """The rows of a person, None for an unknown one."""
        return self._persons.get(person)

    def stamp(self, person: str) -> bytes:
        """Always the same: given persons never change."""
        return b""

    def lookups(self) -> Lookups:
        """What was given."""
        return self._lookups


class MemoryFeedback:
    """A `FeedbackStore` that knows the newest `limit` reminders."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self._limit = limit
        self._ids: OrderedDict[str, None] = OrderedDict()
        self.rows: list[Mapping[str, Any]] = []

    def warned(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Remember the ids; beyond the limit the oldest are forgotten."""
        for row in rows:
            self._ids[row["warn_rslt_id"]] = None
        while len(self._ids) > self._limit:
            self._ids.popitem(last=False)

    def known(self, warn_rslt_id: str) -> bool:
        """Whether the id is remembered."""
        return warn_rslt_id in self._ids

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append to `rows`."""
        self.rows.extend(rows)
