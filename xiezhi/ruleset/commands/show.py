"""The command `xiezhi rules show`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xiezhi.ruleset.commands.options import JsonOption, RulesOption, find_rule, open_rules, print_json


def show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="规则编号、类别或文件名。Id, class or file name.")],
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """查看一条规则：说什么、为什么、依据、条件、参数及出处、用例。Show a rule in words: why, law, condition, parameters, cases."""
    from xiezhi.ruleset.sheet import sheet

    document = sheet(find_rule(open_rules(rules), rule))
    if as_json:
        print_json(document)
        return
    typer.echo(f"{document['id']}  {document['title']}  {document['title_en']}")
    line("类别 class", document["class"] or "自有规则 our own")
    line("状态 status", f"{document['status']}, 结论 verdict {document['verdict']}, 环节 stages {', '.join(document['stages'])}")
    line("有效 effective", document["effective"])
    line("版本 version", f"{document['version']} ({document['hash'][:12]}), 负责 owner {document['owner']}")
    line("为什么 why", document["why"])
    lines("已知例外 known gaps", document["known_gaps"])
    lines("核查 triage", document["triage"])
    lines(
        "依据 law",
        [f"{law['title']}（{law['number']}，{law['from']} 起）第 {law['article']} 条：{law['gist']}" for law in document["laws"]],
    )
    typer.echo("条件 condition:")
    for key, text in document["written"].items():
        block(key, text)
    lines("其中 where", [f"{name}: {meaning}" for name, meaning in document["names"].items()])
    lines("参数 parameters", [told(parameter) for parameter in document["parameters"]])
    line("提示 message", document["message"])
    line("", document["message_en"])
    lines("用例 cases", [f"{case['kind']}: {case['name']} → {case['expect']['hits']}" for case in document["cases"]])
    line("文件 file", document["path"])


def line(label: str, text: str) -> None:
    """One labelled line."""
    typer.echo(f"{label}: {text}" if label else f"    {text}")


def lines(label: str, texts: list[str]) -> None:
    """A labelled list, nothing where it is empty."""
    if texts:
        typer.echo(f"{label}:")
        for text in texts:
            typer.echo(f"  - {text}")


def block(key: str, text: str) -> None:
    """A key of the rule file with its text, indented where it has several lines."""
    parts = text.splitlines()
    typer.echo(f"  {key}: {text}" if len(parts) == 1 else f"  {key}:\n" + "\n".join(f"    {part}" for part in parts))


def told(parameter: dict[str, Any]) -> str:
    """A parameter with every value, from when, where, and the source."""
    values = "; ".join(
        f"{each['value']} {parameter['unit']}（{each['region']}，{each['from']} 起，{each['source']}）" for each in parameter["values"]
    )
    return f"param.{parameter['name']} {parameter['title']}: {values}"
