"""Leads `trace_codes`: packages that were sold before and are scanned again, by the same persons at the same place (回流药, 空刷)."""

from __future__ import annotations

import duckdb

from models.graph.candidates import Candidate, rows
from models.graph.edges import Bounds
from models.graph.null import choose_log, group_p
from models.graph.words import day_text

KIND = "trace_codes"
LEAST = 2
"""Codes that a person must have carried again: one may be a slip of the scanner."""
_GROUPS = """
WITH again AS (SELECT * FROM graph_sales WHERE place >= 2),
  mine AS (SELECT institution, person FROM again GROUP BY ALL HAVING COUNT(DISTINCT trace) >= {least})
SELECT a.institution, LIST(DISTINCT a.person ORDER BY a.person), COUNT(*), COUNT(DISTINCT a.trace), MIN(a.day),
  MAX(a.day), SUM(a.amount)::BIGINT
FROM again AS a JOIN mine AS m USING (institution, person) GROUP BY a.institution ORDER BY a.institution
"""
_ORIGIN = """
SELECT f.institution, COUNT(DISTINCT f.trace), COUNT(DISTINCT f.person) FROM graph_sales AS f WHERE f.place = 1 AND f.trace IN (
  SELECT trace FROM graph_sales WHERE place >= 2 AND institution = ? AND list_contains(?, person)
) GROUP BY ALL ORDER BY 2 DESC, 1
"""


def trace_codes(con: duckdb.DuckDBPyConnection, bounds: Bounds) -> list[Candidate]:
    """Persons with repeated codes at one place, against repeats that fall on sales at random.

    The null model keeps the number of repeats of the region and how much each person buys; split packages and returns are out already.
    """
    total, repeats, persons = rows(con, "SELECT COUNT(*), COUNT(*) FILTER (place >= 2), COUNT(DISTINCT person) FROM graph_sales")[0]
    groups = [row for row in rows(con, _GROUPS.format(least=LEAST)) if len(row[1]) >= bounds.group]
    found = []
    for place, members, observed, codes, first, last, amount in groups:
        sales = rows(con, "SELECT COUNT(*) FROM graph_sales WHERE institution = ? AND list_contains(?, person)", [place, members])[0][0]
        origins = rows(con, _ORIGIN, [place, members])
        elsewhere = [row for row in origins if row[0] != place]
        expected = repeats * sales / total
        size = len(members)
        found.append(
            Candidate(
                kind=KIND,
                persons=dict.fromkeys(members, "member"),
                places={place: "hub"} | {row[0]: "origin" for row in elsewhere[:5]},
                first=first,
                last=last,
                observed=observed,
                expected=expected,
                p=group_p(observed, expected, choose_log(persons, size)),
                tests=len(groups),
                title=(
                    f"{size} 人在同一机构重复使用已售出的追溯码 {codes} 个",
                    f"{size} persons at one place with {codes} trace codes that had been sold before",
                ),
                evidence=(
                    (
                        f"{day_text(first)}至{day_text(last)}，{codes} 个已售出过的追溯码在该机构被再次扫码销售 {observed} 次，"
                        f"涉及 {size} 人，每人至少 {LEAST} 个。",
                        f"From {day_text(first)} to {day_text(last)}, {codes} codes that had been sold before were sold again here "
                        f"{observed} times, to {size} persons, each at least {LEAST}.",
                    ),
                    (
                        f"这些人的购药占全部扫码销售 {sales} / {total}；按此比例，重复应为 {expected:.1f} 次。",
                        f"Their purchases are {sales} of {total} scanned sales; in proportion {expected:.1f} repeats would be theirs.",
                    ),
                    (
                        f"首次售出地点：本机构以外 {len(elsewhere)} 家，{sum(row[1] for row in elsewhere)} 个码，"
                        f"首次购买者 {sum(row[2] for row in elsewhere)} 人次（不列为成员）。",
                        f"First sold elsewhere: {len(elsewhere)} places, {sum(row[1] for row in elsewhere)} codes; "
                        "their first buyers are not members.",
                    ),
                ),
                measures={"codes": codes, "sales": sales, "amount_fen": amount},
            )
        )
    return found
