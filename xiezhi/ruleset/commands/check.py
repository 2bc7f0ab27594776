"""The command `xiezhi rules check`."""

from __future__ import annotations

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, open_rules, print_json, problem_document


def check(rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """检查规则库：读取、法规、用例、用语、锁文件；列出全部问题。Check the rule base and list every problem with its place.

    有问题时退出码为 1；只有提示（如锁文件待更新）时为 0。
    个别规则确需例外的，写入规则库的 check_exceptions.csv，注明理由和截止日期。

    Exit code 1 where there is a problem, 0 where there are warnings only (a lock that waits for `xiezhi rules lock`). Exceptions of
    single rules stand in `check_exceptions.csv` of the rule base, with a reason and a last day.
    """
    from datetime import date

    from xiezhi.domain.errors import XiezhiError
    from xiezhi.ruleset.checks.registry import CHECKS, run_checks

    count, version = 0, ""
    try:
        base = open_rules(rules)
        count, version = len(base.rules), base.version
        # Exceptions end by the calendar of whoever works on the rules, not by the date of a service.
        found = [(issue.check, issue.rule_id, issue.problem) for issue in run_checks(base, date.today())]
    except XiezhiError as error:
        found = [("load", "", problem) for problem in error.problems]
    problems = [each for each in found if not each[2].warning]
    warnings = [each for each in found if each[2].warning]
    if as_json:
        print_json(
            {
                "rules": count,
                "rules_version": version,
                "checks": [{"name": each.name, "zh": each.zh, "en": each.en} for each in CHECKS],
                "problems": [{"check": name, "rule_id": rule, **problem_document(problem)} for name, rule, problem in problems],
                "warnings": [{"check": name, "rule_id": rule, **problem_document(problem)} for name, rule, problem in warnings],
            }
        )
    else:
        for label, part in (("错误 error", problems), ("提示 warning", warnings)):
            for name, _, problem in part:
                typer.echo(f"{label} [{name}] {problem}", err=True)
        typer.echo(f"规则 rules: {count}, 检查 checks: {len(CHECKS)}, 问题 problems: {len(problems)}, 提示 warnings: {len(warnings)}")
    if problems:
        raise typer.Exit(1)
