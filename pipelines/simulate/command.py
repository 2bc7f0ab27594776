"""`xiezhi simulate`: writes a simulated region to a folder, and its truth to another folder on request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def simulate(
    out: Annotated[Path, typer.Option(help="输出目录 · folder for the tables")],
    persons: Annotated[int, typer.Option(help="参保人数 · insured persons")] = 5000,
    months: Annotated[int, typer.Option(help="月数 · months of service")] = 6,
    seed: Annotated[int, typer.Option(help="随机种子 · seed, the only source of chance")] = 20260201,
    schemes: Annotated[str, typer.Option(help="骗保情景 · all, none, or names with commas")] = "all",
    form: Annotated[str, typer.Option("--format", help="文件格式 · parquet or csv")] = "parquet",
    truth: Annotated[Path | None, typer.Option(help="真相目录,默认不写 · folder for the injected truth, not written by default")] = None,
    start: Annotated[str, typer.Option(help="起始月份 · first month, YYYY-MM")] = "2026-02",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · one JSON document")] = False,
) -> None:
    """模拟一个统筹区的结算数据 · Simulate the claims of one region."""
    from pipelines.simulate.run import run

    report = run(out, persons=persons, months=months, seed=seed, schemes=schemes, form=form, truth=truth, start=start)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
        return
    for table, rows in report["rows"].items():
        typer.echo(f"{table:<18}{rows:>12,}")
    typer.echo(f"知识点 · points     {report['points']:>10,}")
    typer.echo(f"{report['seconds']:.1f} s → {out}")
    if truth is not None:
        typer.echo(f"真相 · truth        {report['truth_lines']:>10,} → {truth}")
