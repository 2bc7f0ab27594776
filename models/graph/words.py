"""Words and masks of graph leads; whole contact data never leave the store with a lead."""

from __future__ import annotations

from xiezhi.domain.calendar import date_of

ATTRIBUTES = {"phone": ("电话", "phone"), "address": ("住址", "address"), "employer": ("单位", "employer")}
"""Chinese and English names of what persons can share."""


def day_text(day: int) -> str:
    """ISO date of a day number."""
    return date_of(day).isoformat()


def masked(attribute: str, value: str) -> str:
    """A contact value that is recognisable to who knows it, and to nobody else.

    >>> masked("phone", "13912345678"), masked("address", "云泽市南湖县和平路5号"), masked("employer", "20017")
    ('139****5678', '云泽市南湖县***', '20***')
    """
    if attribute == "phone":
        return f"{value[:3]}****{value[-4:]}" if len(value) >= 9 else f"{value[:1]}****"
    if attribute == "address":
        return value[:6] + "***" if len(value) > 6 else "***"
    return value[:2] + "***"
