"""What the commands share: options, opening the rule base, printing JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xiezhi.domain.errors import Problem
    from xiezhi.ruleset.loader import RuleBase
    from xiezhi.ruleset.spec import RuleSpec

RulesOption = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="规则库目录（默认见设置）。Another rule base (default: the setting).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")]


def open_rules(folder: Path | None) -> RuleBase:
    """The rule base of a folder, or of the setting `rules_dir`; raises `XiezhiError` with all problems of all files."""
    from xiezhi.ruleset.loader import load_rules

    return load_rules(rules_folder(folder))


def rules_folder(folder: Path | None) -> Path:
    """The folder given, else the one of the settings."""
    if folder is not None:
        return folder
    from xiezhi.settings import load_settings

    return load_settings().rules_dir


def find_rule(base: RuleBase, wanted: str) -> RuleSpec:
    """A rule by its id, its class number or the end of its path; raises `UsageError` with close ids where there is not exactly one."""
    import difflib
    from pathlib import PurePath

    from xiezhi.domain.errors import UsageError

    text = wanted.strip()
    found = [rule for rule in base.rules.values() if text.upper() == rule.id]
    found = found or [rule for rule in base.rules.values() if text == str(rule.class_no or "")]
    found = found or [rule for rule in base.rules.values() if PurePath(text).name in (PurePath(rule.path).name, PurePath(rule.path).stem)]
    if len(found) != 1:
        names = [rule.id for rule in found] or difflib.get_close_matches(text.upper(), sorted(base.rules), 5, 0.5) or sorted(base.rules)
        what = "有多条规则 several rules are meant by" if found else "没有此规则 no such rule:"
        raise UsageError.of(f"{what} {wanted!r}", accepted=", ".join(sorted(names)))
    return found[0]


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    import json

    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def problem_document(problem: Problem) -> dict[str, object]:
    """A problem as plain data."""
    where = problem.where
    return {
        "file": where.path,
        "line": where.line,
        "column": where.column,
        "field": where.field,
        "what": problem.what,
        "accepted": problem.accepted,
        "todo": problem.todo,
        "warning": problem.warning,
    }
