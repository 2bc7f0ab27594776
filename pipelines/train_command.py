"""The command `xiezhi train`."""

from __future__ import annotations

from typing import Annotated

import typer


def train(
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="月份（默认最近一月）。Month (default: the last).")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="随机种子。Seed.")] = 1,
    promote: Annotated[bool, typer.Option("--promote", help="不逊于现任即上任。Make those that are not worse champions.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """训练：同组比较模型不需标签；案件模型只学习审核结论，结论太少则不训练。Train: peers need no labels, cases learn from decisions only.

    新模型登记为 challenger；首个或 --promote 且不逊于现任者为 champion。模型卡写入数据目录的 models。模型只作指标，不作为认定依据。

    New models are challengers; the first, or with --promote one that is not worse, becomes champion. Cards go to models below the home.
    """
    from dataclasses import asdict

    from pipelines.cases.app import Desk
    from pipelines.learning import month_to_use
    from pipelines.train import train as run
    from xiezhi.settings import load_settings

    desk = Desk.of(load_settings())
    chosen = month_to_use(desk.settings, month)
    done = run(desk, chosen, seed=seed, promote=promote, say=lambda text: typer.echo(text, err=True))
    if as_json:
        import json

        typer.echo(json.dumps({"month": chosen, "seed": seed, "models": [asdict(each) for each in done]}, ensure_ascii=False, indent=2))
        return
    for each in done:
        told = " · ".join(f"{name} {value:.3f}" for name, value in each.metrics.items())
        parts = (f"版本 version {each.version} {each.alias} · {each.rows:,} 行 rows" if each.version else "", told, each.note)
        typer.echo(f"{each.model}: " + " · ".join(part for part in parts if part))
