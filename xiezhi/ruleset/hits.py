"""What every engine yields: hits, one for each row and point of which a rule's condition is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from xiezhi.domain.facts import Encounter, InstitutionMonth, Line, Sale, Stock

FactRow = Line | Encounter | Sale | Stock | InstitutionMonth


@dataclass(frozen=True, slots=True)
class HitRow:
    """The row a hit is about; `id` is the fee line, encounter, sale, or '' for stock; `line` the fee line. Money in fen."""

    kind: str
    id: str
    institution: str
    person: str | None
    encounter: str | None
    settlement: str | None
    doctor: str | None
    item: str | None
    name: str | None
    date: int
    time: int
    amount: int | None
    fund: int | None
    total: int | None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that a rule finds doubtful under one point.

    `numerator / denominator` is the money at stake of the row in fen, exact. `related` are lines that prove it
    (institution, id); only the reference interpreter fills it. `lines` are the offending lines where the row is no line.
    """

    rule_id: str
    subject: tuple[str, ...]
    point: str | None
    row: HitRow
    numerator: int
    denominator: int
    credit: int
    counted: int | None
    limit: int | None
    related: frozenset[tuple[str, str]] = frozenset()
    lines: tuple[HitRow, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """All that engines must agree on."""
        return (
            self.rule_id,
            self.subject,
            self.point or "",
            self.row.institution,
            self.row.id,
            self.numerator * 1,
            self.denominator,
            self.credit,
            self.counted,
            self.limit,
        )


@dataclass
class Evaluation:
    """Hits of one engine, and how often a rule stayed unknown, by missing field (data quality, never doubt)."""

    hits: list[Hit] = field(default_factory=list)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Evaluation) -> None:
        """Take over another evaluation."""
        self.hits.extend(other.hits)
        self.unknown.update(other.unknown)


def hit_row(kind: str, row: FactRow) -> HitRow:
    """The part of a fact row that findings need."""

    def get(name: str) -> Any:
        return getattr(row, name, None)

    encounter = get("id") if kind == "encounter" else get("encounter")
    identity = "" if kind in ("stock", "month") else get("id")
    day = get("begin_date") if kind == "encounter" else get("date")
    time = get("begin_time") if kind == "encounter" else get("time")
    line = get("id") if kind == "line" else get("line")
    return HitRow(
        kind, identity, row.institution, get("person"), encounter, get("settlement"), get("doctor"), get("item"), get("name"),
        day, time if time is not None else day * 86_400, get("amount"), get("fund"), get("total"), line,
    )  # fmt: skip


def subject_text(values: Iterable[object]) -> tuple[str, ...]:
    """Subject values as text; a missing one is empty."""
    return tuple("" if value is None else str(value) for value in values)
