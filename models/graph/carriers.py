"""Leads `carriers`: persons who fetch far more of a drug than one takes, at several places, and the same places (倒卖药品)."""

from __future__ import annotations

import duckdb
import igraph as ig

from models.graph.candidates import Candidate, Habits, core, rows
from models.graph.edges import Bounds
from models.graph.network import communities
from models.graph.words import day_text

KIND = "carriers"
SURPLUS = 1.5
"""Days supplied over calendar days from which a person counts (domain: 倒卖药品, tunable)."""
PLACES = 3
"""Least places of the same substance."""
SUPPLY = 60
"""Least days supplied: two months of a drug."""
_CARRIERS = """
CREATE OR REPLACE TEMP TABLE graph_carriers AS
WITH f AS (
  SELECT person, substance, institution, date, days_supplied / 1e6 AS days, amount, encounter FROM lines
  WHERE live AND substance IS NOT NULL AND days_supplied > 0 AND date BETWEEN {first} AND {last}
    AND kind IN ('pharmacy', 'outpatient', 'chronic')
), s AS (
  SELECT person, substance, SUM(days) AS supply, LEAST(MAX(date + days), {last} + 1) - MIN(date) AS calendar,
    COUNT(DISTINCT institution) AS places FROM f GROUP BY ALL
)
SELECT f.*, s.supply, s.calendar FROM f JOIN s USING (person, substance)
WHERE s.places >= {places} AND s.supply >= {supply} AND s.supply >= {surplus} * s.calendar
"""


def carriers(con: duckdb.DuckDBPyConnection, first: int, last: int, bounds: Bounds, habits: Habits) -> list[Candidate]:
    """Groups of carriers that share places beyond what their fetches and the places' size explain; `first` and `last` are day numbers."""
    con.execute(_CARRIERS.format(first=first, last=last, places=PLACES, supply=SUPPLY, surplus=SURPLUS))
    fetched = rows(con, "SELECT DISTINCT person, institution FROM graph_carriers ORDER BY ALL")
    tries = dict(rows(con, "SELECT person, COUNT(DISTINCT encounter) FROM graph_carriers GROUP BY person"))
    institutions = rows(con, "SELECT COUNT(DISTINCT institution) FROM graph_places")[0][0]
    groups = _groups(fetched, bounds)
    found = []
    for members in groups:
        went = {person: frozenset(place for who, place in fetched if who == person) for person in members}
        meeting = core(went, tries, habits, institutions)
        if meeting is None:
            continue
        there = [person for person in members if went[person] & set(meeting.places)]
        start, end, fetches, amount, drugs = rows(
            con,
            "SELECT MIN(date), MAX(date), COUNT(DISTINCT encounter), SUM(amount)::BIGINT, COUNT(DISTINCT substance) FROM graph_carriers"
            " WHERE list_contains(?, person)",
            [there],
        )[0]
        supply, calendar = rows(
            con,
            "SELECT SUM(supply), SUM(calendar) FROM"
            " (SELECT DISTINCT person, substance, supply, calendar FROM graph_carriers WHERE list_contains(?, person) ORDER BY ALL)",
            [there],
        )[0]
        size = len(there)
        found.append(
            Candidate(
                kind=KIND,
                persons=dict.fromkeys(there, "carrier"),
                places=dict.fromkeys(meeting.places, "hub"),
                first=start,
                last=end,
                observed=len(meeting.persons),
                expected=meeting.expected,
                p=meeting.p,
                tests=len(groups),
                title=(
                    f"{size} 人在相同的 {len(meeting.places)} 家机构超量取药（{drugs} 种药品成分）",
                    f"{size} persons fetch more than one takes of {drugs} substances, at the same {len(meeting.places)} places",
                ),
                evidence=(
                    (
                        f"{day_text(start)}至{day_text(end)}，{fetches} 次取药，"
                        f"供药 {round(supply)} 天，对应日历 {round(calendar)} 天（{supply / calendar:.1f} 倍）。",
                        f"From {day_text(start)} to {day_text(end)}, {fetches} fetches supplied {round(supply)} days "
                        f"for {round(calendar)} calendar days ({supply / calendar:.1f} times).",
                    ),
                    (
                        f"{len(members)} 名超量取药者中 {len(meeting.persons)} 人到过下列机构中的至少 {meeting.need} 家；"
                        f"按取药次数和机构规模，偶然应为 {meeting.expected:.1f} 人。",
                        f"{len(meeting.persons)} of {len(members)} came to at least {meeting.need} of the places below; "
                        f"fetches and size of places explain {meeting.expected:.1f}.",
                    ),
                ),
                measures={"fetches": fetches, "supply_ratio": round(supply / calendar, 2), "substances": drugs, "amount_fen": amount},
            )
        )
    return found


def _groups(fetched: list[tuple[str, str]], bounds: Bounds) -> list[list[str]]:
    """Communities of carriers tied by at least `PLACES` common places."""
    places: dict[str, set[str]] = {}
    for person, place in fetched:
        places.setdefault(person, set()).add(place)
    names = sorted(places)
    ties = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names)) if len(places[names[a]] & places[names[b]]) >= PLACES]
    graph = ig.Graph(n=len(names), edges=ties)
    groups: dict[int, list[str]] = {}
    for name, group in zip(names, communities(graph), strict=True):
        groups.setdefault(group, []).append(name)
    return [members for members in groups.values() if len(members) >= bounds.group]
