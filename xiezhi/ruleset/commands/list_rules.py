"""The command `xiezhi rules list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, open_rules, print_json

if TYPE_CHECKING:
    from xiezhi.ruleset.spec import RuleSpec


def list_rules(
    class_no: Annotated[int | None, typer.Option("--class", min=1, max=88, help="规则类别 1–88。Rule class.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="draft、shadow、active 或 retired。Status.")] = None,
    verdict: Annotated[str | None, typer.Option("--verdict", help="definite、suspicious 或 indicator。Verdict.")] = None,
    stage: Annotated[str | None, typer.Option("--stage", help="pre、mid 或 post：事前、事中、事后。Stage.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="标题或编号中的文字。Words of title or id.")] = None,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """列出规则，可按类别、状态、结论、环节、文字筛选。List the rules by class, status, verdict, stage or words."""
    from xiezhi.domain.errors import UsageError

    for value, known, option in (
        (status, ("draft", "shadow", "active", "retired"), "--status"),
        (verdict, ("definite", "suspicious", "indicator"), "--verdict"),
        (stage, ("pre", "mid", "post"), "--stage"),
    ):
        if value is not None and value not in known:
            raise UsageError.of(f"{option} {value!r}", accepted=" | ".join(known))
    base = open_rules(rules)
    chosen = [
        rule
        for _, rule in sorted(base.rules.items(), key=lambda item: (item[1].class_no or 99, item[0]))
        if class_no in (None, rule.class_no)
        and status in (None, rule.status)
        and verdict in (None, rule.verdict)
        and (stage is None or stage in rule.stages)
        and (text is None or text.lower() in f"{rule.id} {rule.title} {rule.title_en}".lower())
    ]
    if as_json:
        print_json({"rules_version": base.version, "rules": [_row(rule) for rule in chosen]})
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        Column("编号 id", no_wrap=True), "类别", Column("标题 title", overflow="fold"), "状态", Column("结论", no_wrap=True), "用例"
    )
    for rule in chosen:
        table.add_row(rule.id, str(rule.class_no or "—"), rule.title, rule.status, rule.verdict, str(len(rule.cases)))
    Console().print(table)
    typer.echo(f"{len(chosen)} 条规则 rules, 规则库版本 version {base.version}")


def _row(rule: RuleSpec) -> dict[str, Any]:
    return {
        "id": rule.id,
        "class_no": rule.class_no,
        "title": rule.title,
        "title_en": rule.title_en,
        "status": rule.status,
        "verdict": rule.verdict,
        "stages": list(rule.stages),
        "each": rule.each,
        "version": rule.version,
        "effective_from": rule.effective_from,
        "effective_to": rule.effective_to,
        "cases": len(rule.cases),
        "path": rule.path,
    }
