"""What the report reads from the stored claims: totals of a month, completeness of fields, rows in quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.ingest import quarantine
from pipelines.report.content import Claims, Filled, QuarantineRow
from pipelines.sweep.page_words import Text
from xiezhi.domain.tables import TABLES
from xiezhi.storage.delta import DeltaStore


@dataclass(frozen=True)
class Field:
    """A field whose completeness is shown: a column of `table`, counted over the rows for which `among` holds."""

    name: str
    label: Text
    table: str
    column: str
    among: str


_NO_PHARMACY = "COALESCE(kind, '') <> 'pharmacy'"
FIELDS = (
    Field("doctor", Text("开单医师", "Ordering doctor"), "lines", "doctor", _NO_PHARMACY),
    Field("department", Text("开单科室", "Department"), "lines", "department", _NO_PHARMACY),
    Field("settlement", Text("结算编号", "Settlement"), "lines", "settlement", "true"),
    Field("prescription", Text("处方号（药品）", "Prescription (drugs)"), "lines", "prescription", "item LIKE 'X%' OR item LIKE 'Z%'"),
    Field("days_supplied", Text("用药天数（药品）", "Days supplied (drugs)"), "lines", "days_supplied", "item LIKE 'X%' OR item LIKE 'Z%'"),
    Field("diagnosis", Text("主诊断", "Main diagnosis"), "encounters", "main_diagnosis", _NO_PHARMACY),
    Field("end", Text("出院时间（住院）", "Discharge (stays)"), "encounters", "end_date", "kind = 'inpatient'"),
)
"""Fields that rules need and institutions may leave empty; pharmacies and other kinds of visits count only where the field applies."""


def claims_of_month(con: duckdb.DuckDBPyConnection, month: int) -> Claims:
    """Totals of the live lines and visits of a month number."""
    lines, persons, institutions, amount = con.execute(
        "SELECT COUNT(*), COUNT(DISTINCT person), COUNT(DISTINCT institution), "
        "COALESCE(SUM(amount), 0) FROM lines WHERE live AND month = ?",
        [month],
    ).fetchall()[0]
    ((fund,),) = con.execute("SELECT COALESCE(SUM(fund), 0) FROM encounters WHERE live AND month = ?", [month]).fetchall()
    return Claims(int(lines), int(persons), int(institutions), int(amount), int(fund))


def completeness(con: duckdb.DuckDBPyConnection, month: int) -> dict[str, dict[str, Filled]]:
    """By institution and field, for the live rows of a month; an institution without rows for a field has no entry there."""
    found: dict[str, dict[str, Filled]] = {}
    for field in FIELDS:
        for code, whole, present in con.execute(
            f"SELECT institution, COUNT(*), COUNT({field.column}) FROM {field.table} WHERE live AND month = ? AND ({field.among}) "
            "GROUP BY institution ORDER BY institution",
            [month],
        ).fetchall():
            found.setdefault(code, {})[field.name] = Filled(int(present), int(whole))
    return dict(sorted(found.items()))


def quarantined(con: duckdb.DuckDBPyConnection, store: DeltaStore, month: str) -> list[QuarantineRow]:
    """Rows in quarantine by table, column and reason, the most first: those of the month (`YYYY-MM`), and those whose date cannot be read.

    A row's month is that of the column that partitions its table, read from the row as it was sent.
    """
    columns = {spec.name: spec.month_column for spec in TABLES.values() if spec.month_column}
    dates = " ".join(f"WHEN '{table}' THEN row_json ->> '$.{column}'" for table, column in sorted(columns.items()))
    asked = (
        "WITH rows AS (SELECT *, regexp_extract(COALESCE(date_text, ''), '^\\s*(\\d{4})[-/.年]?(\\d{1,2})', ['y', 'm']) AS parts FROM ("
        f"SELECT *, CASE table_name {dates} END AS date_text FROM "
        "(SELECT * REPLACE (CASE WHEN json_valid(row_json) THEN row_json END AS "
        f"row_json) FROM {store.scan_sql(quarantine.TABLE, quarantine.TYPES)})"
        ")), dated AS (SELECT *, CASE WHEN parts.y = '' THEN NULL ELSE parts.y || '-' || lpad(parts.m, 2, '0') END AS row_month FROM rows) "
        "SELECT table_name, column_name, reason_zh, reason_en, row_month IS NOT NULL, COUNT(*) FROM dated "
        "WHERE row_month IS NULL OR row_month = ? GROUP BY ALL ORDER BY 6 DESC, 1, 2, 3, 4, 5"
    )
    return [
        QuarantineRow(table, column or "", Text(zh, en), bool(dated), int(count))
        for table, column, zh, en, dated, count in con.execute(asked, [month]).fetchall()
    ]


def stored_months(con: duckdb.DuckDBPyConnection) -> Mapping[int, int]:
    """Live fee lines by month number, in order."""
    return {
        int(month): int(count)
        for month, count in con.execute("SELECT month, COUNT(*) FROM lines WHERE live GROUP BY month ORDER BY month").fetchall()
    }
