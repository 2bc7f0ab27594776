"""The one program `xiezhi`: a root whose sub-commands are entry points, imported only when they are called.

Each entry point of the group `xiezhi.commands` is one sub-command; a dot in its name makes a group (`rules.list` is
`xiezhi rules list`). Help pages read the commands' docstrings with `ast`, so `xiezhi --help` imports no command module.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, distribution
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from xiezhi.domain.errors import UsageError, XiezhiError

if TYPE_CHECKING:
    from typer._click import Command, Context

COMMANDS = "xiezhi.commands"
GROUP_HELP = {
    "audit": "审计日志。The audit log.",
    "cases": "疑点案件：立案、待办、查看、处理。Cases: open, queue, show, decide.",
    "db": "数据库。The database.",
    "user": "账号。Accounts.",
    "knowledge": "知识点：导入、列出、查看。Knowledge points: import, list, show.",
    "rules": "规则库：列出、查看、检查、测试。The rule base: list, show, check, test.",
}


@cache
def entry_points() -> dict[str, EntryPoint]:
    """The sub-commands of this distribution by dotted name; looking through all others would cost a tenth of a second."""
    return {point.name: point for point in distribution("xiezhi").entry_points if point.group == COMMANDS}


def read_help(point: EntryPoint) -> str:
    """The docstring of a command's function, read from its source without importing it; empty if there is none."""
    spec = find_spec(point.module)
    if spec is None or spec.origin is None:
        return ""
    with open(spec.origin, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == point.attr:
            return ast.get_docstring(node) or ""
    return ""


def load_command(point: EntryPoint) -> Command:
    """Import a command's function and make a command of it.

    Raises:
        UsageError: the module or function is absent, or an extra it needs is not installed.
    """
    try:
        function: Callable[..., Any] = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError.of(f"无法加载命令 cannot load the command {point.name!r}: {error}", todo="make setup") from error
    app = typer.Typer(add_completion=False)
    app.command(name=point.name.rpartition(".")[2])(function)
    return typer.main.get_command(app)


class LazyGroup(TyperGroup):
    """A group of entry points below a dotted prefix; a command is imported when it is resolved, not when it is listed."""

    prefix = ""

    def list_commands(self, ctx: Context) -> list[str]:
        """Names directly below the prefix, in alphabetical order."""
        names = (name.removeprefix(self.prefix) for name in entry_points() if name.startswith(self.prefix))
        return sorted({name.partition(".")[0] for name in names})

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """A stand-in that carries the help text only; `resolve_command` returns the real one."""
        dotted = self.prefix + cmd_name
        if point := entry_points().get(dotted):
            return TyperCommand(cmd_name, help=read_help(point))
        if any(name.startswith(f"{dotted}.") for name in entry_points()):
            group = LazyGroup(name=cmd_name, help=GROUP_HELP.get(dotted, ""), no_args_is_help=True)
            group.prefix = f"{dotted}."
            return group
        return None

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the command to run, and import it."""
        self.commands = dict.fromkeys(self.list_commands(ctx), TyperCommand(None))  # only for "did you mean"
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and (point := entry_points().get(self.prefix + name)):
            command = load_command(point)
        return name, command, rest


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        typer.echo(f"xiezhi {distribution('xiezhi').version}")
        raise typer.Exit


def root(
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="版本。Show the version.")] = False,
) -> None:
    """獬豸：医保基金智能监管。Smart supervision of medical-insurance funds."""
    if "--help" not in sys.argv:  # settings cost a tenth of a second that a help page need not pay
        from xiezhi.log import configure
        from xiezhi.settings import load_settings

        chosen = load_settings()
        configure(chosen.log_level, chosen.log_format)


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """列出设置：名称、值、来源、含义。List the settings: name, value, source, meaning; secrets are masked."""
    from xiezhi.settings import describe

    rows = describe()
    if as_json:
        import json

        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Column, Table

    # Values and sources are folded, never cut off: a path must be readable whole.
    table = Table("名称 name", Column("值 value", overflow="fold"), Column("来源 source", overflow="fold"), "含义 meaning", show_lines=True)
    for row in rows:
        table.add_row(row["name"], row["value"], row["source"], row["meaning"])
    Console().print(table)


def build() -> Command:
    """The root command, with no sub-command imported."""
    app = typer.Typer(name="xiezhi", cls=LazyGroup, callback=root, no_args_is_help=True, pretty_exceptions_enable=False)
    return typer.main.get_command(app)


def main() -> None:
    """Entry point of the console script; exit codes 0 done, 1 problems in data or rules, 2 wrong use, 3 service unreachable."""
    try:
        build()()
    except XiezhiError as error:
        for problem in error.problems:
            label = "警告 warning" if problem.warning else "错误 error"
            typer.echo(f"{label}: {problem}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
