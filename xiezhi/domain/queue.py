"""What the review queue shows and is asked for, and how a finding is kept beside its case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from xiezhi.domain.case import CaseKey, State
from xiezhi.domain.finding import Finding
from xiezhi.domain.priority import Factors

WAITING = (State.OPEN, State.IN_REVIEW, State.REOPENED)
"""States that the queue shows unless asked for others."""


@dataclass(frozen=True, slots=True)
class CaseFinding:
    """The newest row of a finding, the case it belongs to, and what is counted of its lines (fen by line id)."""

    finding: Finding
    key: CaseKey
    counted: Mapping[str, int] = field(default_factory=dict[str, int])


def order_of(finding: Finding) -> tuple[int, datetime, int]:
    """Newer rows of the same finding are greater: by revision, then moment, then one that ended over one that is open."""
    return finding.revision, finding.found_at or datetime.min, int(finding.status != "open")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What to show; empty fields do not restrict. Amounts are fen, `region` is a code of two, four or six significant digits."""

    states: tuple[State, ...] = WAITING
    rule_id: str = ""
    verdict: str = ""
    institution: str = ""
    region: str = ""
    kind: str = ""
    assigned_to: str = ""
    least_fen: int | None = None
    most_fen: int | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case as the queue shows it; the person's number is masked.

    `priority` is what it is sorted by: the product of the factors, or the place of exploration where `exploration` is true and that is
    higher.
    """

    case_id: str
    kind: str
    institution_code: str
    encounter_id: str | None
    theme: str
    person_masked: str
    state: State
    outcome: str
    verdict: str
    findings: int
    undecided: int
    amount_fen: int
    confirmed_fen: int
    factors: Factors
    priority: int
    first_service_date: date | None
    assigned_to: str
    version: int
    opened_at: datetime
    exploration: bool = False
