"""The content of a row: Python and DuckDB agree on text, hash, known fields and month, for every table."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xiezhi.domain.tables import (
    TABLES,
    Column,
    Kind,
    TableSpec,
    content_hash,
    content_hash_sql,
    content_text,
    known_fields,
    known_fields_sql,
    month_sql,
)

CON = duckdb.connect()


def values(column: Column) -> st.SearchStrategy[object]:
    if column.kind.textual:
        some: st.SearchStrategy[object] = st.text(st.characters(exclude_characters="\x1f\x00", exclude_categories=["Cs"]), min_size=1)
    elif column.kind.scale is not None:
        some = st.decimals(-(10**11), 10**11, places=column.kind.scale)
    elif column.kind is Kind.INTEGER:
        some = st.integers(-(2**63), 2**63 - 1)
    elif column.kind is Kind.DATE:
        some = st.dates(date(1900, 1, 1), date(9999, 12, 31))
    else:
        some = st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31))
    return st.none() | some


def row_of(spec: TableSpec) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({column.name: values(column) for column in spec.columns})


@pytest.mark.parametrize("table", TABLES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_python_and_duckdb_agree(table: str, data: st.DataObject) -> None:
    spec = TABLES[table]
    row = data.draw(row_of(spec))
    columns = ", ".join(f"CAST(? AS {column.kind.sql_type}) AS {column.name}" for column in spec.columns)
    query = f"SELECT {content_hash_sql(spec)}, {known_fields_sql(spec)}, {month_sql(spec)} FROM (SELECT {columns})"
    got_hash, got_known, got_month = CON.execute(query, [row[name] for name in spec.names]).fetchall()[0]
    assert got_hash == content_hash(spec, row)
    assert got_known == known_fields(spec, row)
    when = row[spec.month_column] if spec.month_column else None
    assert got_month == (when.year * 100 + when.month if isinstance(when, date) else 0)


def test_content_is_a_function_of_typed_values() -> None:
    spec = TABLES["fee_list_d"]
    loose = {"bkkp_sn": "F1", "cnt": Decimal("12"), "det_item_fee_sumamt": Decimal("12.0"), "setl_id": ""}
    exact = {"bkkp_sn": "F1", "cnt": Decimal("12.000000"), "det_item_fee_sumamt": Decimal("12.00"), "setl_id": None, "unknown": "x"}
    assert content_hash(spec, loose) == content_hash(spec, exact)
    assert content_hash(spec, exact) != content_hash(spec, exact | {"cnt": Decimal("12.000001")})
    assert content_text(spec, {"cnt": Decimal("-0.00")}) == content_text(spec, {"cnt": Decimal(0)})
    moved = {"mdtrt_id": "F1"}
    assert content_hash(spec, moved) != content_hash(spec, {"bkkp_sn": "F1"})


def test_every_table_ends_with_its_update_time_and_knows_its_identity() -> None:
    for spec in TABLES.values():
        assert spec.names[-1] == "updt_time"
        assert len(set(spec.names)) == len(spec.names)
        assert set(spec.identity) <= set(spec.names)
        for reference in spec.references:
            assert set(reference.columns) <= set(spec.names)
            assert set(reference.target_columns) <= set(TABLES[reference.table].names)
