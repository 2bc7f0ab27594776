"""The command `xiezhi graph`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def graph(
    month: Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="最后一个月（默认最新）。Last month; the newest.")] = None,
    window: Annotated[int, typer.Option("--window", min=1, max=36, help="包含的月数。Months that the graph covers.")] = 6,
    from_month: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM", help="特征从此月起逐月计算。Features of each month from this one on.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE.graphml", help="另存关系网（含人员编号）。Write the graph; it holds person numbers."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="账龄算到哪天（默认今天）。Age up to this date."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """医患关系网：找出群组线索，计算关系特征，更新待办优先级。The provider–patient graph: group leads, features, priorities.

    线索只用于排序和核查，不作认定。同样的数据再次运行得到同样的线索。

    Leads order work and are to be checked; they accuse nobody. The same data give the same leads again.
    """
    from pipelines.cases.app import Desk
    from pipelines.graph import run_graph
    from pipelines.sweep.months import month_option
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings

    if export is not None and export.suffix != ".graphml":
        raise UsageError.of(f"--export {export}", accepted="a file that ends in .graphml")
    at = datetime.now()
    outcome = run_graph(
        Desk.of(load_settings()),
        month=month_option("--month", month),
        window=window,
        from_month=month_option("--from", from_month),
        export=export,
        as_of=(as_of or at).date(),
        at=at,
        say=lambda text: typer.echo(text, err=True),
    )
    if as_json:
        import json
        from dataclasses import asdict

        leads = [
            {
                "lead_id": lead.lead_id,
                "kind": lead.kind,
                "strength": lead.strength,
                "title": lead.title_zh,
                "members": len(lead.members),
                "institutions": list(lead.institutions),
                "amount_fen": lead.amount_fen,
                "measures": dict(lead.measures),
            }
            for lead in outcome.leads
        ]
        fields = {name: getattr(outcome, name) for name in ("month", "window", "vertices", "edges", "communities", "ignored", "features")}
        applied = asdict(outcome.applied) if outcome.applied else None
        typer.echo(json.dumps(fields | {"leads": leads, "applied": applied}, ensure_ascii=False, indent=2))
        return
    counts = " · ".join(f"{name} {count:,}" for name, count in outcome.vertices.items())
    typer.echo(f"{outcome.month} 止 {window} 个月 months · {counts} · 边 edges {sum(outcome.edges.values()):,}")
    for lead in outcome.leads:
        lift = f"{lead.measures['observed']:g} / {lead.measures['expected']:.1f}"
        typer.echo(f"{lead.strength:4d} {lead.title_zh}（实际/偶然 observed/expected {lift}）{lead.lead_id}")
    if not outcome.leads:
        typer.echo("没有群组线索。No group leads.")
    if outcome.applied is not None:
        typer.echo(f"待办 waiting {outcome.applied.cases} · 因线索上升 raised {outcome.applied.raised}")
