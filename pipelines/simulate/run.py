"""One call from settings to a folder of tables."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TypedDict

from pipelines.simulate.points import POINTS
from pipelines.simulate.region import simulate_region
from pipelines.simulate.schemes import SCHEMES
from pipelines.simulate.settings import Settings
from pipelines.simulate.tables import prepare
from pipelines.simulate.truth import write_truth
from pipelines.simulate.writer import write_region
from xiezhi.domain.errors import UsageError


class Report(TypedDict):
    """What was written: rows by table, knowledge points, lines of the truth (0 where none was written), seconds."""

    rows: dict[str, int]
    points: int
    truth_lines: int
    seconds: float


def scheme_names(text: str) -> tuple[str, ...]:
    """`all`, `none` or names with commas as a tuple of names.

    Raises:
        UsageError: a name that does not exist.
    """
    if text in ("all", "none"):
        return tuple(SCHEMES) if text == "all" else ()
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in SCHEMES]
    if unknown or not names:
        raise UsageError.of(f"--schemes {text!r}: {', '.join(unknown) or 'no name'}", accepted="all, none, " + ", ".join(SCHEMES))
    return tuple(name for name in SCHEMES if name in names)


def run(
    out: Path,
    *,
    persons: int = 5000,
    months: int = 6,
    seed: int = 20260201,
    schemes: str = "all",
    form: str = "parquet",
    truth: Path | None = None,
    start: str = "2026-02",
) -> Report:
    """Simulate a region and write it to `out` (and its truth to `truth`).

    Raises:
        UsageError: settings out of range, an unknown scheme or format, or a truth folder inside `out`, where the tables are read.
    """
    if form not in ("parquet", "csv"):
        raise UsageError.of(f"--format {form!r}", accepted="parquet, csv")
    if truth is not None and truth.resolve().is_relative_to(out.resolve()):
        raise UsageError.of(
            f"--truth {truth} lies inside --out {out}", todo="choose a folder outside, so that nothing reads the truth by accident"
        )
    began = time.perf_counter()
    settings = Settings(persons, months, seed, scheme_names(schemes), start)
    care, book = simulate_region(settings)
    claims = prepare(care)
    rows = write_region(claims, out, form)
    lines = write_truth(book, claims, truth) if truth is not None else 0
    return Report(rows=rows, points=len(POINTS), truth_lines=lines, seconds=round(time.perf_counter() - began, 2))
