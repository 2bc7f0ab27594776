"""The command `xiezhi rules coverage`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, open_rules, print_json, rules_folder

if TYPE_CHECKING:
    from xiezhi.ruleset.spec import RuleSpec


def coverage(
    missing: Annotated[bool, typer.Option("--missing", help="只列出没有规则的类别。Only the classes without a rule.")] = False,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """规则库 88 类的覆盖情况：规则、随包知识点、用例、依据、环节、引擎。Which of the 88 classes have a rule, and what proves it.

    知识点只计随规则库发布的；导入的见 xiezhi knowledge list。引擎 python 为实时，duckdb、spark 为全量筛查。

    Points are those that ship with the rule base; imported ones: xiezhi knowledge list. Engine python judges
    in real time, duckdb and spark sweep.
    """
    from collections import Counter
    from dataclasses import asdict

    from xiezhi.domain.rule_classes import RULE_CLASSES, rule_id
    from xiezhi.ruleset.knowledge.bundled import bundled_points

    base = open_rules(rules)
    points = Counter(point.class_no for point in bundled_points(rules_folder(rules)).points)
    by_class = {no: [rule for _, rule in sorted(base.rules.items()) if rule.class_no == no] for no in RULE_CLASSES}
    active = sum(any(rule.status == "active" for rule in found) for found in by_class.values())
    own = [rule.id for _, rule in sorted(base.rules.items()) if rule.class_no is None]
    shown = [each for no, each in RULE_CLASSES.items() if not (missing and by_class[no])]
    rows = [{**asdict(each), "code": rule_id(each.no), "points": points[each.no], **_proof(by_class[each.no])} for each in shown]
    if as_json:
        print_json({"classes": len(RULE_CLASSES), "active": active, "own": own, "rows": rows})
        return
    _print_table(rows)
    typer.echo(
        f"88 类中有规则启用 classes with an active rule: {active}; 自有规则 rules of our own: {len(own)}; "
        f"规则 rules: {len(base.rules)}; 用例 cases: {sum(len(rule.cases) for rule in base.rules.values())}; "
        f"随包知识点 points that ship: {points.total()}"
    )


def _proof(rules: Sequence[RuleSpec]) -> dict[str, Any]:
    """The rules of a class, and over all of them: number of cases, articles they rest on, stages, engines that judge them."""
    order = ("pre", "mid", "post")
    engines = (("python",) if any(not rule.batch for rule in rules) else ()) + (("duckdb", "spark") if rules else ())
    return {
        "rules": [{"id": rule.id, "status": rule.status} for rule in rules],
        "cases": sum(len(rule.cases) for rule in rules),
        "laws": sorted({f"{each.law.id} {each.article}" for rule in rules for each in rule.citations}),
        "stages": [stage for stage in order if any(stage in rule.stages for rule in rules)],
        "engines": list(engines),
    }


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Column, Table

    figures: dict[str, Any] = {"justify": "right", "no_wrap": True}
    table = Table(
        Column("类\nno", **figures),
        Column("名称\nname", overflow="fold", min_width=12),
        Column("规则\nrules", no_wrap=True),
        Column("点\npts", **figures),
        Column("用例\ncases", **figures),
        Column("依据\nlaws", overflow="fold"),
        Column("环节\nstages", overflow="fold", min_width=4),
        Column("引擎\nengines", overflow="fold", min_width=6),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for row in rows:
        names = [each["id"] + ("" if each["status"] == "active" else f" ({each['status']})") for each in row["rules"]]
        figures_of = (str(row["points"]), str(row["cases"]))
        cells = (", ".join(row["laws"]), " ".join(row["stages"]), " ".join(row["engines"]))
        table.add_row(str(row["no"]), row["name"], "\n".join(names) or f"— {row['code']}", *figures_of, *(each or "—" for each in cells))
    Console().print(table)
