"""Priority of a case in the queue: amount × confidence × credit × age, each factor kept and shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from xiezhi.domain.money import round_half_up

BASE_FEN = 10_000
"""Added to the amount (100 yuan), so that cases without money are ranked by the other factors."""
CONFIDENCE = {"definite": 1000, "suspicious": 600, "indicator": 200}
"""Permille by verdict."""
AGE_PER_DAY, AGE_MOST = 5, 2000
"""Permille that a day adds to 1000, and the most that age gives."""


@dataclass(frozen=True, slots=True)
class Factors:
    """The four factors: fen, and three of permille (1000 = neutral)."""

    amount_fen: int
    confidence: int
    credit: int
    age: int

    @property
    def priority(self) -> int:
        """Their product, in fen.

        >>> Factors(90_000, 600, 1000, 1000).priority
        60000
        """
        return (self.amount_fen + BASE_FEN) * self.confidence * self.credit * self.age // 1_000_000_000


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
