"""What an import says: what was read, what came in, and each thing that did not, with its place and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xiezhi.domain.errors import Place, Problem
from xiezhi.domain.knowledge import KnowledgePoint


@dataclass(frozen=True)
class Reject:
    """A point (or row without point, kp_id empty) that was not taken, with every reason."""

    kp_id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Reading:
    """What was read from tables.

    Attributes:
        read: rows of points read.
        points: the good points, by kp_id.
        places: position of each good point, by kp_id.
        rejects: what was refused, by position.
        warnings: what was taken but deserves a look.
    """

    read: int
    points: tuple[KnowledgePoint, ...]
    places: Mapping[str, Place]
    rejects: tuple[Reject, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class NotCoded:
    """Points of one class that are text only for one reason."""

    class_no: int
    reason: str
    kp_ids: tuple[str, ...]


@dataclass(frozen=True)
class ImportReport:
    """What an import changed.

    Attributes:
        read: rows of points read.
        imported: new points.
        completed: points that were text only and are coded now.
        unchanged: points that were there already.
        superseded: pairs (older, newer) that this import closed.
        not_coded: points of this import that are kept as text only, by class and reason.
        rejects: what was refused, with place and reason.
        warnings: pending chains, points that limit one code differently, and what reading warned of.
    """

    read: int
    imported: int
    completed: int
    unchanged: int
    superseded: tuple[tuple[str, str], ...]
    not_coded: tuple[NotCoded, ...]
    rejects: tuple[Reject, ...] = ()
    warnings: tuple[Problem, ...] = field(default=())


def not_coded(points: list[KnowledgePoint]) -> tuple[NotCoded, ...]:
    """The points of a list that are text only, grouped by class and reason."""
    groups: dict[tuple[int, str], list[str]] = {}
    for point in points:
        if not point.coded:
            groups.setdefault((point.class_no, point.why_not_coded), []).append(point.kp_id)
    return tuple(NotCoded(no, reason, tuple(sorted(ids))) for (no, reason), ids in sorted(groups.items()))
