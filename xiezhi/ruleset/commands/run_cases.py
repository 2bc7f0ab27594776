"""The command `xiezhi rules test`."""

from __future__ import annotations

from typing import Annotated

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, find_rule, open_rules, print_json


def run(
    rule: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="规则编号、类别或文件名（默认全部）。Ids, classes or file names (default: all)."),
    ] = None,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """运行规则文件中的用例，逐个说明不符之处。Run the cases inside the rule files; each failure with file, line, expected and got.

    期限之外、已退费、例外三种用例还要证明：去掉这个原因之后确有疑点，否则用例什么也没有证明。

    Cases of kind outside, refunded and exception must also find something once that reason is taken away.
    """
    from xiezhi.ruleset.cases import run_cases

    base = open_rules(rules)
    chosen = [find_rule(base, each) for each in rule] if rule else [each for _, each in sorted(base.rules.items())]
    results = run_cases(chosen)
    failed = [result for result in results if not result.passed]
    silent = [each.id for each in chosen if not each.cases]
    if as_json:
        failures = [
            {
                "rule_id": result.rule_id,
                "case": result.case.name,
                "file": result.place.path,
                "line": result.place.line,
                "differences": [vars(difference) for difference in result.differences],
            }
            for result in failed
        ]
        counts = {"rules": len(chosen), "cases": len(results), "passed": len(results) - len(failed)}
        print_json({**counts, "failures": failures, "rules_without_cases": silent})
    else:
        for result in failed:
            typer.echo(f"未通过 failed {result.place} [{result.rule_id}]", err=True)
            for difference in result.differences:
                typer.echo(f"    {difference}", err=True)
        for each in silent:
            typer.echo(f"没有用例 no cases: {each}", err=True)
        passed = len(results) - len(failed)
        typer.echo(f"规则 rules: {len(chosen)}, 用例 cases: {len(results)}, 通过 passed: {passed}, 未通过 failed: {len(failed)}")
    if failed:
        raise typer.Exit(1)
