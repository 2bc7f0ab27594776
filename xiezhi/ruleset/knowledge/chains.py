"""Chains of revisions: a point that is superseded ends on the day before its successor begins.

Ends are worked out over all points together whenever they are read, so the order of imports cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from xiezhi.domain.errors import Place, Problem


@dataclass(frozen=True, slots=True)
class Link:
    """What the chain needs of a point."""

    kp_id: str
    valid_from: date
    region: str
    supersedes: tuple[str, ...]


@dataclass(frozen=True)
class Chains:
    """Ends that follow from successors.

    Attributes:
        ends: last day in force and successor, by kp_id of the superseded point; of several successors the first to begin counts.
        pending: pairs (newer, older) whose older point is not known.
        refused: pairs (newer, older) that are passed over, with the reason.
    """

    ends: Mapping[str, tuple[date, str]]
    pending: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str, str], ...] = field(default=())

    def warnings(self, of: frozenset[str], places: Mapping[str, Place]) -> list[Problem]:
        """What deserves a look about the points `of` an import."""
        found = [
            Problem(
                f"{new} 替代的 {old} 尚未导入 pending chain: the superseded point is not known yet", places.get(new, Place()), warning=True
            )
            for new, old in self.pending
            if new in of
        ]
        found += [
            Problem(f"{new} 不能替代 cannot supersede {old}: {why}", places.get(new, Place()), warning=True)
            for new, old, why in self.refused
            if new in of or old in of
        ]
        return found


def chain_ends(successors: Iterable[Link], known: Mapping[str, str]) -> Chains:
    """Works out which points end because others begin.

    A point whose successor begins no later than itself gets an end before its begin: it was never in force.

    Args:
        successors: the points that supersede others.
        known: region of every point, by kp_id.
    """
    links = sorted(successors, key=lambda each: each.kp_id)
    older = {each.kp_id: each.supersedes for each in links}
    ends: dict[str, tuple[date, str]] = {}
    pending: list[tuple[str, str]] = []
    refused: list[tuple[str, str, str]] = []
    for link in links:
        for old in link.supersedes:
            if old not in known:
                pending.append((link.kp_id, old))
                continue
            why = ""
            if _reaches(older, old, link.kp_id):
                why = "互相替代 they supersede each other"
            elif known[old] != link.region:
                why = "地区不同 they hold in different regions"
            if why:
                refused.append((link.kp_id, old, why))
                continue
            end = (link.valid_from - timedelta(days=1), link.kp_id)
            ends[old] = min(ends.get(old, end), end)
    return Chains(ends, tuple(pending), tuple(refused))


def _reaches(older: Mapping[str, tuple[str, ...]], start: str, goal: str) -> bool:
    """Whether `goal` lies on the chain of older points that begins at `start`."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        each = todo.pop()
        if each == goal:
            return True
        if each not in seen:
            seen.add(each)
            todo += older.get(each, ())
    return False
