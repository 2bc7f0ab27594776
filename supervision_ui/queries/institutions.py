"""Names and levels of institutions, from the newest stored row of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from xiezhi.domain.facts import HOSPITAL_LEVELS
from xiezhi.storage.delta import DeltaStore


@dataclass(frozen=True, slots=True)
class Named:
    """An institution: its name (its code where nobody gave one) and level (3 to 0, None where unknown)."""

    code: str
    name: str
    level: int | None


def institution_names(claims: DeltaStore, codes: Iterable[str]) -> dict[str, Named]:
    """All asked institutions by code."""
    wanted = sorted(set(codes))
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT fixmedins_code, ARG_MAX(fixmedins_name, k), ARG_MAX(hosp_lv, k) FROM "
            "(SELECT *, COALESCE(updt_time, TIMESTAMP '1900-01-01') AS k "
            f"FROM {claims.scan_sql('medins_d')} WHERE fixmedins_code IN (SELECT UNNEST(?::VARCHAR[]))) GROUP BY 1",
            [wanted],
        ).fetchall()
    found = {code: Named(code, name or code, HOSPITAL_LEVELS.get(level)) for code, name, level in rows}
    return {code: found.get(code, Named(code, code, None)) for code in wanted}
