"""The command `xiezhi cases show`."""

from __future__ import annotations

from typing import Annotated

import typer


def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="案件编号。Case id.")],
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="以某账号的范围查看。See what this account sees.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """查看一个案件：疑点、费用行、各项系数、处理经过。Show a case: doubtful points, lines, factors, what was decided."""
    from pipelines.cases.app import Desk
    from pipelines.cases.view import case_document, print_case
    from xiezhi.domain.errors import UsageError
    from xiezhi.services.queue import may_read
    from xiezhi.settings import load_settings
    from xiezhi.storage.sql.case_reader import load_cases, load_decisions, load_findings

    desk = Desk.of(load_settings())
    actor = desk.reader(user)
    may_read(actor)
    with desk.database.read() as connection:
        found = load_cases(connection, actor.scope, [case]).get(case)
        if found is None:
            raise UsageError.of(f"no case {case}", accepted="an id of `xiezhi cases list`")
        findings, past = load_findings(connection, actor.scope, case), load_decisions(connection, actor.scope, case)
    if as_json:
        import json

        typer.echo(json.dumps(case_document(found, findings, past), ensure_ascii=False, indent=2))
    else:
        print_case(found, findings, past)
