"""Priority of a case in the queue: amount × confidence × credit × age × signals, each factor kept and shown.

Signals (scores of models, leads of the graph) only ever raise, by a half at most; without them the factor is neutral. A small share of
the waiting cases is explored: drawn anew each day whatever their priority, put at a random place of the queue and marked, so that
what the queue would never show is seen too, and the precision of the queue can be measured without its own bias.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from xiezhi.domain.money import round_half_up

BASE_FEN = 10_000
"""Added to the amount (100 yuan), so that cases without money are ranked by the other factors."""
CONFIDENCE = {"definite": 1000, "suspicious": 600, "indicator": 200}
"""Permille by verdict."""
AGE_PER_DAY, AGE_MOST = 5, 2000
"""Permille that a day adds to 1000, and the most that age gives."""
WEIGHTS = {"institution": 150, "practitioner": 100, "person": 100, "leads": 150}
"""Permille that each part of the signals adds to 1000 at most; together they raise by a half."""


@dataclass(frozen=True, slots=True)
class SignalParts:
    """What models and the graph say about the subjects of a case.

    Attributes:
        institution, practitioner, person: the highest rank (permille) that any model gives a subject of the kind; None where none does.
        leads: leads that contain one of the subjects. `strongest` the strength (permille) of the strongest, 0 without leads.
    """

    institution: int | None = None
    practitioner: int | None = None
    person: int | None = None
    leads: int = 0
    strongest: int = 0

    @property
    def factor(self) -> int:
        """Permille, 1000 to 1500: a rank counts from the median (500) up, leads count by the strongest; what is missing adds nothing.

        >>> SignalParts().factor, SignalParts(institution=940, leads=2, strongest=600).factor, SignalParts(1000, 1000, 1000, 9, 1000).factor
        (1000, 1222, 1500)
        """
        ranks = {"institution": self.institution, "practitioner": self.practitioner, "person": self.person}
        added = sum(WEIGHTS[name] * max(0, min(1000, rank or 0) - 500) * 2 for name, rank in ranks.items())
        return 1000 + (added + WEIGHTS["leads"] * max(0, min(1000, self.strongest))) // 1000


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors: fen, and four of permille (1000 = neutral).

    `parts` is what `signal` was made of. `explored` is the place (fen, like a priority) that exploration gives the case today, None where
    it was not drawn.
    """

    amount_fen: int
    confidence: int
    credit: int
    age: int
    signal: int = 1000
    parts: SignalParts = SignalParts()
    explored: int | None = None

    @property
    def priority(self) -> int:
        """Their product, in fen.

        >>> Factors(90_000, 600, 1000, 1000).priority, Factors(90_000, 600, 1000, 1000, 1200).priority
        (60000, 72000)
        """
        return (self.amount_fen + BASE_FEN) * self.confidence * self.credit * self.age * self.signal // 1_000_000_000_000

    @property
    def place(self) -> int:
        """What the queue sorts by: the priority, or the place of exploration where that is higher.

        >>> Factors(90_000, 600, 1000, 1000, explored=70_000).place, Factors(90_000, 600, 1000, 1000, explored=7).place
        (70000, 60000)
        """
        return max(self.priority, self.explored or 0)


def confidence(weights: Iterable[tuple[str, int]]) -> int:
    """Mean confidence in permille of (verdict, fen), weighted by money; the highest where there is none.

    >>> confidence([("definite", 300), ("suspicious", 100)]), confidence([("suspicious", 0), ("indicator", 0)])
    (900, 600)
    """
    pairs = list(weights)
    total = sum(fen for _, fen in pairs)
    if total > 0:
        return round_half_up(sum(CONFIDENCE[verdict] * fen for verdict, fen in pairs), total)
    return max((CONFIDENCE[verdict] for verdict, _ in pairs), default=CONFIDENCE["indicator"])


def age(first: date, as_of: date) -> int:
    """Permille for the days from the first service date to `as_of`; a date in the future counts as none.

    >>> age(date(2026, 1, 1), date(2026, 1, 11)), age(date(2020, 1, 1), date(2026, 1, 1))
    (1050, 2000)
    """
    return min(AGE_MOST, 1000 + AGE_PER_DAY * max(0, (as_of - first).days))


def explored(case_id: str, on: date, share: int, falling: Sequence[int]) -> int | None:
    """The place that exploration gives a case on a day; None where it is not drawn.

    Depends on nothing but its arguments: a hash of day and case draws `share` permille of the cases, and each drawn one a place that is
    uniform over the queue.

    Args:
        case_id: the case.
        on: the day of the draw.
        share: permille of the cases that are drawn.
        falling: priorities of all waiting cases, the highest first.

    >>> explored("C1", date(2026, 1, 1), 1000, [5, 5, 5]), explored("C1", date(2026, 1, 1), 0, [5])
    (5, None)
    """
    drawn = hashlib.sha256(f"{on.isoformat()}\x1f{case_id}".encode()).digest()
    if not falling or int.from_bytes(drawn[:8], "big") % 1000 >= share:
        return None
    return falling[int.from_bytes(drawn[8:16], "big") * len(falling) >> 64]
