"""The command `xiezhi panel`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def panel(
    truth: Annotated[Path, typer.Option("--truth", metavar="DIR", help="simulate --truth 写出的文件夹。Folder of the injected truth.")],
    share: Annotated[float, typer.Option("--share", min=0, max=1, help="随机抽取的案件份额。Random share of the waiting cases.")] = 0.05,
    top: Annotated[int, typer.Option("--top", min=0, max=100_000, help="另取待办前几件。Cases from the top of the queue.")] = 200,
    error: Annotated[float, typer.Option("--error", min=0, max=0.5, help="设定的错误率（每行）。Stated error rate, by line.")] = 0.05,
    seed: Annotated[int, typer.Option("--seed", help="随机种子。Seed.")] = 1,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="审核日期（默认现在）。Day of the decisions; now."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """模拟审核：仅供演示，按注入的真相以设定的错误率审核案件，每条结论均注明“模拟”。Simulated review, for demonstrations only.

    随机部分用于无偏估计准确率；待办前列部分有偏，不作估计。

    The random part gives an unbiased precision; the top of the queue does not and is left out of it.
    """
    from dataclasses import asdict

    from pipelines.cases.app import Desk
    from pipelines.panel import read_truth, run_panel
    from xiezhi.settings import load_settings

    known = read_truth(truth)
    desk = Desk.of(load_settings())
    done = run_panel(desk.store, desk.scheme, known, share=share, top=top, error=error, seed=seed, at=as_of or datetime.now())
    if as_json:
        import json

        asked = {"share": share, "top": top, "error_rate": error, "seed": seed}
        precision = [asdict(each) | {"precision": each.confirmed / each.findings} for each in done.precision]
        typer.echo(json.dumps({"simulated": True, **asked, **asdict(done), "precision": precision}, ensure_ascii=False, indent=2))
        return
    typer.echo(f"模拟审核 simulated · 待办 waiting {done.waiting} · 错误率 error rate {error:g} · 反转 flipped {done.flipped} 行 lines")
    for sample, label in (("random", "随机 random"), ("top", "待办前列 top")):
        lines = " · ".join(f"{name} {count}" for name, count in done.lines[sample].items())
        typer.echo(f"{label}: {done.cases[sample]} 件 cases · {lines or '—'}")
    typer.echo("结案 outcomes: " + (" · ".join(f"{name} {count}" for name, count in done.outcomes.items()) or "—"))
    for each in done.precision:
        share_ = each.confirmed / each.findings
        told = f"{each.confirmed}/{each.findings} = {share_:.1%}（95%: {each.low:.1%}–{each.high:.1%}）"
        typer.echo(f"准确率（仅随机部分）precision, random part only · {each.verdict}: {told}")
