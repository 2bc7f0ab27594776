"""Writes a region to a folder: one Parquet or CSV file a table, the knowledge of its catalogue, and the truth elsewhere if asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from pipelines.simulate import inventory, tables
from pipelines.simulate.arrow import Column
from pipelines.simulate.fee_table import fee_chunks
from pipelines.simulate.points import write_points
from pipelines.simulate.tables import Claims


def _plain(table: Column) -> Column:
    """Columns as texts that every reader of CSV takes: times to the second, decimals in full."""
    columns = []
    for column in table.columns:
        if pa.types.is_timestamp(column.type):
            column = pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
        elif pa.types.is_decimal(column.type):
            column = column.cast(pa.string())
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _write(path: Path, chunks: Iterable[Column], form: str) -> int:
    count = 0
    writer = None
    try:
        for chunk in chunks:
            table = _plain(chunk) if form == "csv" else chunk
            if writer is None:
                writer = (
                    pcsv.CSVWriter(path, table.schema, write_options=pcsv.WriteOptions(quoting_style="needed"))
                    if form == "csv"
                    else pq.ParquetWriter(path, table.schema)
                )
            writer.write_table(table)
            count += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return count


def write_region(claims: Claims, folder: Path, form: str) -> dict[str, int]:
    """Write all tables as `form` (parquet or csv) and `knowledge/`; returns rows by table.

    A table of the other form that an earlier run left in the folder is removed, so that the folder holds one region.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stock = inventory.make_stock(claims)
    sold, brought_back = inventory.sales(claims)
    made: dict[str, Iterable[Column]] = {
        "medins_d": [tables.institutions(claims)],
        "staff_d": [tables.staff(claims)],
        "psn_map_d": [tables.merged_persons(claims)],
        "mdtrt_d": [tables.encounters(claims)],
        "setl_list_diag_d": [tables.diagnoses(claims)],
        "setl_list_oprn_d": [tables.operations(claims)],
        "fee_list_d": fee_chunks(claims),
        "setl_d": [tables.settlements(claims)],
        "idty_check_d": [tables.checks(claims)],
        "fsi_3501": [inventory.stocktakes(claims, stock)],
        "fsi_3502": [inventory.changes(claims, stock)],
        "fsi_3503": [inventory.purchases(claims, stock)],
        "fsi_3504": [inventory.purchase_returns(claims, stock)],
        "fsi_3505": [sold],
        "fsi_3506": [brought_back],
    }
    counts = {}
    for name, chunks in made.items():
        for other in ("parquet", "csv"):
            (folder / f"{name}.{other}").unlink(missing_ok=True)
        counts[name] = _write(folder / f"{name}.{form}", chunks, form)
    write_points(folder / "knowledge")
    return counts
