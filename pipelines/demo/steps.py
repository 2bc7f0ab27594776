"""The chain of the demonstration, in order: which command, how it is called, with what arguments.

A further step is one more entry of `CHAIN`: a command of `xiezhi` that takes `--json`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.demo.run import Demonstration

Arguments = Callable[["Demonstration"], Sequence[str]]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        command: name of the entry point (`cases.open` is `xiezhi cases open`), called with `--json`.
        label: what the step does, Chinese then English.
        arguments: its arguments, from what the steps before have made.
    """

    command: str
    label: str
    arguments: Arguments = lambda demo: ()


def _simulate(demo: Demonstration) -> Sequence[str]:
    numbers = ("--persons", str(demo.persons), "--months", str(demo.months), "--seed", str(demo.seed))
    return ("--out", str(demo.tables), "--truth", str(demo.truth), *numbers)


def _last_month(demo: Demonstration) -> Sequence[str]:
    return ("--month", f"{demo.day:%Y-%m}")


def _panel(demo: Demonstration) -> Sequence[str]:
    """At most 500 cases and at most half of those that wait, so that a small region keeps a queue to work on."""
    return ("--truth", str(demo.truth), "--top", str(min(500, demo.steps["cases.open"]["waiting"] // 2)))


LOADED = (
    Step("simulate", "模拟 simulate", _simulate),
    Step(
        "knowledge.import",
        "知识点 knowledge points",
        lambda demo: [str(demo.tables / "knowledge" / f"{n}.csv") for n in ("points", "codes")],
    ),
    Step("ingest", "入库 ingest", lambda demo: [str(path) for path in sorted(demo.tables.glob("*.parquet"))]),
)
"""Claims and knowledge points into the store."""
SWEEP = Step("sweep", "筛查 sweep", lambda demo: ("--out", str(demo.findings), "--html", str(demo.home / "sweep.html")))
"""All rules over the store."""
CHAIN = (
    *LOADED,
    Step("replay", "回放一天 replay one day", lambda demo: ("store", "--from", demo.day.isoformat(), "--to", demo.day.isoformat())),
    Step("stream", "实时处理 stream", lambda demo: ("--once",)),
    SWEEP,
    Step("cases.open", "立案 open cases"),
    Step("graph", "医患关系网 graph", _last_month),
    Step("panel", "模拟审核 simulated panel", _panel),
    Step("train", "训练 train", _last_month),
    Step("score", "评分 score", _last_month),
    Step("credit", "信用评价 credit"),
    Step("report", "月报 monthly report", _last_month),
    Step("cases.list", "待办 queue", lambda demo: ("--limit", "5")),
)
"""The whole chain."""
