"""The command `xiezhi cases decide`."""

from __future__ import annotations

from typing import Annotated

import typer


def decide(
    case: Annotated[str, typer.Argument(metavar="CASE", help="案件编号。Case id.")],
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="confirmed、refuted、inconclusive。")],
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help="理由代码。Reason code.")],
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="处理人账号。Account that decides.")],
    password: Annotated[
        str,
        typer.Option("--password", envvar="XIEZHI_PASSWORD", prompt=True, hide_input=True, help="口令（默认询问）。Password (asked for)."),
    ],
    finding: Annotated[str, typer.Option("--finding", metavar="ID", help="只处理这条疑点（可只写开头）。Only this finding.")] = "",
    line: Annotated[str, typer.Option("--line", metavar="ID", help="只处理这一费用行。Only this fee line.")] = "",
    note: Annotated[str, typer.Option("--note", help="说明。Note.")] = "",
    expected: Annotated[int | None, typer.Option("--version", help="您看到的版本，已变更则拒绝。Refuse if the case changed since.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """处理案件的费用行：确认、排除或存疑；不指明则处理全部未定的行。Decide the lines of a case; all undecided ones unless narrowed.

    全部行有结论后案件结案；信用评价和待办顺序随之更新。

    The case closes when every line is decided; ratings and the queue follow at once.
    """
    from datetime import datetime

    from pipelines.cases.app import Desk
    from pipelines.cases.view import rating_document
    from xiezhi.domain.case import Decision
    from xiezhi.domain.case_change import Verdict
    from xiezhi.domain.errors import UsageError
    from xiezhi.services.decide_case import decide as run
    from xiezhi.settings import load_settings

    if decision not in [each.value for each in Decision]:
        raise UsageError.of(f"decision {decision}", accepted=", ".join(each.value for each in Decision))
    at = datetime.now()
    desk = Desk.of(load_settings())
    actor = desk.signed_in(user, password, at)
    with desk.store.write() as unit:
        read = unit.cases(actor.scope, [case]).get(case)
    if read is None:
        raise UsageError.of(f"no case {case}", accepted="an id of `xiezhi cases list`")
    # Named lines may be decided again while the case is under review; without names only what is undecided is.
    candidates = read.present if finding or line else read.undecided
    keys = [each.key for each in candidates if each.finding_id.startswith(finding) and line in ("", each.line_id)]
    done = run(
        desk.store, desk.scheme, actor, case, dict.fromkeys(keys, Verdict(Decision(decision), reason, note)), at, expected or read.version
    )
    after = done.case
    if as_json:
        import json

        document = {
            "case_id": case,
            "state": after.state.value,
            "outcome": after.outcome.value if after.outcome else None,
            "version": after.version,
            "undecided": len(after.undecided),
            "confirmed_fen": after.confirmed_fen,
            "ratings": [rating_document(each.after) for each in done.ratings],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{case} {after.state.value} {after.outcome.value if after.outcome else ''} · 未定 undecided {len(after.undecided)}")
    for change in done.ratings:
        before = f"{change.before.score} {change.before.grade} → " if change.before else ""
        typer.echo(f"信用 credit {change.after.subject_kind} {change.after.subject_id}: {before}{change.after.score} {change.after.grade}")
