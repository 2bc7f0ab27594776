"""The command `xiezhi cases open`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer


def open_(
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="账龄算到哪天（默认今天）。Age up to this date."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """立案：把已保存的疑点归并成疑点案件，按一次就诊或机构×主题。Open cases from the stored findings, per stay or institution × theme.

    再次运行不会重复立案；新的疑点并入，已失效的疑点移出。

    Running again opens nothing twice; new findings join, findings that no longer hold leave.
    """
    from dataclasses import asdict

    from pipelines.cases.app import Desk, open_stored
    from xiezhi.domain.queue import QueueFilter
    from xiezhi.settings import load_settings

    at = datetime.now()
    desk = Desk.of(load_settings())
    done = open_stored(desk, as_of=(as_of or at).date(), at=at)
    waiting = desk.store.totals(desk.reader(None).scope, QueueFilter())
    result = {name: value for name, value in asdict(done).items() if name != "ratings"}
    result |= {"waiting": waiting[0], "waiting_fen": waiting[1], "ratings_changed": len(done.ratings)}
    if as_json:
        import json

        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    from xiezhi.domain.money import yuan

    gone = done.withdrawn + done.dropped
    typer.echo(f"新立 opened {done.opened} · 变更 changed {done.changed} · 重开 reopened {done.reopened} · 撤回 withdrawn {gone}")
    typer.echo(f"待办 waiting {waiting[0]} · 涉及金额 at stake {yuan(waiting[1])} 元 yuan")
