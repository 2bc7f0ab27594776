"""Two statements of one knowledge point: the same, one more complete than the other, or a contradiction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from xiezhi.domain.knowledge import KnowledgePoint


class Contradiction(Exception):
    """Two points with one kp_id say different things; the argument names the fields."""


def merge(first: KnowledgePoint, second: KnowledgePoint) -> KnowledgePoint:
    """One point from two statements of it; the order of the two does not matter.

    A coded statement completes one that is text only. Provenance and a stated end are taken from where they are given.

    Raises:
        Contradiction: the two say different things.
    """
    if first.kp_id != second.kp_id:
        raise ValueError(f"{first.kp_id} and {second.kp_id} are two points")
    if first.valid_to and second.valid_to and first.valid_to != second.valid_to:
        raise Contradiction(f"valid_to {first.valid_to} / {second.valid_to}")
    base = first
    if first.content_hash() != second.content_hash():
        if first.coded == second.coded or first.text_hash() != second.text_hash():
            raise Contradiction(", ".join(_differences(first, second)))
        base = first if first.coded else second
    return replace(
        base,
        batch=_given(first.batch, second.batch),
        published_at=_earlier(first.published_at, second.published_at),
        valid_to=first.valid_to or second.valid_to,
        source_url=_given(first.source_url, second.source_url),
        source_file=_given(first.source_file, second.source_file),
    )


def _given(first: str, second: str) -> str:
    return min(first, second) if first and second else first or second


def _earlier(first: date | None, second: date | None) -> date | None:
    return min(first, second) if first and second else first or second


def _differences(first: KnowledgePoint, second: KnowledgePoint) -> list[str]:
    names = ("class_no", "item_name", "constraint", "detect_logic", "valid_from", "supersedes", "region", "limit", "codes")
    return [name for name in names if getattr(first, name) != getattr(second, name)]
