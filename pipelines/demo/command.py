"""The command `xiezhi demo`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer


def demo(
    persons: Annotated[int, typer.Option(min=200, help="参保人数。Insured persons.")] = 5000,
    months: Annotated[int, typer.Option(min=1, max=36, help="月数。Months of service.")] = 6,
    seed: Annotated[int, typer.Option(help="随机种子。Seed.")] = 20260201,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="回放哪天的结算（默认最后一天）。Day to replay (default: last)."
        ),
    ] = None,
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve", help="结束后启动网页（默认仅在终端中）。Serve the pages at the end (default: on a terminal only)."
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="网页端口。Port of the pages.")] = 8400,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """演示：模拟一个地区的费用，走完全部环节，与注入的真相对照，并启动网页。The whole chain on a simulated region, then the web pages.

    数据写在 XIEZHI_HOME/demo，不影响已有数据，也不使用已设置的数据库和 Kafka。账号的口令只显示一次，可用 XIEZHI_DEMO_PASSWORD 指定。

    Everything is written below XIEZHI_HOME/demo, with its own database and log. The users' password is shown once; XIEZHI_DEMO_PASSWORD
    gives another. Off a terminal it says how to serve, and ends.
    """
    import contextlib
    import json
    import sys

    from pipelines.demo.accounts import demo_password
    from pipelines.demo.run import apart, demonstrate
    from pipelines.demo.table import document, print_table, print_users
    from xiezhi.cli import entry_points, load_command
    from xiezhi.settings import load_settings

    home = load_settings().home / "demo"
    password = demo_password()
    serving = serve if serve is not None else sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    with apart(home):
        wanted = day.date() if day else None
        result = demonstrate(
            home, persons=persons, months=months, seed=seed, say=lambda text: typer.echo(text, err=True), day=wanted, password=password
        )
        if as_json:
            typer.echo(json.dumps(document(result), ensure_ascii=False, indent=2))
        else:
            print_table(result)
        print_users(result, password, f"http://127.0.0.1:{port}/" if serving else "", stderr=as_json)
        if serving:
            with contextlib.suppress(KeyboardInterrupt, typer.Abort):  # Ctrl+C is how this ends
                load_command(entry_points()["serve"]).main(["--port", str(port)], prog_name="xiezhi serve", standalone_mode=False)
