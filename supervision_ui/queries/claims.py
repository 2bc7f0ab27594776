"""Claims as stored: the newest version of fee lines, and the visits of a person. Refunds are rows of their own here, as they were sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from xiezhi.domain.facts import ENCOUNTER_KINDS
from xiezhi.domain.money import fen, micro
from xiezhi.domain.versions import resolve_persons
from xiezhi.storage.delta import DeltaStore

LineKey = tuple[str, str]
"""Institution and number of a fee line."""
_NEWEST = "COALESCE(r.updt_time, TIMESTAMP '0001-01-01') DESC, r.known_fields DESC, r.content_hash DESC"
VISITS = 200
"""Visits shown of one person, the newest."""


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A fee line as billed: quantity and price in millionths, amount in fen."""

    institution_code: str
    line_id: str
    encounter_id: str
    time: datetime
    item_code: str
    name: str
    quantity: int
    price: int
    amount_fen: int
    department: str
    practitioner_code: str


@dataclass(frozen=True, slots=True)
class StoredVisit:
    """A visit or stay with the sum of its fee lines in fen; `kind` is `other` where its code is not known."""

    encounter_id: str
    institution_code: str
    kind: str
    begin: datetime
    end: datetime | None
    diagnosis: str
    lines: int
    amount_fen: int


def stored_lines(claims: DeltaStore, keys: Iterable[LineKey]) -> dict[LineKey, StoredLine]:
    """The newest version of fee lines, as far as they are stored."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    with duckdb.connect() as con:
        con.register("asked", pa.table({"i": [key[0] for key in wanted], "l": [key[1] for key in wanted]}))
        rows = con.execute(
            "SELECT r.fixmedins_code, r.bkkp_sn, r.mdtrt_id, r.fee_ocur_time, r.med_list_codg,"
            " COALESCE(r.hilist_name, r.medins_list_name, r.med_list_codg), r.cnt, r.pric, r.det_item_fee_sumamt,"
            " COALESCE(r.bilg_dept_codg, ''), COALESCE(r.bilg_dr_code, '')"
            f" FROM {claims.scan_sql('fee_list_d')} AS r JOIN asked AS a ON r.fixmedins_code = a.i AND r.bkkp_sn = a.l"
            f" QUALIFY ROW_NUMBER() OVER (PARTITION BY r.fixmedins_code, r.bkkp_sn ORDER BY {_NEWEST}) = 1"
        ).fetchall()
    return {
        (row[0], row[1]): StoredLine(
            row[0], row[1], row[2], row[3], row[4], row[5], micro(row[6]), micro(row[7]), fen(row[8]), row[9], row[10]
        )
        for row in rows
    }


def stored_visits(claims: DeltaStore, person: str) -> list[StoredVisit]:
    """The newest visits of a person under the present number and all earlier ones, oldest first."""
    with duckdb.connect() as con:
        done = con.execute(f"SELECT old_psn_no, psn_no, updt_time, known_fields, content_hash FROM {claims.scan_sql('psn_map_d')}")
        names = [column[0] for column in done.description or ()]
        merged = resolve_persons([dict(zip(names, row, strict=True)) for row in done.fetchall()])
        numbers = sorted({person, *(old for old, present in merged.items() if present == person)})
        rows = con.execute(
            f"WITH v AS (SELECT r.* FROM {claims.scan_sql('mdtrt_d')} AS r WHERE r.psn_no IN (SELECT UNNEST($1::VARCHAR[]))"
            f" QUALIFY ROW_NUMBER() OVER (PARTITION BY r.mdtrt_id ORDER BY {_NEWEST}) = 1),"
            f" l AS (SELECT r.* FROM {claims.scan_sql('fee_list_d')} AS r WHERE r.psn_no IN (SELECT UNNEST($1::VARCHAR[]))"
            f" QUALIFY ROW_NUMBER() OVER (PARTITION BY r.fixmedins_code, r.bkkp_sn ORDER BY {_NEWEST}) = 1),"
            " s AS (SELECT mdtrt_id, COUNT(*) AS n, SUM(det_item_fee_sumamt) AS fee FROM l GROUP BY mdtrt_id)"
            " SELECT v.mdtrt_id, v.fixmedins_code, v.med_type, v.begntime, v.endtime, COALESCE(v.dscg_maindiag_code, v.dise_no, ''),"
            " COALESCE(s.n, 0), COALESCE(s.fee, 0) FROM v LEFT JOIN s USING (mdtrt_id) WHERE v.begntime IS NOT NULL"
            f" ORDER BY v.begntime DESC, v.mdtrt_id LIMIT {VISITS}",
            [numbers],
        ).fetchall()
    made = [
        StoredVisit(row[0], row[1], ENCOUNTER_KINDS.get(row[2], "other"), row[3], row[4], row[5], row[6], fen(str(row[7]))) for row in rows
    ]
    return made[::-1]
