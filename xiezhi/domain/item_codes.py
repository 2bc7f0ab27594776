"""What an item code says by its shape (domain.md 7): its category and the substance it contains."""

from __future__ import annotations

CATEGORIES = {"X": "western", "Z": "patent", "T": "piece", "C": "consumable", "0": "service"}
"""First character of an item code to its category: western drug, Chinese patent drug, decoction piece, consumable, service item."""


def item_category(code: str) -> str | None:
    """The category, missing for local codes of other shapes.

    >>> item_category("XC08CAA909A001010199999"), item_category("001109000010000"), item_category("QX-1")
    ('western', 'service', None)
    """
    first = code[:1]
    if first.isdigit():
        return "service" if len(code) == 15 else None
    return CATEGORIES.get(first)


def substance(code: str) -> str | None:
    """The same-substance key of a drug: 10 characters of an X code, 11 of a Z code (knowledge.md, class 69).

    >>> substance("XC08CAA909A001010199999")
    'XC08CAA909'
    """
    return code[:10] if code[:1] == "X" else code[:11] if code[:1] == "Z" else None
