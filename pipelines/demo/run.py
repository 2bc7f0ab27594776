"""Runs the other commands by their entry points, so that the demonstration is what a user would type."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.detection_score import SchemeScore, TouchShare, score, touching
from xiezhi.cli import entry_points, load_command
from xiezhi.domain.errors import XiezhiError

Say = Callable[[str], None]


@dataclass
class Demonstration:
    """What each step reported, its seconds, and the score against the truth."""

    home: Path
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    schemes: list[SchemeScore] = field(default_factory=list)
    touching: list[TouchShare] = field(default_factory=list)

    @property
    def peak_mb(self) -> int:
        """The most memory this process held, in MB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def command(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Run a command in this process with `--json` and return its document; other output goes where it always goes.

    Raises:
        XiezhiError: the command failed (exit code 2 or 3) or printed no document.
    """
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = load_command(entry_points()[name]).main([*arguments, "--json"], prog_name=f"xiezhi {name}", standalone_mode=False) or 0
    text = out.getvalue().strip()
    if code not in (0, 1) or not text:
        raise XiezhiError.of(f"xiezhi {name} ended with code {code}", accepted="0 or 1 and a JSON document")
    return dict(json.loads(text))


def demonstrate(home: Path, *, persons: int, months: int, seed: int, say: Say) -> Demonstration:
    """Simulate, import knowledge, ingest, sweep; the truth is read at the very end, by the score alone.

    Everything is written below `home`, which replaces that of an earlier demonstration; the user's own data are not touched.
    """
    shutil.rmtree(home, ignore_errors=True)
    demo = Demonstration(home)
    tables, truth = home / "tables", home / "truth"

    def step(name: str, label: str, arguments: Sequence[str]) -> dict[str, Any]:
        say(label)
        start = time.perf_counter()
        demo.steps[name] = command(name, arguments)
        demo.seconds[name] = time.perf_counter() - start
        return demo.steps[name]

    step(
        "simulate",
        f"模拟 simulate: {persons:,} 人 persons × {months} 个月 months",
        ["--out", str(tables), "--truth", str(truth), "--persons", str(persons), "--months", str(months), "--seed", str(seed)],
    )
    knowledge = tables / "knowledge"
    step("knowledge.import", "知识点 knowledge points", [str(knowledge / "points.csv"), str(knowledge / "codes.csv")])
    step("ingest", "入库 ingest", [str(path) for path in sorted(tables.glob("*.parquet"))])
    findings = home / "findings.parquet"
    page = home / "sweep.html"
    step("sweep", "筛查 sweep", ["--out", str(findings), "--html", str(page)])
    say("对照真相 detection against the truth")
    start = time.perf_counter()
    import pyarrow.parquet as pq

    found = pq.read_table(findings)
    demo.schemes, demo.touching = score(found, truth), touching(found, truth)
    demo.seconds["detection"] = time.perf_counter() - start
    return demo
