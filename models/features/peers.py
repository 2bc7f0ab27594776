"""Peer groups: with whom a subject is compared. Saved with the features, so that a score is always explained with the group it used.

A group is as narrow as it can be and still large enough: subjects whose narrow group is too small join others of the next wider one, and
what is left at the end is one group whatever its size. Every subject is in exactly one group, and all members of it have the same key.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from xiezhi.domain.signal import Subject

LEAST = {Subject.INSTITUTION: 5, Subject.PRACTITIONER: 10, Subject.PERSON: 30}
"""Members that a group needs; below it a median says little."""
ALL = "全部"
"""Key of the widest group."""

_LEVEL = "CASE {0} WHEN 3 THEN '三级' WHEN 2 THEN '二级' WHEN 1 THEN '一级' WHEN 0 THEN '未定级' ELSE '级别不详' END"
_SPLITS = {
    # Kind of place by what it does (a code of the kind is optional in the tables), then level, then region.
    Subject.INSTITUTION: (
        "SELECT v.institution AS subject_id, CASE WHEN BOOL_OR(v.stay) THEN '医院' WHEN BOOL_AND(v.kind = 'pharmacy') THEN '药店'"
        f" ELSE '门诊机构' END AS one, {_LEVEL.format('MAX(COALESCE(i.level, v.level))')} AS two,"
        " COALESCE(MAX(COALESCE(i.region, v.region)), '地区不详') AS three"
        " FROM f_visits AS v LEFT JOIN institutions AS i ON i.institution = v.institution GROUP BY v.institution"
    ),
    Subject.PRACTITIONER: (
        "SELECT p.subject_id, p.one, p.two, '' AS three FROM (SELECT g.doctor AS subject_id, COALESCE(g.caty, '科室不详') AS one,"
        f" {_LEVEL.format('g.level')} AS two, ROW_NUMBER() OVER (PARTITION BY g.doctor ORDER BY g.amount DESC, g.caty, g.level) AS place"
        " FROM (SELECT doctor, caty, level, SUM(amount) AS amount FROM f_lines WHERE doctor IS NOT NULL GROUP BY doctor, caty, level) AS g"
        ") AS p WHERE p.place = 1"
    ),
    Subject.PERSON: (
        "SELECT p.subject_id, CASE WHEN p.chronic THEN '门慢特' ELSE '无门慢特' END AS one,"
        " CASE WHEN p.age IS NULL THEN '年龄不详' WHEN p.age < 18 THEN '18岁以下' WHEN p.age < 45 THEN '18至44岁'"
        " WHEN p.age < 60 THEN '45至59岁' WHEN p.age < 75 THEN '60至74岁' ELSE '75岁以上' END AS two,"
        " CASE p.sex WHEN '1' THEN '男' WHEN '2' THEN '女' ELSE '性别不详' END AS three"
        " FROM (SELECT v.person AS subject_id, BOOL_OR(v.kind = 'chronic') AS chronic, MAX(v.sex) AS sex,"
        " (ANY_VALUE(a.last_day) - MAX(v.birth_date)) / 365.2425 AS age"
        " FROM f_visits AS v CROSS JOIN asked AS a GROUP BY v.person) AS p"
    ),
}


def peer_groups(con: duckdb.DuckDBPyConnection, subject: Subject, least: int | None = None) -> list[tuple[str, str, int]]:
    """(subject_id, peer_group, peers) of all subjects of the window, ordered by id.

    Args:
        con: a connection with the base tables of `build_features`.
        subject: institutions by kind/level/region; practitioners by department/level; persons by benefit/age/sex.
        least: members a group needs; default `LEAST`.
    """
    rows = con.execute(f"SELECT subject_id, one, two, three FROM ({_SPLITS[subject]}) ORDER BY subject_id").fetchall()
    keys = {row[0]: [part for part in row[1:] if part] for row in rows}
    return group(keys, LEAST[subject] if least is None else least)


def group(keys: dict[str, list[str]], least: int) -> list[tuple[str, str, int]]:
    """Groups from the parts of each subject's key, widest part first.

    >>> group({"a": ["x", "1"], "b": ["x", "1"], "c": ["x", "2"], "d": ["y", "2"]}, 2)
    [('a', 'x/1', 2), ('b', 'x/1', 2), ('c', '全部', 2), ('d', '全部', 2)]
    """
    waiting = dict(keys)
    placed: dict[str, tuple[str, int]] = {}
    deepest = max((len(parts) for parts in keys.values()), default=0)
    for depth in range(deepest, -1, -1):
        members: dict[str, list[str]] = {}
        for subject, parts in waiting.items():
            members.setdefault(_key(parts, depth), []).append(subject)
        for key, subjects in members.items():
            if len(subjects) >= least or depth == 0:
                for subject in subjects:
                    placed[subject] = (key, len(subjects))
                    del waiting[subject]
    return [(subject, *placed[subject]) for subject in keys]


def _key(parts: Sequence[str], depth: int) -> str:
    return "/".join(parts[:depth]) or ALL
