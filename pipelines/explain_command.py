"""The command `xiezhi rules explain`."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="疑点编号（可只写开头）。Finding id or its beginning.")],
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """由原始数据重新推算一条疑点，逐步列出依据。Recompute one finding from the stored claim and show every step."""
    from pipelines.explain import document, explain_finding, print_explanation
    from xiezhi.settings import load_settings

    explanation = explain_finding(load_settings(), finding)
    if as_json:
        import json

        typer.echo(json.dumps(document(explanation), ensure_ascii=False, indent=2, default=str))
    else:
        print_explanation(explanation)
    if not explanation.holds:
        raise typer.Exit(1)
