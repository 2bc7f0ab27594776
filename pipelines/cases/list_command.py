"""The command `xiezhi cases list`."""

from __future__ import annotations

from typing import Annotated

import typer


def list_(
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="状态（默认待办）。States (default: waiting); `all` for every one.")
    ] = None,
    rule: Annotated[str, typer.Option("--rule", metavar="ID", help="规则编号。Rule.")] = "",
    verdict: Annotated[str, typer.Option("--verdict", metavar="VERDICT", help="definite、suspicious、indicator。")] = "",
    institution: Annotated[str, typer.Option("--institution", metavar="CODE", help="机构编码。Institution.")] = "",
    region: Annotated[str, typer.Option("--region", metavar="CODE", help="区划代码，含下级。Region with those inside it.")] = "",
    least_yuan: Annotated[float | None, typer.Option("--least", metavar="YUAN", help="金额下限（元）。Least amount.")] = None,
    most_yuan: Annotated[float | None, typer.Option("--most", metavar="YUAN", help="金额上限（元）。Most amount.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="行数。Rows.")] = 50,
    after: Annotated[str, typer.Option("--after", metavar="PLACE", help="从上一页末尾继续。Continue after the page before.")] = "",
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="以某账号的范围查看。See what this account sees.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """列出待办案件，按优先级排序，并列出各项系数。List the cases of the queue by priority, with its factors."""
    from pipelines.cases.app import Desk
    from pipelines.cases.view import print_queue, queue_document
    from xiezhi.domain.case import State
    from xiezhi.domain.errors import UsageError
    from xiezhi.domain.finding import VERDICT_RANK
    from xiezhi.domain.money import fen
    from xiezhi.domain.queue import WAITING, QueueFilter
    from xiezhi.services.queue import read_queue
    from xiezhi.settings import load_settings

    names = [each.value for each in State]
    if wrong := sorted(set(state or ()) - {*names, "all"}):
        raise UsageError.of(f"--state {wrong[0]}", accepted=", ".join([*names, "all"]))
    if verdict and verdict not in VERDICT_RANK:
        raise UsageError.of(f"--verdict {verdict}", accepted=", ".join(VERDICT_RANK))
    states = WAITING if not state else tuple(State) if "all" in state else tuple(State(each) for each in state)
    desk = Desk.of(load_settings())
    wanted = QueueFilter(
        states,
        rule,
        verdict,
        institution,
        region,
        least_fen=None if least_yuan is None else fen(str(least_yuan)),
        most_fen=None if most_yuan is None else fen(str(most_yuan)),
    )
    actor = desk.reader(user)
    page = read_queue(desk.store, actor, wanted, after, limit)
    totals = desk.store.totals(actor.scope, wanted)
    if as_json:
        import json

        typer.echo(json.dumps(queue_document(page, totals), ensure_ascii=False, indent=2))
    else:
        print_queue(page, totals)
