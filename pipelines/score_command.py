"""The command `xiezhi score`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer


def score(
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="月份（默认最近一月）。Month (default: the last).")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="账龄算到哪天（默认今天）。Age up to this date."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """评分：用 champion 模型为机构、医师、参保人排序并写明理由，更新待办优先级。Score with the champions, with reasons; the queue follows.

    分值只作指标：至多提高优先级，不作为认定依据；参保人只保存最突出的十分之一。

    Scores are indicators: they can raise a priority, never decide; of persons only the most conspicuous tenth is stored.
    """
    from dataclasses import asdict

    from pipelines.cases.app import Desk
    from pipelines.learning import month_to_use
    from pipelines.score import score as run
    from xiezhi.settings import load_settings

    at = datetime.now()
    desk = Desk.of(load_settings())
    chosen = month_to_use(desk.settings, month)
    done = run(desk, chosen, as_of=(as_of or at).date(), at=at, say=lambda text: typer.echo(text, err=True))
    if as_json:
        import json

        typer.echo(json.dumps(asdict(done), ensure_ascii=False, indent=2))
        return
    for name, count in done.scores.items():
        typer.echo(f"{name}: {count:,} 个分值 scores")
    if done.missing:
        typer.echo(f"无模型 no champion: {', '.join(done.missing)}")
    if done.applied:
        typer.echo(f"待办 waiting {done.applied.cases} · 提高 raised {done.applied.raised} · 探索 explored {done.applied.explored}")
