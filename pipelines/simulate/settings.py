"""What a simulation is a function of."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from xiezhi.domain.errors import UsageError

EPOCH = dt.date(1970, 1, 1).toordinal()
DAY = 86_400
"""Seconds of a day; times inside the simulator are local seconds since 1970-01-01."""


@dataclass(frozen=True)
class Settings:
    """Size, time and seed of one region.

    Attributes:
        persons: insured persons at the start (births add a few).
        months: calendar months of service.
        seed: the only source of chance.
        schemes: names of the schemes that act, in order.
        start: first month, `YYYY-MM`.

    Raises:
        UsageError: a number out of range or a start that is not a month.
    """

    persons: int = 5000
    months: int = 6
    seed: int = 20260201
    schemes: tuple[str, ...] = ()
    start: str = "2026-02"

    def __post_init__(self) -> None:
        if self.persons < 50 or self.months < 1 or self.seed < 0:
            raise UsageError.of(
                f"persons={self.persons}, months={self.months}, seed={self.seed}", accepted="persons ≥ 50, months ≥ 1, seed ≥ 0"
            )
        if not re.fullmatch(r"(19|20)\d{2}-(0[1-9]|1[0-2])", self.start):
            raise UsageError.of(f"start={self.start!r}", accepted="YYYY-MM")

    def month_days(self) -> tuple[int, ...]:
        """The first day of each month and the day after the last, as days since 1970-01-01."""
        year, month = (int(part) for part in self.start.split("-"))
        firsts = []
        for step in range(self.months + 1):
            index = year * 12 + month - 1 + step
            firsts.append(dt.date(index // 12, index % 12 + 1, 1).toordinal() - EPOCH)
        return tuple(firsts)

    @property
    def first(self) -> int:
        """First day, days since 1970-01-01."""
        return self.month_days()[0]

    @property
    def end(self) -> int:
        """Day after the last day, days since 1970-01-01."""
        return self.month_days()[-1]


def years_before(day: int, years: float) -> int:
    """The day that lies `years` before `day` (365.25 days a year)."""
    return int(day - round(years * 365.25))
