"""Numbers as people read them on pages and in reports: yuan from fen, plain numbers from millionths."""

from __future__ import annotations

from xiezhi.domain.money import plain, yuan

MISSING = "—"
"""What stands where a value is missing."""


def money(fen: int | None) -> str:
    """Fen as yuan with thousands separators.

    >>> money(123456789), money(-5), money(None)
    ('1,234,567.89', '-0.05', '—')
    """
    if fen is None:
        return MISSING
    whole, cents = yuan(abs(fen)).split(".")
    return f"{'-' if fen < 0 else ''}{int(whole):,}.{cents}"


def number(micro: int | None) -> str:
    """Millionths as a plain number with thousands separators.

    >>> number(1_234_500_000), number(-500_000), number(None)
    ('1,234.5', '-0.5', '—')
    """
    if micro is None:
        return MISSING
    whole, _, part = plain(abs(micro)).partition(".")
    return f"{'-' if micro < 0 else ''}{int(whole):,}{'.' + part if part else ''}"
