"""One row of a message as typed values, with every reason why it is none; the same rules as the SQL of ingest has for files.

Texts are trimmed, an empty one is missing; money, quantities and prices are exact decimals; dates and times are local without offset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from xiezhi.domain.row_reasons import type_reason
from xiezhi.domain.tables import Column, Kind, TableSpec, content_hash, known_fields

_TIME = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_LOST_DIGITS = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_BROKEN = re.compile("[\x00\x1e\x1f�]")
"""What no text may hold: separators of our own keys, and the sign for a character that could not be decoded."""


@dataclass(frozen=True, slots=True)
class BadValue:
    """One refused value: its column, the value as it came, and the code of `row_reasons.REASONS`."""

    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A sound row: known columns with a value, meta columns `content_hash` and `known_fields`, and the unknown fields apart."""

    table: str
    values: Mapping[str, Any]
    extra: Mapping[str, object]


def typed_row(spec: TableSpec, raw: Mapping[str, object]) -> tuple[TypedRow, list[BadValue]]:
    """A row of a JSON message against the columns of its table; where the list is not empty the row must not be used."""
    values: dict[str, Any] = {}
    bad: list[BadValue] = []
    for column in spec.columns:
        given = raw.get(column.name)
        if isinstance(given, str):
            given = given.strip() or None
        if given is None:
            if not column.nullable:
                bad.append(BadValue(column.name, "", "missing"))
            continue
        value, reason = _value(column, given)
        if reason:
            bad.append(BadValue(column.name, str(given)[:200], reason))
        else:
            values[column.name] = value
    names = _names(spec)
    extra = {name: value for name, value in raw.items() if name not in names and value not in (None, "")}
    if not bad:
        values |= {"known_fields": known_fields(spec, values), "content_hash": content_hash(spec, values)}
    return TypedRow(spec.name, values, extra), bad


@lru_cache
def _names(spec: TableSpec) -> frozenset[str]:
    return frozenset(spec.names)


@lru_cache
def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _value(column: Column, given: object) -> tuple[Any, str]:
    if isinstance(given, (list, dict)):
        return None, "not_a_value"
    text = str(int(given)) if isinstance(given, bool) else str(given)
    if column.kind.textual:
        return _text(column, text)
    if column.kind in (Kind.DATE, Kind.DATETIME):
        return _time(column, text)
    return _number(column, text)


def _text(column: Column, text: str) -> tuple[Any, str]:
    if _BROKEN.search(text):
        return None, "broken_characters"
    if column.pattern is not None:
        if not _shape(column.pattern).fullmatch(text):
            return None, "digits_lost" if _LOST_DIGITS.fullmatch(text) else "code_shape"
    elif column.required and _LOST_DIGITS.fullmatch(text):
        return None, "digits_lost"
    return text, ""


def _time(column: Column, text: str) -> tuple[Any, str]:
    match = _TIME.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        return None, type_reason(column.kind)
    year, month, day, *rest = match.groups()
    hour, minute, second, fraction = [*rest, None, None, None, None][:4]
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0"))
        )
    except ValueError:
        return None, type_reason(column.kind)
    if not 1900 <= moment.year <= column.last_year:
        return None, "date_range"
    return (moment if column.kind is Kind.DATETIME else date(moment.year, moment.month, moment.day)), ""


def _number(column: Column, text: str) -> tuple[Any, str]:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None, "not_an_integer" if column.kind is Kind.INTEGER else "not_a_number"
    if "_" in text or not number.is_finite():
        return None, "not_an_integer" if column.kind is Kind.INTEGER else "not_a_number"
    scale = column.kind.scale or 0
    if number.adjusted() >= 18 - scale:
        return None, "number_range"
    exact = number.quantize(Decimal(1).scaleb(-scale))
    if exact != number:
        return None, "not_an_integer" if column.kind is Kind.INTEGER else "too_many_decimals"
    return (int(exact) if column.kind is Kind.INTEGER else exact), ""
