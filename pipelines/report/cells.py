"""Cells of a workbook: what a value is, how wide it is on paper, and texts that no spreadsheet takes for a formula."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

LONGEST = 32_000
"""Characters of a cell; Excel holds 32,767."""


class Kind(StrEnum):
    """How a column is written: text, a whole number, yuan from fen, or a share."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading, kind, the most characters (half-width) before its texts are folded, and whether they never are (codes)."""

    title: str
    kind: Kind = Kind.TEXT
    most: int = 46
    fixed: bool = False


Value = str | int | float | None


def exact_yuan(fen: int) -> Decimal:
    """Fen as a decimal of yuan, without a detour over binary fractions.

    >>> exact_yuan(1005)
    Decimal('10.05')
    """
    return Decimal(fen).scaleb(-2)


def harmless(text: str) -> str:
    """A text that stays a text wherever the sheet goes: an apostrophe before `= + - @`, tab or return (CSV injection, OWASP).

    Control characters and halves of characters, which XML forbids, become spaces.

    >>> harmless("=1+1"), harmless("－5"), harmless("-5"), harmless("A01")
    ("'=1+1", "'－5", "'-5", 'A01')
    """
    clean = "".join(
        " "
        if (ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 or "\ud800" <= char <= "\udfff" or char in "\ufffe\uffff"
        else char
        for char in text[:LONGEST]
    )
    risky = text[:1] in ("\t", "\r", "\n") or clean.lstrip()[:1] in tuple("=+-@＝＋－＠")
    return f"'{clean}" if risky else clean


def width(text: str) -> int:
    """Half-width columns that a text takes: Chinese characters take two.

    >>> width("机构A1")
    6
    """
    return max(sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in line) for line in text.split("\n"))


def shown(value: Value, kind: Kind) -> str:
    """What a reader sees of a value, for the width of its column.

    >>> shown(123456, Kind.MONEY), shown(0.5, Kind.SHARE), shown(None, Kind.TEXT)
    ('1,234.56', '50.0%', '')
    """
    if value is None:
        return ""
    if kind is Kind.MONEY:
        return f"{exact_yuan(int(value)):,.2f}"
    if kind is Kind.SHARE:
        return f"{value:.1%}"
    return f"{value:,}" if kind is Kind.NUMBER else str(value)
