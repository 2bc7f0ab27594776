"""What pages and reports say alike: yuan from fen, plain numbers from millionths, codes in Chinese and English words."""

from __future__ import annotations

from collections.abc import Mapping

from xiezhi.domain.money import plain, yuan

MISSING = "—"
"""What stands where a value is missing."""
CASE_STATES: Mapping[str, tuple[str, str]] = {
    "open": ("待审核", "Open"),
    "in_review": ("审核中", "In review"),
    "reopened": ("已重开", "Reopened"),
    "closed": ("已办结", "Closed"),
    "withdrawn": ("已撤回", "Withdrawn"),
}
"""States of a case in Chinese and English."""
LEAD_KINDS: Mapping[str, tuple[str, str]] = {
    "same_time_visits": ("同时就诊", "Visits at the same time"),
    "shared_contact": ("共用联系信息", "Shared contact data"),
    "trace_codes": ("追溯码流转", "Trace codes passed on"),
    "carriers": ("集中超量取药", "Excess drugs fetched together"),
    "visits_during_stay": ("住院期间外出就诊", "Visits during a stay elsewhere"),
}
"""Kinds of leads of the graph in Chinese and English; they name the pattern, not what is behind it."""


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
