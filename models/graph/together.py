"""Leads `same_time_visits`: persons of several households who come to the same place at the same time, again and again (卡聚集)."""

from __future__ import annotations

import math

import duckdb
import igraph as ig

from models.graph.candidates import Candidate, rows
from models.graph.edges import SLOT, Bounds
from models.graph.network import communities
from models.graph.null import choose_log, group_p, poisson_tail, q_values
from models.graph.words import day_text

KIND = "same_time_visits"
_CHANCE = """
CREATE OR REPLACE TEMP TABLE graph_close AS
WITH n AS (SELECT institution, person, COUNT(*) AS visits FROM graph_slots GROUP BY ALL),
  t AS (SELECT institution, (SUM(visits) ** 2 - SUM(visits ** 2)) / 2 AS pairs FROM n GROUP BY institution),
  c AS (SELECT institution, SUM(times) AS close FROM graph_meetings GROUP BY institution)
SELECT t.institution, COALESCE(c.close, 0) / t.pairs AS chance FROM t LEFT JOIN c USING (institution) WHERE t.pairs > 0
"""
_PAIRS = """
WITH n AS (SELECT institution, person, COUNT(*) AS visits FROM graph_slots GROUP BY ALL),
  m AS (SELECT one, other, COUNT(DISTINCT day) AS days FROM graph_meetings GROUP BY ALL HAVING COUNT(DISTINCT day) >= {days})
SELECT m.one, m.other, m.days, SUM(a.visits * b.visits * c.chance ORDER BY a.institution) AS expected
FROM m JOIN n AS a ON a.person = m.one JOIN n AS b ON b.person = m.other AND b.institution = a.institution
JOIN graph_close AS c ON c.institution = a.institution GROUP BY ALL ORDER BY m.one, m.other
"""
_JOINS = """
WITH v AS (
  SELECT s.*, LAG(time) OVER near AS before, LAG(person) OVER near AS who FROM graph_slots AS s WHERE list_contains(?, person)
  WINDOW near AS (PARTITION BY institution ORDER BY time, person)
) SELECT institution, day, person, before IS NOT NULL AND time - before <= {slot} AND who <> person AS joined FROM v ORDER BY ALL
"""


def same_time(con: duckdb.DuckDBPyConnection, bounds: Bounds, homes: dict[str, int]) -> list[Candidate]:
    """Groups whose pairs meet on more days than their visits and the place's busy hours explain.

    A pair's expected meetings are Σ over places of (visits of one × visits of the other × share of close pairs at the place). Pairs are
    compared over all pairs of persons that exist, groups over all groups of their size.
    """
    con.execute(_CHANCE)
    found = [row for row in rows(con, _PAIRS.format(days=bounds.days)) if homes[row[0]] != homes[row[1]]]
    persons = len(homes)
    tails = [math.exp(poisson_tail(days, expected)) for _, _, days, expected in found]
    values = q_values(tails, persons * (persons - 1) // 2)
    edges = [(row[0], row[1], float(row[2])) for row, value in zip(found, values, strict=True) if value <= bounds.q]
    names = sorted({name for edge in edges for name in edge[:2]})
    number = {name: at for at, name in enumerate(names)}
    graph = ig.Graph(n=len(names), edges=[(number[one], number[other]) for one, other, _ in edges])
    groups: dict[int, list[str]] = {}
    for name, group in zip(names, communities(graph, [edge[2] for edge in edges]), strict=True):
        groups.setdefault(group, []).append(name)
    chosen = [members for members in groups.values() if len({homes[person] for person in members}) >= bounds.group]
    return [_candidate(con, members, persons, len(chosen)) for members in chosen]


def _candidate(con: duckdb.DuckDBPyConnection, members: list[str], persons: int, tests: int) -> Candidate:
    chances = dict(rows(con, "SELECT institution, chance FROM graph_close"))
    visits: dict[str, dict[str, int]] = {}
    joins: dict[str, int] = {}
    days: set[int] = set()
    for place, day, person, joined in rows(con, _JOINS.format(slot=SLOT), [members]):
        at = visits.setdefault(place, {})
        at[person] = at.get(person, 0) + 1
        if joined:
            joins[place] = joins.get(place, 0) + 1
            days.add(day)
    observed = sum(joins.values())
    expected = sum(
        chances.get(place, 0.0) * (sum(at.values()) ** 2 - sum(count**2 for count in at.values())) / 2
        for place, at in sorted(visits.items())
    )
    places = dict.fromkeys(sorted(joins, key=lambda place: (-joins[place], place))[:5], "hub")
    size, first, last = len(members), min(days), max(days)
    return Candidate(
        kind=KIND,
        persons=dict.fromkeys(members, "member"),
        places=places,
        first=first,
        last=last,
        observed=observed,
        expected=expected,
        p=group_p(observed, expected, choose_log(persons, size)),
        tests=tests,
        title=(
            f"{size} 人在 {len(days)} 天里多次于 15 分钟内先后到同一机构",
            f"{size} persons came to the same place within 15 minutes of each other on {len(days)} days",
        ),
        evidence=(
            (
                f"{day_text(first)}至{day_text(last)}，{len(days)} 天有成员先后 15 分钟内到同一机构，共 {observed} 次跟随就诊；"
                f"按各人就诊次数和机构各时段人流，偶然应为 {expected:.2f} 次。",
                f"From {day_text(first)} to {day_text(last)}, on {len(days)} days members came within 15 minutes of each other, "
                f"{observed} times; their own visits and the hours of the place explain {expected:.2f}.",
            ),
            ("同住一户的人之间的同行不计入。", "Persons of one household going together were not counted."),
        ),
        measures={"days": len(days)},
    )
