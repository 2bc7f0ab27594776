"""The relations of a lead as a drawing: persons on a ring, places and practitioners inside it, computed on the server, always the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xiezhi.domain.signal import Member, Relation, Subject

WIDTH, HEIGHT, MARGIN = 460, 400, 22
"""Units of the drawing; the page scales it."""
NODES = 60
"""Members drawn, the best connected; the table beside has all of them."""
_INNER = 0.5


@dataclass(frozen=True, slots=True)
class Node:
    """One member: its number in the table of members, kind, and place."""

    number: int
    subject: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Edge:
    """One relation: numbers and places of both ends, group of kinds (`visits`, `same`, `time`, `other`), width of the stroke."""

    one: int
    other: int
    x1: float
    y1: float
    x2: float
    y2: float
    group: str
    width: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Nodes and edges, and how many members were left out."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int


def group_of(kind: str) -> str:
    """Which line style a kind of relation has.

    >>> group_of("same_phone"), group_of("same_time_visits"), group_of("visits"), group_of("trace_code")
    ('same', 'time', 'visits', 'other')
    """
    if kind == "same_time_visits":
        return "time"
    return "same" if kind.startswith("same_") else "visits" if kind == "visits" else "other"


def draw(members: Sequence[Member], relations: Sequence[Relation]) -> Drawing | None:
    """The drawing of a lead; None where nothing ties its members.

    Persons stand in the order of the table; a place stands inside the ring where its persons are, so that lines stay short.
    """
    numbers = {member.subject_id: number for number, member in enumerate(members, 1)}
    known = [each for each in relations if each.one in numbers and each.other in numbers and each.one != each.other]
    if not known:
        return None
    ties = dict.fromkeys(numbers, 0)
    for each in known:
        ties[each.one] += 1
        ties[each.other] += 1
    ranked = sorted((member for member in members), key=lambda member: (-ties[member.subject_id], numbers[member.subject_id]))
    shown = sorted(ranked[:NODES], key=lambda member: numbers[member.subject_id])
    outer = [each for each in shown if each.subject is Subject.PERSON] or list(shown)
    angle = {each.subject_id: 2 * math.pi * place / len(outer) - math.pi / 2 for place, each in enumerate(outer)}
    inner = [each for each in shown if each.subject_id not in angle]
    wanted = sorted(inner, key=lambda member: (_mean_angle(member.subject_id, known, angle), numbers[member.subject_id]))
    inside = {each.subject_id: 2 * math.pi * place / max(1, len(wanted)) - math.pi / 2 for place, each in enumerate(wanted)}

    def at(member: Member) -> Node:
        alone = len(inner) == 1 and member.subject_id in inside
        size = 0.0 if alone else _INNER if member.subject_id in inside else 1.0
        turn = inside.get(member.subject_id, angle.get(member.subject_id, 0.0))
        x = WIDTH / 2 + (WIDTH / 2 - MARGIN) * size * math.cos(turn)
        y = HEIGHT / 2 + (HEIGHT / 2 - MARGIN) * size * math.sin(turn)
        return Node(numbers[member.subject_id], member.subject.value, round(x, 1), round(y, 1))

    nodes = {member.subject_id: at(member) for member in shown}
    most = max(each.weight for each in known)
    edges = [
        Edge(a.number, b.number, a.x, a.y, b.x, b.y, group_of(each.kind), round(0.8 + 2.2 * each.weight / most, 1) if most > 0 else 1.0)
        for each in sorted(known, key=lambda each: (each.weight, each.one, each.other, each.kind))
        if (a := nodes.get(each.one)) and (b := nodes.get(each.other))
    ]
    return Drawing(tuple(nodes.values()), tuple(edges), len(members) - len(shown))


def _mean_angle(subject_id: str, relations: Sequence[Relation], angle: dict[str, float]) -> float:
    """Direction in which the ring's members lie that a place is tied to; by the mean of their points, since angles have a seam."""
    turns = [angle[b] for each in relations for a, b in ((each.one, each.other), (each.other, each.one)) if a == subject_id and b in angle]
    if not turns:
        return math.inf
    return round((math.atan2(sum(map(math.sin, turns)), sum(map(math.cos, turns))) + math.pi / 2) % (2 * math.pi), 6)
