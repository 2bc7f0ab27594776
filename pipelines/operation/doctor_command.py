"""The command `xiezhi doctor`."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    create_topics: Annotated[
        bool, typer.Option("--create-topics", help="先建立 Kafka 上缺少的主题。First make the topics Kafka lacks.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """体检：正在使用什么、能否连通、如何启动。Say what is in use, whether it answers, and how to start it.

    退出码：0 正常；1 有需要修正的；3 有服务不可达。Exit code 1 where something is wrong, 3 where a service does not answer.
    """
    from pipelines.operation.doctor import UNREACHABLE, WRONG, examine
    from xiezhi.settings import load_settings

    if create_topics:
        import sys
        from contextlib import redirect_stdout

        from xiezhi.cli import entry_points

        with redirect_stdout(sys.stderr):  # the command belongs to the stream, which this layer does not import
            entry_points()["topics"].load()()

    checks = examine(load_settings())
    if as_json:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        from rich.table import Column, Table

        from pipelines.console import wide_console

        signs = {"ok": "正常 ok", "absent": "没有 absent", "unreachable": "不可达 unreachable", "wrong": "有误 wrong"}
        table = Table(
            "项目 what",
            Column("使用 in use", overflow="fold"),
            "状态 state",
            Column("说明 detail", overflow="fold"),
            Column("办法 what to do", overflow="fold"),
        )
        for check in checks:
            table.add_row(check.name, check.used, signs[check.state], check.detail, check.todo)
        wide_console().print(table)
    states = {check.state for check in checks}
    if UNREACHABLE in states:
        raise typer.Exit(3)
    if WRONG in states:
        raise typer.Exit(1)
