"""Day numbers, seconds and completed years: the only calendar arithmetic rules need."""

from __future__ import annotations

from datetime import date, datetime

_EPOCH = date(1970, 1, 1).toordinal()


def day_number(value: date | datetime) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return value.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The calendar date of a day number."""
    return date.fromordinal(day + _EPOCH)


def second_number(value: datetime) -> int:
    """Seconds since 1970-01-01 00:00:00, local time without offset; fractions are cut."""
    return day_number(value) * 86_400 + value.hour * 3_600 + value.minute * 60 + value.second


def month_number(value: date | datetime) -> int:
    """Year × 12 + month − 1, so that consecutive months are consecutive numbers."""
    return value.year * 12 + value.month - 1


def first_of_month(month: int) -> date:
    """The first day of a month number."""
    return date(month // 12, month % 12 + 1, 1)


def completed_years(birth: date, on: date) -> int:
    """Age in completed years on a date (semantics.md 2).

    >>> completed_years(date(2010, 3, 2), date(2024, 3, 1))
    13
    """
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def full_months(start: int, end: int) -> int:
    """Completed months between two day numbers (negative where `end` lies before `start`).

    >>> full_months(day_number(date(2025, 1, 31)), day_number(date(2026, 1, 31)))
    12
    """
    a, b = date_of(start), date_of(end)
    return month_number(b) - month_number(a) - (b.day < a.day)
