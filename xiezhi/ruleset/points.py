"""Knowledge points as rules join them: by class, role and code, in force on a service date, in a region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xiezhi.domain.calendar import day_number
from xiezhi.domain.knowledge import LIMIT_FIELDS, KnowledgePoint, is_category
from xiezhi.ruleset.parameters import region_keys


@dataclass(frozen=True, eq=False)
class JudgedPoint:
    """A coded point with day numbers, its limits by name, and its codes by role."""

    kp_id: str
    class_no: int
    item_name: str
    constraint: str
    start: int
    end: int | None
    region: str
    limits: Mapping[str, int | str | None]
    codes: Mapping[str, frozenset[str]]
    prefixes: Mapping[str, tuple[str, ...]]

    def in_force(self, day: int, region: str | None) -> bool:
        """Whether it holds on a service date in a region (an empty point region is the whole nation)."""
        if day < self.start or (self.end is not None and day > self.end):
            return False
        return not self.region or self.region in region_keys(region)

    def covers(self, role: str, code: str) -> bool:
        """Whether a code stands in a role: exactly, or under a category."""
        return code in self.codes.get(role, frozenset()) or code.startswith(self.prefixes.get(role) or ("\0",))


def judged(point: KnowledgePoint) -> JudgedPoint:
    """The form of a coded point that rules use."""
    codes: dict[str, set[str]] = defaultdict(set)
    prefixes: dict[str, list[str]] = defaultdict(list)
    for code in point.codes:
        codes[code.role].add(code.code)
        if is_category(code.code):
            prefixes[code.role].append(code.code)
    limits: dict[str, int | str | None] = {name: getattr(point.limit, name) for name in LIMIT_FIELDS}
    limits["count_a"], limits["count_b"] = len(codes["a"]), len(codes["b"])
    return JudgedPoint(
        point.kp_id,
        point.class_no,
        point.item_name,
        point.constraint,
        day_number(point.valid_from),
        None if point.valid_to is None else day_number(point.valid_to),
        point.region,
        limits,
        {role: frozenset(values) for role, values in codes.items()},
        {role: tuple(values) for role, values in prefixes.items()},
    )


@dataclass(frozen=True)
class PointBase:
    """All coded points, indexed by class, role and item code."""

    by_code: Mapping[tuple[int, str, str], Sequence[JudgedPoint]] = field(default_factory=dict)
    by_id: Mapping[str, JudgedPoint] = field(default_factory=dict)
    version: str = ""

    @classmethod
    def of(cls, points: Iterable[KnowledgePoint], version: str = "") -> PointBase:
        """Index the coded points of a knowledge base, in order of id."""
        by_code: dict[tuple[int, str, str], list[JudgedPoint]] = defaultdict(list)
        by_id: dict[str, JudgedPoint] = {}
        for point in sorted((p for p in points if p.coded), key=lambda p: p.kp_id):
            entry = judged(point)
            by_id[entry.kp_id] = entry
            for role, codes in entry.codes.items():
                for code in sorted(codes):
                    by_code[(entry.class_no, role, code)].append(entry)
        return cls(dict(by_code), by_id, version)

    def matching(self, class_no: int, role: str, code: str, day: int, region: str | None) -> list[tuple[JudgedPoint, str]]:
        """Points of a class whose role (`any`: either side) has the item code, in force; with the side that matched."""
        sides = ("a", "b") if role == "any" else (role,)
        return [(point, side) for side in sides for point in self.by_code.get((class_no, side, code), ()) if point.in_force(day, region)]
