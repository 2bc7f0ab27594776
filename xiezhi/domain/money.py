"""Money and quantities as integers: fen, millionths of a unit, millionths of a yuan.

All arithmetic of rules is integer arithmetic, so that Python, DuckDB and Spark give the same digit everywhere.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MICRO = 1_000_000
"""Scale of quantities (`1.5` pieces = 1_500_000) and unit prices (`0.35` yuan = 350_000)."""
PRICE_TIMES_QUANTITY_PER_FEN = MICRO * MICRO // 100
"""`price × quantity` in micro-units divided by this is fen."""


def fen(yuan: Decimal | str) -> int:
    """Yuan to integer fen, rounded half up.

    >>> fen("12.345")
    1235
    """
    return int((Decimal(yuan) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def micro(value: Decimal | str | int) -> int:
    """A quantity or unit price to millionths, rounded half up at the seventh decimal.

    >>> micro("0.5")
    500000
    """
    return int((Decimal(value) * MICRO).quantize(Decimal(1), ROUND_HALF_UP))


def yuan(amount_fen: int) -> str:
    """Fen as a yuan text with two decimals.

    >>> yuan(-1205)
    '-12.05'
    """
    sign, amount = ("-", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def plain(micro_value: int) -> str:
    """Millionths as the shortest plain decimal text.

    >>> plain(1_500_000), plain(24_000_000)
    ('1.5', '24')
    """
    sign, rest = ("-", -micro_value) if micro_value < 0 else ("", micro_value)
    whole, part = divmod(rest, MICRO)
    return f"{sign}{whole}" + (f".{part:06d}".rstrip("0") if part else "")


def round_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded half up (towards plus infinity at .5); the denominator is positive.

    >>> round_half_up(5, 2), round_half_up(-5, 2)
    (3, -2)
    """
    return (2 * numerator + denominator) // (2 * denominator)
