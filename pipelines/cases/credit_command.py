"""The command `xiezhi credit`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer


def credit(
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="institution 机构或 practitioner 人员。")] = "institution",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="评价日期（默认今天）。Date of the rating."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """信用评价：由已作出的结论重新计算评分和等级，并更新待办顺序。Rate institutions and practitioners from what was decided.

    方案在 rules/credit/ 中；同样的结论和方案总是得到同样的评价。

    The scheme is in rules/credit/; the same decisions and scheme always give the same ratings.
    """
    from pipelines.cases.app import Desk
    from pipelines.cases.view import print_ratings, rating_document
    from xiezhi.domain.credit import INSTITUTION, PRACTITIONER
    from xiezhi.domain.errors import UsageError
    from xiezhi.services.rate_credit import recompute
    from xiezhi.settings import load_settings

    if kind not in (INSTITUTION, PRACTITIONER):
        raise UsageError.of(f"--kind {kind}", accepted=f"{INSTITUTION}, {PRACTITIONER}")
    at = datetime.now()
    desk = Desk.of(load_settings())
    changes = recompute(desk.store, desk.scheme, (as_of or at).date(), at)
    with desk.store.write() as unit:
        ratings = sorted(unit.ratings(kind).values(), key=lambda each: (each.score, each.subject_id))
    if as_json:
        import json

        document = {
            "scheme": desk.scheme.name,
            "scheme_hash": desk.scheme.hash,
            "grades": [name for name, _ in desk.scheme.grades],
            "changed": len(changes),
            "ratings": [*map(rating_document, ratings)],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    typer.echo(f"方案 scheme {desk.scheme.name} {desk.scheme.hash} · 变更 changed {len(changes)}")
    print_ratings(ratings, desk.scheme)
