"""Readers of single values of a limit: text or number in, typed value out, or `Unreadable` with the accepted form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from xiezhi.domain.money import fen, micro

DAYS_OF_MONTH, DAYS_OF_YEAR = 31, 366
"""A course of months that counts distinct dates of use is read in the longest days a month or year can have, so that
nobody is doubted who kept to the months of the calendar."""


class Unreadable(Exception):
    """A value cannot be read; the argument is the accepted form."""


def _decimal(value: Any, accepted: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Unreadable(accepted)
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise Unreadable(accepted) from None
    if not number.is_finite() or number < 0 or number > 10**12:
        raise Unreadable(accepted)
    return number


def _whole(least: int = 0) -> Callable[[Any], int]:
    accepted = f"a whole number from {least}"

    def read(value: Any) -> int:
        number = _decimal(value, accepted)
        if number != int(number) or number < least:
            raise Unreadable(accepted)
        return int(number)

    return read


def _quantity(value: Any) -> int:
    return micro(_decimal(value, "a number from 0, at most six decimals"))


def _share(value: Any) -> int:
    accepted = "a share above 0 and at most 1, such as 0.5"
    share = micro(_decimal(value, accepted))
    if not 0 < share <= micro(1):
        raise Unreadable(accepted)
    return share


def _yuan(value: Any) -> int:
    return fen(_decimal(value, "yuan from 0, such as 1000.00"))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unreadable("a text that is not empty")
    return value.strip()


def _one_of(choices: Mapping[str, int | str]) -> Callable[[Any], int | str]:
    def read(value: Any) -> int | str:
        try:
            return choices[str(value).strip()]
        except KeyError:
            raise Unreadable(" | ".join(choices)) from None

    return read


def _same(*names: str) -> Mapping[str, int | str]:
    return {name: name for name in names}


def read_window(value: Any) -> dict[str, int | str]:
    """`window` and `window_hours` of 单日, 单次就诊, 同一小时 or N小时.

    >>> read_window("6小时")
    {'window': 'hours', 'window_hours': 6}
    """
    text = str(value).strip()
    fixed = {"单日": "day", "单次就诊": "encounter", "同一小时": "hour"}
    if text in fixed:
        return {"window": fixed[text]}
    hours = re.fullmatch(r"(\d{1,3})\s*(?:小时|[hH])", text)
    if not hours or not int(hours[1]):
        raise Unreadable("单日 | 单次就诊 | 同一小时 | N小时")
    return {"window": "hours", "window_hours": int(hours[1])}


def read_course(value: Any, mode: str) -> dict[str, int | str]:
    """Length and mode of a course (`N天`, `N个月`, `N年`); `mode` is days or span.

    >>> read_course("1年", "span"), read_course("1年", "days")
    ({'course_months': 12, 'course_mode': 'span'}, {'course_days': 366, 'course_mode': 'days'})
    """
    match = re.fullmatch(r"(\d{1,4})\s*(天|日|个月|月|年)", str(value).strip())
    if not match or not int(match[1]):
        raise Unreadable("N天 | N个月 | N年")
    number, unit = int(match[1]), match[2]
    if unit in ("天", "日"):
        return {"course_days": number, "course_mode": mode}
    if mode == "span":
        return {"course_months": number * (12 if unit == "年" else 1), "course_mode": mode}
    return {"course_days": number * (DAYS_OF_YEAR if unit == "年" else DAYS_OF_MONTH), "course_mode": mode}


MODES: Mapping[str, str] = {"days": "days", "span": "span", "累计天数": "days", "连续时间跨度": "span"}
"""Words for the two ways to count a course."""

READERS: Mapping[str, Callable[[Any], int | str]] = {
    "insurance": _one_of(_same("工伤", "生育")),
    "max_age_days": _whole(),
    "max_age_years": _whole(),
    "min_age_years": _whole(),
    "age_min": _whole(),
    "age_max": _whole(),
    "max_days": _whole(1),
    "encounter": _one_of(_same("住院", "急诊或住院", "门诊", "门慢特")),
    "level": _one_of({"三级": 3, "二级": 2, "一级": 1}),
    "group": _text,
    "discount": _share,
    "max_quantity": _quantity,
    "unit": _text,
    "per": _one_of(_same("calendar_day", "encounter", "year")),
    "per_days": _whole(1),
    "max_amount": _yuan,
    "max_hours": _whole(),
    "start_before_hours": _whole(),
    "sex": _one_of({"男": "1", "女": "2"}),
    "antibiotic_grade": _one_of(_same("非限制使用级", "限制使用级", "特殊使用级")),
    "max_daily_dose": _quantity,
    "dose_unit": _text,
    "matn_stas": _one_of(_same("1", "2")),
    "max_price": _quantity,
}
"""Reader of each key that holds one value of its own."""


def read_departments(value: object) -> tuple[str, ...]:
    """The codes of a list of national departments."""
    accepted = 'a list of national department codes such as ["A03"]'
    if not isinstance(value, list):
        raise Unreadable(accepted)
    codes = tuple(str(each).strip() for each in cast("list[object]", value))
    if not codes or not all(re.fullmatch(r"[A-Z]\d{2}(\.\d{2})*", code) for code in codes):
        raise Unreadable(accepted)
    return codes
