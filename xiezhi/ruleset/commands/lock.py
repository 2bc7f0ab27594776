"""The command `xiezhi rules lock`."""

from __future__ import annotations

from typing import Annotated

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, open_rules, print_json, problem_document


def lock(
    check: Annotated[
        bool, typer.Option("--check", help="只检查，不改文件；过时则退出码为 1。Change nothing; exit code 1 if stale.")
    ] = False,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """锁定规则：内容有变的规则升版本，更新 rules.lock 和 JSON Schema。Give changed rules a new version; bring lock and schema up to date.

    只改动规则文件中 version 的数字。用例和状态的改变不升版本。编号一经锁定不得消失，停用的规则写 status: retired。

    Only the number after `version:` is edited. Cases and status do not make a version. A locked id may not disappear: rules retire.
    """
    from xiezhi.ruleset.lock import lock_problems, write_lock
    from xiezhi.ruleset.schema import PATH, schema_is_current, write_schema

    base = open_rules(rules)
    if check:
        problems = lock_problems(base)
        stale = not schema_is_current(base.folder)
        if as_json:
            print_json({"problems": [problem_document(problem) for problem in problems], "schema_current": not stale})
        else:
            for problem in problems:
                typer.echo(f"错误 error: {problem}", err=True)
            if stale:
                typer.echo(f"错误 error: {base.folder / PATH}: 已过时 not current; xiezhi rules lock", err=True)
            typer.echo("已过时 stale" if problems or stale else "已是最新 current")
        if problems or stale:
            raise typer.Exit(1)
        return
    changed = write_lock(base)
    written = write_schema(base.folder)
    if as_json:
        entries = [{"rule_id": rule_id, "before": before or None, "version": version} for rule_id, before, version in changed]
        print_json({"rules": len(base.rules), "changed": entries, "schema_written": written})
        return
    for rule_id, before, version in changed:
        typer.echo(f"{rule_id}: 版本 version {before or '新 new'} → {version}")
    typer.echo(f"规则 rules: {len(base.rules)}, 变更 changed: {len(changed)}" + (", JSON Schema 已更新 schema written" if written else ""))
