from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.calendar import completed_years, date_of, day_number, first_of_month, full_months, month_number, second_number

DATES = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@given(DATES)
def test_day_numbers_count_days_and_go_back(day: date) -> None:
    assert date_of(day_number(day)) == day
    assert day_number(day + timedelta(days=1)) == day_number(day) + 1
    assert first_of_month(month_number(day)) == day.replace(day=1)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)))
def test_seconds_are_cut_and_ordered(when: datetime) -> None:
    assert second_number(when) == (when.replace(microsecond=0) - datetime(1970, 1, 1)) // timedelta(seconds=1)
    assert second_number(when) // 86_400 == day_number(when)


@given(DATES, DATES)
def test_a_birthday_makes_a_year(birth: date, on: date) -> None:
    age = completed_years(birth, on)
    birthdays = [year for year in range(birth.year + 1, on.year + 1) if (year, birth.month, birth.day) <= (on.year, on.month, on.day)]
    if on >= birth:
        assert age == len(birthdays)


def test_born_on_a_leap_day_is_older_on_the_first_of_march() -> None:
    assert completed_years(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert completed_years(date(2012, 2, 29), date(2026, 3, 1)) == 14


@given(DATES, DATES)
def test_full_months_never_count_a_month_too_many(start: date, end: date) -> None:
    months = full_months(day_number(start), day_number(end))
    if end >= start:
        assert 0 <= months <= month_number(end) - month_number(start)
        assert (end.day >= start.day) == (months == month_number(end) - month_number(start))
