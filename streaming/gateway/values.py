"""Checks of single values: from what a message holds to a typed value, or one sentence that says what is accepted.

Numbers may be sent as numbers or as text, codes as text or whole numbers: both are in use. Nothing is rounded or cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from xiezhi.domain.codes import SHAPES
from xiezhi.domain.tables import Column, Kind

Check = Callable[[Any], Any]
"""Returns the typed value; raises `ValueError` with what is accepted."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_FIRST_YEAR, _LAST_YEAR = 1880, 2100
_SHOWN = 40


def shown(value: Any) -> str:
    """A value as it appears in messages: short, and never a whole node."""
    if isinstance(value, (dict, list)):
        return "一个对象" if isinstance(value, dict) else "一个列表"
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def text(length: int) -> Check:
    """Text of at most `length` characters."""

    def check(value: Any) -> str:
        result = plain_text(value)
        if len(result) > length:
            raise ValueError(f"至多 {length} 个字符，收到 {len(result)} 个")
        return result

    return check


def plain_text(value: Any) -> str:
    """Text, or a whole number as text; control characters are not accepted."""
    if isinstance(value, str):
        if not value.isprintable() and any(ord(c) < 32 and c not in "\t\n\r" for c in value):
            raise ValueError("含有控制字符")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"应为文本，收到 {shown(value)}")


def code(shape_name: str) -> Check:
    """A code of a national shape."""
    shape = SHAPES[shape_name]
    matches = re.compile(shape.pattern).fullmatch

    def check(value: Any) -> str:
        result = plain_text(value)
        if not matches(result):
            raise ValueError(f"应为{shape.zh}（如 {shape.example}），收到 {shown(result)}")
        return result

    return check


def number(digits: int, decimals: int) -> Check:
    """A number of at most `digits` digits, `decimals` of them decimals; trailing zeros do not count."""

    def check(value: Any) -> Decimal:
        if isinstance(value, str) and _NUMBER.fullmatch(value) and len(value) <= 40:
            result = Decimal(value)
        elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            try:
                result = Decimal(value)
            except InvalidOperation:
                raise ValueError("应为数字") from None
        else:
            raise ValueError(f"应为数字，收到 {shown(value)}")
        exponent = result.as_tuple().exponent
        if not isinstance(exponent, int) or result.adjusted() >= digits - decimals:
            raise ValueError(f"整数部分至多 {digits - decimals} 位，收到 {shown(value)}")
        if exponent < -decimals:
            if exponent < -40 or result != result.quantize(Decimal(1).scaleb(-decimals)):
                raise ValueError(f"至多 {decimals} 位小数，收到 {shown(value)}")
            result = result.quantize(Decimal(1).scaleb(-decimals))
        return result

    return check


def moment(value: Any) -> datetime:
    """`yyyy-MM-dd HH:mm:ss`, local time."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return _plausible(datetime.fromisoformat(value))
        except ValueError:
            pass
    raise ValueError(f"应为存在的时间 yyyy-MM-dd HH:mm:ss，收到 {shown(value)}")


def day(value: Any) -> date:
    """`yyyy-MM-dd`; a midnight after it is accepted."""
    if isinstance(value, str) and _DAY.fullmatch(value.removesuffix(" 00:00:00")):
        try:
            return _plausible(datetime.fromisoformat(value)).date()
        except ValueError:
            pass
    raise ValueError(f"应为存在的日期 yyyy-MM-dd，收到 {shown(value)}")


def _plausible(value: datetime) -> datetime:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError
    return value


@cache
def of_kind(kind: str) -> Check:
    """The check of a field kind (`fields`)."""
    if kind.startswith("C"):
        return text(int(kind[1:]))
    if kind.startswith("N"):
        digits, decimals = kind[1:].split(",")
        return number(int(digits), int(decimals))
    if kind.startswith("code:"):
        return code(kind.removeprefix("code:"))
    return {"dt": moment, "date": day}[kind]


def of_column(column: Column) -> Check:
    """The check of a column of a national table, for national fields that a message carries beyond its own."""
    if column.code_shape is not None:
        return code(column.shape)
    if column.kind is Kind.DATE:
        return day
    if column.kind is Kind.DATETIME:
        return moment
    if column.kind is Kind.INTEGER:
        return number(9, 0)
    return text(500) if column.kind.textual else number(16, column.kind.scale or 0)
