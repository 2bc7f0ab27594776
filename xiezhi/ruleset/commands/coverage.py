"""The command `xiezhi rules coverage`."""

from __future__ import annotations

from typing import Annotated

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, open_rules, print_json


def coverage(
    missing: Annotated[bool, typer.Option("--missing", help="只列出没有规则的类别。Only the classes without a rule.")] = False,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """规则库 88 类的覆盖情况：哪些已有规则。Which of the 88 classes of the national rule base have a rule."""
    from dataclasses import asdict

    from xiezhi.domain.rule_classes import RULE_CLASSES, rule_id

    base = open_rules(rules)
    by_class = {no: [rule for _, rule in sorted(base.rules.items()) if rule.class_no == no] for no in RULE_CLASSES}
    active = sum(any(rule.status == "active" for rule in found) for found in by_class.values())
    own = [rule.id for _, rule in sorted(base.rules.items()) if rule.class_no is None]
    shown = [each for no, each in RULE_CLASSES.items() if not (missing and by_class[no])]
    if as_json:
        rows = [
            {**asdict(each), "code": rule_id(each.no), "rules": [{"id": rule.id, "status": rule.status} for rule in by_class[each.no]]}
            for each in shown
        ]
        print_json({"classes": len(RULE_CLASSES), "active": active, "own": own, "rows": rows})
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        "类别", Column("编码 code", no_wrap=True), Column("名称 name", overflow="fold"), "层", "组", Column("规则 rules", overflow="fold")
    )
    for each in shown:
        names = [rule.id + ("" if rule.status == "active" else f" ({rule.status})") for rule in by_class[each.no]]
        table.add_row(str(each.no), rule_id(each.no), each.name, each.tier, each.group, ", ".join(names) or "—")
    Console().print(table)
    typer.echo(f"88 类中有规则启用 classes with an active rule: {active}; 自有规则 rules of our own: {len(own)}")
