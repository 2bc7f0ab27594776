"""The ingest job: files in, claim store and report out."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.ingest.batch import BadRecord, Reader, ready
from pipelines.ingest.csv_source import CsvReader
from pipelines.ingest.files import SourceFile, discover
from pipelines.ingest.header import Header, match_header
from pipelines.ingest.loader import TableLoader
from pipelines.ingest.mapping import Mappings, TableMapping
from pipelines.ingest.parquet_source import ParquetReader
from pipelines.ingest.pending import pending_references
from pipelines.ingest.prefetch import prefetched
from pipelines.ingest.quarantine import Quarantine
from pipelines.ingest.report import IngestReport, TableReport
from pipelines.ingest.xlsx_source import XlsxReader, sheets_of
from xiezhi.domain.errors import Problem, XiezhiError
from xiezhi.domain.tables import TABLES, TableSpec
from xiezhi.storage.delta import DeltaStore

Progress = Callable[[Path, int, int | None], None]
"""Told the file, the rows of it that are done, and how many it has where that is known."""
MEMORY_LIMIT = "1GB"
"""What the scratch database may keep in memory; beyond it goes to disk."""


def _quiet(file: Path, done: int, total: int | None) -> None:
    """No progress."""


def _ingest_id(sources: Sequence[SourceFile], store: DeltaStore) -> str:
    """A name of this load that the same files on the same store give again: no clock, no chance."""
    parts = [f"{source.path.name}:{source.path.stat().st_size}" for source in sources]
    return hashlib.md5("\n".join([store.data_version(), *parts]).encode(), usedforsecurity=False).hexdigest()[:16]


def _sheets(sources: Sequence[SourceFile], problems: list[Problem]) -> Iterator[tuple[SourceFile, str]]:
    """Files with the sheet to read of each (empty where the form has none), in load order."""
    found: list[tuple[SourceFile, str]] = []
    for source in sources:
        if source.path.suffix.casefold() != ".xlsx":
            found.append((source, ""))
            continue
        try:
            found += [(SourceFile(source.path, table), sheet) for table, sheet in sheets_of(source.path, source.table)]
        except XiezhiError as error:
            problems += error.problems
    order = {name: index for index, name in enumerate(TABLES)}
    yield from sorted(found, key=lambda item: order[item[0].table])


def _open(source: SourceFile, sheet: str) -> Reader:
    match source.path.suffix.casefold():
        case ".parquet":
            return ParquetReader(source.path)
        case ".xlsx":
            return XlsxReader(source.path, sheet)
        case _:
            return CsvReader(source.path)


def _load_file(
    loader: TableLoader, spec: TableSpec, source: SourceFile, sheet: str, mapping: TableMapping, report: TableReport, progress: Progress
) -> None:
    reader = _open(source, sheet)
    header: Header = match_header(spec, reader.names, mapping, str(source.path))

    def batches() -> Iterator[tuple[Any, list[BadRecord]]]:
        for batch in reader.batches():
            yield ready(batch, header, mapping.values, str(source.path)), batch.bad

    done = 0
    progress(source.path, 0, reader.total)
    for table, bad in prefetched(batches):
        loader.feed(table, bad, lossy=reader.lossy, file=source.path.name, header_line=max(reader.header_line, 1))
        done += len(table) + len(bad)
        progress(source.path, done, reader.total)


def ingest(
    paths: Sequence[Path],
    store: DeltaStore,
    *,
    mappings: Mappings | None = None,
    progress: Progress = _quiet,
    threads: int = 2,
) -> IngestReport:
    """Load files or folders of national tables into the store.

    Rows that are good are stored, also where other rows or whole files are bad. Loading the same again stores nothing. Each table is
    consistent at any moment; after a crash the same call completes the rest.

    Args:
        paths: folders and files (`files.discover`).
        store: where rows go.
        mappings: how the sender names files, columns and values.
        progress: told after every batch.
        threads: threads of the validation.

    Returns:
        The report; nothing is raised for what is wrong in the data.

    Raises:
        UsageError: a path does not exist or is no data file.
    """
    started = time.perf_counter()
    mappings = mappings or Mappings()
    sources, problems = discover(paths, mappings)
    report = IngestReport(_ingest_id(sources, store), problems=problems)
    quarantine = Quarantine(store, report.ingest_id)
    store.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".ingest-", dir=store.root) as scratch:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": scratch,
        }
        con = duckdb.connect(config=config)
        try:
            by_table: dict[str, list[tuple[SourceFile, str]]] = {}
            for item in _sheets(sources, report.problems):
                by_table.setdefault(item[0].table, []).append(item)
            for table, files in by_table.items():
                spec, counts = TABLES[table], report.of(table)
                with TableLoader(con, store, spec, counts, quarantine, report.ingest_id) as loader:
                    for source, sheet in files:
                        try:
                            _load_file(loader, spec, source, sheet, mappings.of(table), counts, progress)
                        except XiezhiError as error:
                            report.problems += error.problems
                quarantine.flush()
            report.pending = pending_references(con, store)
        finally:
            con.close()
    report.data_version = store.data_version()
    report.seconds = time.perf_counter() - started
    return report
