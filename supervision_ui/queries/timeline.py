"""The timeline of a person as a drawing: one row a kind of visit, circles by money, the visits of this case marked."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from supervision_ui.queries.claims import StoredVisit

LEFT, RIGHT, ROW, TOP = 76, 14, 30, 6
WIDTH = 460
"""Units of the drawing; the page scales it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One visit: place and radius, whether it belongs to the case."""

    visit: StoredVisit
    x: float
    y: float
    radius: float
    own: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Marks, rows (kind, y) and months (text, x) of the drawing, and its height."""

    marks: tuple[Mark, ...]
    rows: tuple[tuple[str, float], ...]
    months: tuple[tuple[str, float], ...]
    height: float


def draw(visits: Sequence[StoredVisit], own: Collection[str]) -> Timeline | None:
    """The timeline of visits in order; `own` are the visits of the case. None where there is none."""
    if not visits:
        return None
    first = visits[0].begin.date().replace(day=1)
    last = _next_month(max(visit.begin for visit in visits).date())
    span = (last - first).days
    kinds = sorted({visit.kind for visit in visits})
    y = {kind: TOP + ROW * (place + 0.5) for place, kind in enumerate(kinds)}
    most = max(1, *(visit.amount_fen for visit in visits))

    def x(on: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (on - first).days / span, 1)

    marks = [
        Mark(v, x(v.begin.date()), y[v.kind], round(3 + 9 * math.sqrt(max(0, v.amount_fen) / most), 1), v.encounter_id in own)
        for v in visits
    ]
    months: list[date] = [first]
    while (following := _next_month(months[-1])) < last:
        months.append(following)
    step = -(-len(months) // 6)
    shown = tuple((f"{month:%Y-%m}", x(month)) for month in months[::step])
    marks.sort(key=lambda mark: (mark.own, -mark.radius))
    return Timeline(tuple(marks), tuple(y.items()), shown, TOP + ROW * len(kinds) + 20)


def _next_month(on: date) -> date:
    return date(on.year + on.month // 12, on.month % 12 + 1, 1)
