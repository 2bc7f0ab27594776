"""Leads `visits_during_stay`: patients of one hospital who are seen elsewhere while they lie in bed (借卡, 挂床)."""

from __future__ import annotations

import duckdb

from models.graph.candidates import Candidate, rows
from models.graph.edges import Bounds
from models.graph.null import sum_tail
from models.graph.words import day_text

KIND = "visits_during_stay"
_PAIRS = """
WITH nights AS (
  SELECT DISTINCT person, institution AS hospital, UNNEST(RANGE(day + 1, end_day)) AS day FROM graph_visits
  WHERE kind = 'inpatient' AND end_day - day BETWEEN 2 AND 365
), bed AS (SELECT person, hospital, COUNT(*) AS days FROM nights GROUP BY ALL),
seen AS (
  SELECT v.person, n.hospital, v.institution, COUNT(DISTINCT v.day) AS days, MIN(v.day) AS first, MAX(v.day) AS last
  FROM graph_visits AS v JOIN nights AS n ON n.person = v.person AND n.day = v.day
  WHERE v.kind IN ('outpatient', 'chronic', 'pharmacy') AND NOT v.internet AND v.institution <> n.hospital GROUP BY ALL
)
SELECT b.hospital, v.institution, v.person, b.days AS bed, COUNT(DISTINCT v.day) AS days, s.days AS overlap, s.first, s.last
FROM bed AS b JOIN graph_visits AS v ON v.person = b.person AND v.institution <> b.hospital
  AND v.kind IN ('outpatient', 'chronic', 'pharmacy') AND NOT v.internet
LEFT JOIN seen AS s ON s.person = b.person AND s.hospital = b.hospital AND s.institution = v.institution
GROUP BY ALL ORDER BY ALL
"""


def visits_during_stay(con: duckdb.DuckDBPyConnection, days: int, bounds: Bounds) -> list[Candidate]:
    """Hospitals whose patients are seen at certain places on days between admission and discharge.

    The null model keeps how many days each person lies there and how often the person comes to the place, and moves the visits freely
    over the `days` of the window; the day of admission and the day of discharge never count.
    """
    pairs: dict[tuple[str, str], list[tuple[str, float, int | None, int | None, int | None]]] = {}
    for hospital, place, person, bed, visits, overlap, first, last in rows(con, _PAIRS):
        chance = 1.0 - (1.0 - min(bed / days, 1.0)) ** visits
        pairs.setdefault((hospital, place), []).append((person, chance, overlap, first, last))
    telling: dict[str, list[tuple[float, str]]] = {}
    for (hospital, place), visitors in pairs.items():
        seen = sum(row[2] is not None for row in visitors)
        if seen < bounds.group:
            continue
        tail = sum_tail([row[1] for row in visitors], seen)
        if tail * len(pairs) <= bounds.q:
            telling.setdefault(hospital, []).append((tail, place))
    return [_candidate(hospital, sorted(places), pairs) for hospital, places in sorted(telling.items())]


def _candidate(
    hospital: str,
    places: list[tuple[float, str]],
    pairs: dict[tuple[str, str], list[tuple[str, float, int | None, int | None, int | None]]],
) -> Candidate:
    visitors = [row for _, place in places for row in pairs[(hospital, place)]]
    seen = [row for row in visitors if row[2] is not None]
    members = sorted({row[0] for row in seen})
    expected = sum(row[1] for row in visitors)
    first, last = min(row[3] for row in seen if row[3] is not None), max(row[4] for row in seen if row[4] is not None)
    times = sum(row[2] or 0 for row in seen)
    return Candidate(
        kind=KIND,
        persons=dict.fromkeys(members, "member"),
        places={hospital: "hub"} | {place: "elsewhere" for _, place in places[:5]},
        first=first,
        last=last,
        observed=len(seen),
        expected=expected,
        p=min(1.0, places[0][0] * len(pairs)),
        tests=1,
        title=(
            f"{len(members)} 名住院病人住院期间在另外 {len(places)} 家机构就诊或购药",
            f"{len(members)} inpatients of one hospital were seen at {len(places)} other places during their stays",
        ),
        evidence=(
            (
                f"{day_text(first)}至{day_text(last)}，{len(members)} 名住院病人在入院日与出院日之间的 {times} 天里于下列机构就诊或购药。",
                f"From {day_text(first)} to {day_text(last)}, {len(members)} inpatients were seen at the places below on {times} days "
                "between admission and discharge.",
            ),
            (
                f"按各人住院天数和到这些机构的次数，若就诊日期随机，"
                f"应为 {expected:.1f} 人次，实际 {len(seen)} 人次；入院日、出院日和互联网就诊不计。",
                f"Given days in bed and visits to these places, chance dates explain {expected:.1f} persons, {len(seen)} were seen; "
                "days of admission and discharge and online visits do not count.",
            ),
            ("请先核对请假记录和家属代购。", "Check leave records and purchases by relatives first."),
        ),
        measures={"days": times},
    )
