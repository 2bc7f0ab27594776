"""How an ingest shows itself: a progress bar on a terminal and plain lines otherwise, and the report as tables."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.ingest.report import BadValue, IngestReport
from pipelines.ingest.run import Progress as Report
from xiezhi.domain.row_reasons import REASONS
from xiezhi.domain.tables import TABLES

TOP_REASONS = 3
LISTED = 40
"""Bad values that are listed one by one."""
_EVERY = 5.0  # seconds between plain lines


@contextmanager
def progress_to() -> Iterator[Report]:
    """A progress function that draws on stderr: a bar on a terminal, a plain line a file and every few seconds otherwise."""
    if not sys.stderr.isatty():
        yield _plain()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def show(file: Path, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(escape(file.name), total=total)
            bar.update(tasks[file], completed=done, total=total)

        yield show


def _plain() -> Report:
    last = 0.0

    def show(file: Path, done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY or done == total:
            last = now
            of = f" / {total:,}" if total is not None else ""
            print(f"读取 reading {file}: {done:,}{of} 行 rows", file=sys.stderr, flush=True)  # noqa: T201

    return show


def bad_value_text(value: BadValue) -> str:
    """One bad value as one line: file, row, column, value, reason in both languages."""
    column = f" [{value.column}]" if value.column else ""
    shown = "" if value.value is None else f" {value.value[:60]!r}"
    return f"{value.file}: 第 {value.row} 行数据 row {value.row} (line {value.line}){column}{shown}: {value.zh}。{value.en}"


def print_report(report: IngestReport, console: Console | None = None) -> None:
    """Print the report on stdout."""
    console = console or (Console() if sys.stdout.isatty() else Console(width=160))
    counts = Table("表 table")
    for title in ("读取 read", "入库 accepted", "重复 duplicates", "更正 corrections", "隔离 quarantined"):
        counts.add_column(title, justify="right")
    for item in report.tables:
        numbers = (item.read, item.accepted, item.duplicates, item.corrections, item.quarantined)
        counts.add_row(f"{item.table} {TABLES[item.table].title_zh}", *(f"{number:,}" for number in numbers))
    if report.tables:
        console.print(counts)
    for item in report.tables:
        for (file, column, reason), rows in item.reasons.most_common(TOP_REASONS):
            why = REASONS[reason]
            line = f"  {item.table} {file} {f'[{column}]' if column else ''}: {why.zh}。{why.en} × {rows:,}"
            console.print(line, markup=False, highlight=False)
    examples = sorted((e for item in report.tables for e in item.examples), key=lambda e: (e.table, e.file, e.row))
    if examples:
        console.print("隔离的行 quarantined rows:")
        for example in examples[:LISTED]:
            console.print(f"  {bad_value_text(example)}", markup=False, highlight=False)
        total = sum(sum(item.reasons.values()) for item in report.tables)
        if total > LISTED:
            console.print(f"  … 共 {total:,} 处，全部见 quarantine 表。{total:,} in all, every one is in the table quarantine.")
    if report.problems:
        console.print("未导入的文件 files that were not loaded:")
        for problem in report.problems:
            console.print(f"  {problem}", markup=False, highlight=False)
    if report.pending:
        console.print("待补的引用（已入库，待对方数据到达后判定）references still pending (stored; judged when the other row comes):")
        for pending in report.pending:
            console.print(f"  {pending.table}.{pending.column} → {pending.target}: {pending.rows:,} ({pending.example})", markup=False)
    read = sum(item.read for item in report.tables)
    console.print(f"{read:,} 行 rows, {report.seconds:.1f} s", highlight=False)
