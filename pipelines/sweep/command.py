"""The command `xiezhi sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sweep(
    from_month: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM", help="服务月份起。First service month.")] = None,
    to_month: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM", help="服务月份止（含）。Last service month.")] = None,
    engine: Annotated[str, typer.Option("--engine", metavar="duckdb|spark", help="引擎。Engine.")] = "duckdb",
    rule: Annotated[list[str] | None, typer.Option("--rule", metavar="ID", help="只运行这些规则。Only these rules.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="疑点另存为 parquet、csv、jsonl。Write findings.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="本次运行的报告页面。The page of this run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """全量筛查：对已入库的费用运行全部启用规则，核对证据后保存疑点。All active rules over the stored claims; proven findings are stored.

    同样的数据和规则再次运行不会新增任何疑点。月份按服务日期计算。

    Running again over the same data and rules adds nothing. Months are those of the service date.
    """
    from pipelines.sweep.months import month_option
    from pipelines.sweep.outputs import check_out, document, print_summary, write_out
    from pipelines.sweep.run import Request
    from pipelines.sweep.run import sweep as run
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings

    if engine not in ("duckdb", "spark"):
        raise UsageError.of(f"--engine {engine}", accepted="duckdb, spark")
    if out is not None:
        check_out(out)
    chosen = load_settings()
    request = Request(
        home=chosen.home,
        rules_dir=chosen.rules_dir,
        from_month=month_option("--from", from_month),
        to_month=month_option("--to", to_month),
        rules=tuple(dict.fromkeys(rule or ())),
        engine=engine,
        threads=chosen.threads,
    )
    outcome = run(request, progress=lambda text: typer.echo(text, err=True))
    if out is not None:
        write_out(out, outcome.open)
    page = html if html is not None else chosen.home / "reports" / f"sweep-{outcome.run_id}.html"
    from pipelines.sweep.page import write_page

    write_page(page, outcome, chosen.home)
    if as_json:
        import json

        typer.echo(json.dumps(document(outcome) | {"page": str(page)}, ensure_ascii=False, indent=2))
    else:
        print_summary(outcome)
        typer.echo(f"报告页面 page: {page}")
    if outcome.refused:
        raise typer.Exit(1)
