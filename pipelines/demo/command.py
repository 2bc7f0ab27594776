"""The command `xiezhi demo`."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    persons: Annotated[int, typer.Option(min=200, help="参保人数。Insured persons.")] = 5000,
    months: Annotated[int, typer.Option(min=1, max=36, help="月数。Months of service.")] = 6,
    seed: Annotated[int, typer.Option(help="随机种子。Seed.")] = 20260201,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="本版本没有网页界面，不起作用。No web UI in this version.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """演示：模拟一个地区的费用，入库、筛查，并与注入的真相对照。Simulate a region, ingest, sweep, and score against the truth.

    数据写在 XIEZHI_HOME/demo，不影响已有数据。Everything is written below XIEZHI_HOME/demo.
    """
    import os

    from pipelines.demo.run import demonstrate
    from pipelines.demo.table import document, print_table
    from xiezhi.settings import load_settings

    home = load_settings().home / "demo"
    before = os.environ.get("XIEZHI_HOME")
    os.environ["XIEZHI_HOME"] = str(home)
    try:
        result = demonstrate(home, persons=persons, months=months, seed=seed, say=lambda text: typer.echo(text, err=True))
    finally:
        if before is None:
            del os.environ["XIEZHI_HOME"]
        else:
            os.environ["XIEZHI_HOME"] = before
    if as_json:
        import json

        typer.echo(json.dumps(document(result), ensure_ascii=False, indent=2))
    else:
        print_table(result)
