"""Arrow form of knowledge points: one flat row a point, one row a code; to and from the dataclasses."""

# pyright: basic, reportAttributeAccessIssue=false
# pyarrow ships no types: its tables are unknown to pyright, and its compute functions are made at run time.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xiezhi.domain.knowledge import LIMIT_FIELDS, KnowledgePoint, PointCode, limit_from
from xiezhi.ruleset.knowledge.conflicts import signatures

_LIMIT_COLUMNS = [(name, pa.string() if kind == "text" else pa.int64()) for name, kind in LIMIT_FIELDS.items()]
_PLAIN = ("kp_id", "item_name", "constraint", "detect_logic", "batch", "region", "source_url", "source_file", "why_not_coded")
POINTS_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _PLAIN),
        ("class_no", pa.int64()),
        ("published_at", pa.date32()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("supersedes", pa.list_(pa.string())),
        ("coded", pa.bool_()),
        *_LIMIT_COLUMNS,
        ("count_a", pa.int64()),
        ("count_b", pa.int64()),
        ("content_hash", pa.string()),
        ("text_hash", pa.string()),
        ("subject_hash", pa.string()),
        ("limit_hash", pa.string()),
    ]
)
"""Stored points; `valid_to` is the end that the notice itself states, ends that follow from successors are worked out on reading."""

CODES_SCHEMA = pa.schema(
    [
        ("kp_id", pa.string()),
        ("class_no", pa.int64()),
        ("role", pa.string()),
        ("code", pa.string()),
        ("name", pa.string()),
        ("coded", pa.bool_()),
    ]
)
"""Stored codes."""

CATEGORY = r"^([A-Z][0-9]{2}(\.[0-9]{0,2})?|[0-9]{2}(\.[0-9]{0,3})?)$"
"""A code that is cut short (RE2 form of `xiezhi.domain.knowledge.is_category`; a test proves them equal)."""


def to_tables(points: Iterable[KnowledgePoint]) -> tuple[pa.Table, pa.Table]:
    """Points and their codes as tables of the two schemas."""
    rows: list[dict[str, Any]] = []
    codes: dict[str, list[Any]] = {name: [] for name in CODES_SCHEMA.names}
    for point in points:
        subject, limit = signatures(point)
        rows.append(
            {name: getattr(point, name) for name in (*_PLAIN, "class_no", "published_at", "valid_from", "valid_to", "coded")}
            | point.limit.given()
            | {
                "supersedes": list(point.supersedes),
                "count_a": len(point.codes_of("a")),
                "count_b": len(point.codes_of("b")),
                "content_hash": point.content_hash(),
                "text_hash": point.text_hash(),
                "subject_hash": subject,
                "limit_hash": limit,
            }
        )
        for each in point.codes:
            codes["kp_id"].append(point.kp_id)
            codes["class_no"].append(point.class_no)
            codes["role"].append(each.role)
            codes["code"].append(each.code)
            codes["name"].append(each.name)
            codes["coded"].append(point.coded)
    return pa.Table.from_pylist(rows, POINTS_SCHEMA), pa.Table.from_pydict(codes, CODES_SCHEMA)


def to_points(points: pa.Table, codes: pa.Table) -> list[KnowledgePoint]:
    """The dataclasses of the two tables, in the order of the points."""
    by_point: dict[str, list[PointCode]] = {}
    for kp_id, role, code, name in zip(
        *(codes.column(each).to_pylist() for each in ("kp_id", "role", "code", "name")),
        strict=True,
    ):
        by_point.setdefault(kp_id, []).append(PointCode(role, code, name))
    return [_to_point(row, tuple(sorted(by_point.get(row["kp_id"], ())))) for row in points.to_pylist()]


def _to_point(row: Mapping[str, Any], codes: tuple[PointCode, ...]) -> KnowledgePoint:
    names = (*_PLAIN, "class_no", "published_at", "valid_from", "valid_to", "coded")
    return KnowledgePoint(**{name: row[name] for name in names}, supersedes=tuple(row["supersedes"]), limit=limit_from(row), codes=codes)


def with_ends(points: pa.Table, ends: Mapping[str, date]) -> pa.Table:
    """The points with `valid_to` no later than the ends given by kp_id (columnar: no object per point)."""
    if not ends:
        return points
    at = pc.index_in(points.column("kp_id"), value_set=pa.array(list(ends), pa.string()))
    found = pc.take(pa.array(list(ends.values()), pa.date32()), at)
    valid_to = pc.min_element_wise(points.column("valid_to"), found, skip_nulls=True)
    return points.set_column(points.schema.get_field_index("valid_to"), "valid_to", valid_to)
