"""Finds points that are in force at the same time and limit one code of one class differently."""

# pyright: basic, reportAttributeAccessIssue=false
# pyarrow ships no types: its tables are unknown to pyright, and its compute functions are made at run time.

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from xiezhi.domain.errors import Place, Problem

_SQL = """
WITH limited AS (
    SELECT p.kp_id, p.class_no, p.item_name, p.subject_hash, p.limit_hash, c.code,
        p.valid_from, coalesce(p.valid_to, DATE '9999-12-31') AS valid_to
    FROM points p JOIN codes c USING (kp_id)
    WHERE p.coded AND c.role = 'a'
), fresh AS (
    SELECT * FROM limited SEMI JOIN added USING (kp_id)
)
SELECT f.kp_id, o.kp_id, f.class_no, count(*) AS codes, min(f.code) AS example
FROM fresh f JOIN limited o USING (class_no, code, subject_hash)
WHERE f.limit_hash <> o.limit_hash AND f.valid_from <= o.valid_to AND o.valid_from <= f.valid_to
    AND f.valid_from <= f.valid_to AND o.valid_from <= o.valid_to
    AND (f.kp_id < o.kp_id OR o.kp_id NOT IN (SELECT kp_id FROM added))
GROUP BY ALL ORDER BY ALL
"""


def conflict_warnings(points: pa.Table, codes: pa.Table, added: Sequence[str], places: Mapping[str, Place]) -> list[Problem]:
    """One warning for each pair of points, one of them `added`, that contradict each other (ends of chains worked in).

    Both points are kept: which one is right is for a person to say.
    """
    if not added:
        return []
    with duckdb.connect() as connection:
        connection.register("points", points)
        connection.register("codes", codes)
        connection.register("added", pa.table({"kp_id": pa.array(added, pa.string())}))
        found = connection.execute(_SQL).fetchall()
    return [
        Problem(
            f"第 {class_no} 类同一编码两种限定 {one} and {other} limit {count} codes of class {class_no} differently, such as {example}",
            places.get(one, Place()),
            todo="both are kept; end one of them with valid_to or supersedes",
            warning=True,
        )
        for one, other, class_no, count, example in found
    ]
