"""Candidate groups before they are compared: what was seen, what chance would give, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np

from models.graph.null import choose_log, sum_tail


@dataclass(frozen=True, slots=True)
class Candidate:
    """A group that may become a lead.

    Attributes:
        kind: kind of the lead.
        persons: psn_no to role.
        places: fixmedins_code to role, the most telling first.
        first: day number of the first event behind it; `last` of the last one.
        observed: what was counted; `expected` by chance.
        p: p-value after the search inside the group's family (see `null.group_p`).
        tests: how many candidates of the kind were looked at, for Benjamini–Hochberg.
        title: one sentence, Chinese and English.
        evidence: sentences, Chinese and English.
        measures: further numbers.
    """

    kind: str
    persons: Mapping[str, str]
    places: Mapping[str, str]
    first: int
    last: int
    observed: int
    expected: float
    p: float
    tests: int
    title: tuple[str, str]
    evidence: tuple[tuple[str, str], ...]
    measures: Mapping[str, float] = field(default_factory=dict)


def rows(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return con.execute(sql, list(parameters)).fetchall()


@dataclass(frozen=True, slots=True)
class Habits:
    """How often persons come and how busy places are, which the null model keeps.

    Attributes:
        visits: psn_no to (home region, visits in the window).
        shares: home region to the share of its persons' visits by fixmedins_code.
    """

    visits: Mapping[str, tuple[str, int]]
    shares: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection) -> Habits:
        """From `graph_homes` and `graph_places`."""
        shares: dict[str, dict[str, float]] = {}
        sql = (
            "WITH n AS (SELECT h.region, p.institution, SUM(p.visits)::BIGINT AS n FROM graph_places AS p"
            " JOIN graph_homes AS h USING (person) GROUP BY ALL)"
            " SELECT region, institution, n / (SUM(n) OVER (PARTITION BY region))::BIGINT FROM n ORDER BY ALL"
        )
        for region, institution, share in rows(con, sql):
            shares.setdefault(region, {})[institution] = share
        found = rows(con, "SELECT person, region, visits FROM graph_homes ORDER BY person")
        return cls({person: (region, visits) for person, region, visits in found}, shares)

    def chance(self, person: str, place: str, tries: int | None = None) -> float:
        """That a person comes to a place at least once in `tries` visits (all of the window), each to a random place of the region."""
        region, visits = self.visits[person]
        return 1.0 - (1.0 - self.shares.get(region, {}).get(place, 0.0)) ** (visits if tries is None else tries)


@dataclass(frozen=True, slots=True)
class Core:
    """The places where a group meets.

    Attributes:
        places: at most 5, most telling first.
        need: at how many of them a person must have been; the most telling number.
        persons: who was.
        expected: how many would by chance.
        p: tail, times the sets of places and the numbers that could have been chosen.
    """

    places: tuple[str, ...]
    need: int
    persons: tuple[str, ...]
    expected: float
    p: float


def core(went: Mapping[str, frozenset[str]], tries: Mapping[str, int] | None, habits: Habits, institutions: int) -> Core | None:
    """The places that a given group of persons has in common beyond what their visits and the places' size explain.

    Args:
        went: psn_no to the places where the person was.
        tries: psn_no to the number of visits counted; None: all of the window.
        habits: degrees that are kept.
        institutions: how many places there are.
    """
    persons = sorted(went)
    chances: dict[str, list[float]] = {}
    ranked: list[tuple[float, str]] = []
    for place in sorted({place for places in went.values() for place in places}):
        there = sum(place in went[person] for person in persons)
        if 2 * there < len(persons) or there < 3:
            continue
        chances[place] = [habits.chance(person, place, tries[person] if tries else None) for person in persons]
        tail = sum_tail(chances[place], there)
        if tail * institutions <= 0.05:
            ranked.append((tail, place))
    places = tuple(place for _, place in sorted(ranked)[:5])
    if not places:
        return None
    best: Core | None = None
    for need in range(1, len(places) + 1):
        each = [sum_tail([chances[place][at] for place in places], need) for at in range(len(persons))]
        present = tuple(person for person in persons if sum(place in went[person] for place in places) >= need)
        ways = math.exp(choose_log(institutions, len(places))) * len(places)
        p = min(1.0, ways * sum_tail(each, len(present)))
        if best is None or p < best.p:
            best = Core(places, need, present, float(np.sum(each)), p)
    return best
