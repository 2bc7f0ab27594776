"""Knowledge points by item code, ready for generated code: a line meets only the rules whose points name its item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from xiezhi.ruleset.points import JudgedPoint, PointBase
from xiezhi.ruleset.python_rule import ALWAYS, RuleCode

Entry = tuple[int, int, int, str, JudgedPoint, str, tuple[Any, ...]]
"""A point as one rule meets it under an item code: slot, first day, last day, region ('' = the nation), point, side, limits."""
Index = dict[str, tuple[Entry, ...]]


def entries(code: RuleCode, points: PointBase) -> dict[str, list[Entry]]:
    """The entries of a rule by item code, in the order of candidates: by point, then side."""
    knowledge = code.rule.knowledge
    assert knowledge is not None
    sides = ("a", "b") if knowledge.role == "any" else (knowledge.role,)
    found: dict[str, list[Entry]] = defaultdict(list)
    for (class_no, side, item), members in points.by_code.items():
        if class_no == knowledge.class_no and side in sides:
            for point in members:
                end = ALWAYS if point.end is None else point.end
                found[item].append((code.slot, point.start, end, point.region, point, side, code.limits_of(point)))
    for members_of_item in found.values():
        members_of_item.sort(key=lambda entry: (entry[4].kp_id, entry[5]))
    return found


def index(codes: Iterable[RuleCode], points: PointBase) -> Index:
    """The entries of several rules in one dictionary."""
    merged: dict[str, list[Entry]] = defaultdict(list)
    for code in codes:
        for item, found in entries(code, points).items():
            merged[item].extend(found)
    return {item: tuple(found) for item, found in merged.items()}
