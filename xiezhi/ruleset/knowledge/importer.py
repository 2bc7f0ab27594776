"""Reads knowledge points from their two tables; every wrong row is named by file, line and column, the rest is taken.

A point with one wrong cell or code row is refused as a whole: a list of allowed diagnoses that lost a row would accuse
people who did nothing wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xiezhi.domain.errors import Place, Problem, Problems
from xiezhi.domain.knowledge import KnowledgePoint
from xiezhi.ruleset.knowledge.code_row import CodeRows, read_codes, shape_warnings
from xiezhi.ruleset.knowledge.merge import Contradiction, merge
from xiezhi.ruleset.knowledge.point_row import Draft, read_point
from xiezhi.ruleset.knowledge.report import Reading, Reject
from xiezhi.ruleset.knowledge.tables import Table, open_tables


def read_points(paths: Sequence[Path]) -> Reading:
    """Reads points and codes from any number of tables (CSV or xlsx), which belong together by kp_id.

    Args:
        paths: files; their order and the order of their rows do not matter.

    Returns:
        The good points, and for each refused point all its problems with file, line and column.
    """
    loose = Problems()
    warnings: list[Problem] = []
    tables: list[Table] = []
    for path in paths:
        found, noted = open_tables(path, loose)
        tables += found
        warnings += noted
    codes: dict[str, CodeRows] = {}
    for table in tables:
        if table.kind == "codes":
            read_codes(table, codes, loose)
    drafts: dict[str, list[tuple[Draft, KnowledgePoint | None]]] = {}
    read = 0
    for table in tables:
        if table.kind == "points":
            for row in table.rows():
                read += 1
                kp_id = row.get("kp_id")
                draft = Draft(row)
                drafts.setdefault(kp_id, []).append((draft, read_point(draft, codes.get(kp_id))))
    points: list[KnowledgePoint] = []
    places: dict[str, Place] = {}
    rejects: list[Reject] = []
    for kp_id, entries in drafts.items():
        point, problems = _settle(entries, codes.get(kp_id))
        if point is None:
            rejects.append(Reject(kp_id, tuple(sorted(problems, key=_by_place))))
        else:
            points.append(point)
            places[kp_id] = entries[0][0].row.place("kp_id")
            warnings += shape_warnings(point, codes.get(kp_id))
    for kp_id in sorted(codes.keys() - drafts.keys()):
        what = f"编码指向的知识点不在所给文件中 codes of a point that no given table has: {kp_id!r}"
        problem = Problem(what, codes[kp_id].first, todo="import points and codes together")
        rejects.append(Reject(kp_id, (problem, *codes[kp_id].problems)))
    rejects += [Reject("", (problem,)) for problem in loose.items]
    rejects.sort(key=lambda each: _by_place(each.problems[0]))
    points.sort(key=lambda each: each.kp_id)
    return Reading(read, tuple(points), places, tuple(rejects), tuple(sorted(warnings, key=_by_place)))


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.where.path, problem.where.line or 0, problem.where.column or 0, problem.what)


def _settle(entries: list[tuple[Draft, KnowledgePoint | None]], codes: CodeRows | None) -> tuple[KnowledgePoint | None, list[Problem]]:
    """The one point that all rows of a kp_id agree on, or none and why."""
    problems = [problem for draft, _ in entries for problem in draft.problems.items] + (codes.problems if codes else [])
    if problems:
        return None, problems
    point = None
    for draft, each in entries:
        if each is None:
            continue
        try:
            point = each if point is None else merge(point, each)
        except Contradiction as error:
            what = f"同一 kp_id 内容不同 the same kp_id with other content: {error}"
            return None, [Problem(what, draft.row.place("kp_id"), todo=f"other row: {entries[0][0].row.place('kp_id')}")]
    return point, problems
