"""Fee lines a second of `xiezhi ingest`, beside a bare Arrow read and Delta write of the same columns.

Ours reads, trims, validates, hashes, looks for duplicates, counts corrections and pending references, and writes; the bare side reads
and writes, with the same compression and partitions, in one commit. The ratio is ours / bare for Parquet; goal at least 0.4.
`parquet` and `csv` are our lines a second, `parquet_bare` and `csv_bare` the other side's.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from deltalake import write_deltalake

from bench._fee_lines import fee_lines
from bench._harness import alternate, finish, progress, ratios, read_options
from pipelines.ingest.run import ingest
from xiezhi.domain.tables import TABLES
from xiezhi.storage.delta import DeltaStore, arrow_type, writer_properties

GOAL = 0.4
GOAL_LINES = 90_000
QUICK, FULL = 300_000, 3_000_000


def _month(batch: pa.RecordBatch) -> pa.RecordBatch:
    when = batch.column("fee_ocur_time")
    month = pc.add(pc.multiply(pc.year(when), 100), pc.month(when)).cast(pa.int32())
    return batch.append_column("month", month)


def _write(batches: Iterator[pa.RecordBatch], schema: pa.Schema, folder: Path) -> None:
    stream = pa.RecordBatchReader.from_batches(schema.append(pa.field("month", pa.int32())), (_month(batch) for batch in batches))
    write_deltalake(folder, stream, mode="append", partition_by=["month"], writer_properties=writer_properties())


def bare_parquet(source: Path, folder: Path) -> None:
    """Read Parquet with Arrow, write Delta."""
    file = pq.ParquetFile(source, memory_map=True)
    _write(file.iter_batches(batch_size=131_072), file.schema_arrow, folder)


def bare_csv(source: Path, folder: Path) -> None:
    """Read CSV with Arrow into the stored types, write Delta."""
    types = {column.name: arrow_type(column) for column in TABLES["fee_list_d"].columns}
    convert = pacsv.ConvertOptions(column_types=types, strings_can_be_null=True)
    reader = pacsv.open_csv(source, pacsv.ReadOptions(block_size=32 << 20), convert_options=convert)
    _write(iter(reader), reader.schema, folder)


def main() -> int:
    """Run the benchmark; exit code 1 where a goal is missed."""
    options = read_options(__doc__)
    lines, runs = (QUICK, 3) if options.quick else (FULL, 5)
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as scratch:
        home = Path(scratch)
        progress(f"making {lines:,} fee lines")
        table = fee_lines(lines)
        parquet, csv = home / "fee_list_d.parquet", home / "fee_list_d.csv"
        pq.write_table(table, parquet, row_group_size=131_072)
        seconds = pa.schema([pa.field(f.name, pa.timestamp("s") if pa.types.is_timestamp(f.type) else f.type) for f in table.schema])
        pacsv.write_csv(table.cast(seconds), csv)
        del table
        count = iter(range(1_000_000))

        def fresh() -> Path:
            return home / f"store-{next(count)}"

        def ours(source: Path) -> Callable[[], None]:
            def load() -> None:
                report = ingest([source], DeltaStore(fresh())).of("fee_list_d")
                if report.accepted != lines:
                    raise AssertionError(f"{report.accepted} of {lines} lines were accepted: {report.reasons}")

            return load

        def bare(side: Callable[[Path, Path], None], source: Path) -> Callable[[], None]:
            return lambda: side(source, fresh())

        times: dict[str, list[float]] = {}
        for form, source, side in (("parquet", parquet, bare_parquet), ("csv", csv, bare_csv)):
            sides = {form: ours(source), f"{form}_bare": bare(side, source)}
            times |= alternate(sides, runs)
    rates: dict[str, Any] = {name: round(lines / statistics.median(spent)) for name, spent in times.items()}
    met = finish(
        "ingest",
        ratios(times["parquet_bare"], times["parquet"]),
        goal=GOAL,
        better="higher",
        unit="of the lines/s of a bare read and write",
        lines=lines,
        csv_ratio=round(statistics.median(ratios(times["csv_bare"], times["csv"])), 4),
        goal_lines=GOAL_LINES,
        **rates,
    )
    return 0 if met and rates["parquet"] >= GOAL_LINES else 1


if __name__ == "__main__":
    sys.exit(main())
