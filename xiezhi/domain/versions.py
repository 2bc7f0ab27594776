"""Versions, corrections and moved persons: which row of several with one identity counts (semantics.md 1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
"""A raw row: national column names, typed values, and the meta columns `content_hash` and `known_fields`."""


def version_key(row: Row) -> tuple[datetime, int, str]:
    """Order of versions: later `updt_time` (missing is older than any), then more known fields, then greater hash."""
    return (row.get("updt_time") or datetime.min, row["known_fields"], row["content_hash"])


def newest(rows: Iterable[Row], identity: Callable[[Row], object]) -> dict[object, Row]:
    """The newest version of each identity, whatever the order of arrival."""
    best: dict[object, Row] = {}
    for row in rows:
        key = identity(row)
        if key not in best or version_key(row) > version_key(best[key]):
            best[key] = row
    return best


def newest_of_person(
    rows: Iterable[Row], identity: Callable[[Row], object], person_of: Callable[[str], str]
) -> dict[object, tuple[Row, bool]]:
    """The newest version of each identity that belongs to the person of its oldest version.

    A correction to another person is refused: people move only by the person map. Returns the row and whether a
    version was refused.
    """
    versions: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        versions[identity(row)].append(row)
    chosen: dict[object, tuple[Row, bool]] = {}
    for key, group in versions.items():
        if len(group) == 1:  # nearly every row: there is nothing to choose
            chosen[key] = (group[0], False)
            continue
        owner = person_of(min(group, key=version_key)["psn_no"])
        own = [row for row in group if person_of(row["psn_no"]) == owner]
        chosen[key] = (max(own, key=version_key), len(own) < len(group))
    return chosen


def newest_set(rows: Iterable[Row]) -> list[Row]:
    """Of all rows of one encounter, those of the newest set: the rows that share the latest `updt_time`."""
    group = list(rows)
    if not group:
        return []
    latest = max(row.get("updt_time") or datetime.min for row in group)
    return [row for row in group if (row.get("updt_time") or datetime.min) == latest]


def resolve_persons(map_rows: Iterable[Row]) -> dict[str, str]:
    """`psn_map_d` flattened: every old number to the number it ends at. A cycle ends at its smallest number.

    >>> resolve_persons([{"old_psn_no": "1", "psn_no": "2", "known_fields": 2, "content_hash": ""},
    ...                  {"old_psn_no": "2", "psn_no": "3", "known_fields": 2, "content_hash": ""}])
    {'1': '3', '2': '3'}
    """
    step = {str(old): row["psn_no"] for old, row in newest(map_rows, lambda r: r["old_psn_no"]).items()}
    final: dict[str, str] = {}
    for start in step:
        seen, at = [start], step[start]
        while at in step and at not in seen:
            seen.append(at)
            at = step[at]
        final[start] = min(seen[seen.index(at) :]) if at in seen else at
    return {old: new for old, new in final.items() if old != new}
