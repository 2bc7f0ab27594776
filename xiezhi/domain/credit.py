"""Credit ratings from events: a pure function of what people decided, under a scheme that is data.

Each dimension of a scheme has a weight in points; confirmed cases take points away, refuted ones give a little back, never above the
weight. Only the newest event of a line counts, so that a decision that is changed or reversed undoes itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

INSTITUTION, PRACTITIONER = "institution", "practitioner"
"""Kinds of subjects that are rated."""
REVERSED = "reversed"
"""Kind of an event that takes back what was decided about a line before; the other kinds are the decisions."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """What a case with confirmed lines of one verdict costs: points once a case, and a point for each full step of fen, at most `most`."""

    dimension: str
    points: int
    step_fen: int
    most: int

    def of(self, amount_fen: int) -> int:
        """Points for a case.

        >>> Deduction("agreement", 5, 10_000, 50).of(25_000)
        7
        """
        return min(self.most, self.points + amount_fen // self.step_fen)


@dataclass(frozen=True)
class Scheme:
    """One rating scheme, read from `rules/credit/<name>.yaml`.

    Attributes:
        name: its name.
        hash: of its content; stored with every rating.
        window_days: how long an event counts.
        dimensions: points by dimension; their sum is the full score.
        grades: (grade, least score in permille of the full score), best first; the last begins at 0.
        deductions: by verdict of the finding.
        restore_dimension: the dimension that refuted cases give back to.
        restore_points: points for each refuted case.
        veto_reasons: reason codes that give the lowest grade at once.
        queue: factor of the queue's priority by grade, permille.
        labels: (Chinese, English) by dimension.
        exploration: permille of the waiting cases that the queue explores each day.
    """

    name: str
    hash: str
    window_days: int
    dimensions: Mapping[str, int]
    grades: tuple[tuple[str, int], ...]
    deductions: Mapping[str, Deduction]
    restore_dimension: str
    restore_points: int
    veto_reasons: frozenset[str]
    queue: Mapping[str, int]
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    exploration: int = 50

    @property
    def full(self) -> int:
        """The full score."""
        return sum(self.dimensions.values())


@dataclass(frozen=True, slots=True)
class CreditEvent:
    """What was decided about one line, for one rated subject; `seq` is its place in the log of events."""

    subject_kind: str
    subject_id: str
    case_id: str
    finding_id: str
    line_id: str
    kind: str
    verdict: str
    reason: str
    amount_fen: int
    on: date
    seq: int = 0


@dataclass(frozen=True, slots=True)
class RatingReason:
    """Why a dimension lost points: confirmed and refuted cases, confirmed fen, points (negative: lost)."""

    dimension: str
    confirmed: int
    refuted: int
    amount_fen: int
    points: int


@dataclass(frozen=True, slots=True)
class Rating:
    """The rating of one subject on a date."""

    subject_kind: str
    subject_id: str
    as_of: date
    scheme: str
    scheme_hash: str
    score: int
    grade: str
    veto: bool
    reasons: tuple[RatingReason, ...]
    queue: int


def newest(events: Iterable[CreditEvent]) -> list[CreditEvent]:
    """The last event of every line, without those that were reversed."""
    last: dict[tuple[str, str, str], CreditEvent] = {}
    for event in sorted(events, key=lambda each: each.seq):
        last[(event.case_id, event.finding_id, event.line_id)] = event
    return [event for event in last.values() if event.kind != REVERSED]


def rate(subject_kind: str, subject_id: str, events: Iterable[CreditEvent], scheme: Scheme, as_of: date) -> Rating:
    """The rating of a subject from all its events, in any order."""
    since = as_of - timedelta(days=scheme.window_days)
    counted = [event for event in newest(events) if since < event.on <= as_of]
    confirmed: dict[tuple[str, str], int] = {}
    refuted: set[str] = set()
    for event in counted:
        if event.kind == "confirmed":
            confirmed[(event.case_id, event.verdict)] = confirmed.get((event.case_id, event.verdict), 0) + event.amount_fen
        elif event.kind == "refuted":
            refuted.add(event.case_id)
    refuted -= {case for case, _ in confirmed}
    reasons: list[RatingReason] = []
    for name, weight in scheme.dimensions.items():
        costs = [
            (scheme.deductions[verdict].of(amount), amount)
            for (_, verdict), amount in confirmed.items()
            if verdict in scheme.deductions and scheme.deductions[verdict].dimension == name
        ]
        back = len(refuted) if scheme.restore_dimension == name else 0
        lost = min(weight, max(0, sum(points for points, _ in costs) - back * scheme.restore_points))
        if costs or back:
            reasons.append(RatingReason(name, len(costs), back, sum(amount for _, amount in costs), -lost))
    score = scheme.full + sum(reason.points for reason in reasons)
    veto = any(event.kind == "confirmed" and event.reason in scheme.veto_reasons for event in counted)
    grade = scheme.grades[-1][0] if veto else next(name for name, least in scheme.grades if score * 1000 >= least * scheme.full)
    return Rating(subject_kind, subject_id, as_of, scheme.name, scheme.hash, score, grade, veto, tuple(reasons), scheme.queue[grade])
