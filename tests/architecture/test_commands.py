"""The command line stays light: help imports no command, and a command's module imports nothing heavy at its top."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from xiezhi.cli import entry_points, load_command, read_help

HEAVY = {
    "duckdb",
    "deltalake",
    "pyarrow",
    "pandas",
    "numpy",
    "sqlglot",
    "pydantic_settings",
    "pyspark",
    "sklearn",
    "mlflow",
    "openpyxl",
    "yaml",
}


def modules_after(code: str) -> set[str]:
    """Names in `sys.modules` of a fresh interpreter after some code."""
    script = f"import sys, json\n{code}\nprint('\\n' + json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_help_imports_no_command_and_nothing_heavy() -> None:
    loaded = modules_after("sys.argv = ['xiezhi', '--help']\nfrom xiezhi.cli import main\ntry: main()\nexcept SystemExit: pass")
    assert loaded & HEAVY == set()
    assert loaded & ({point.module for point in entry_points().values()} - {"xiezhi.cli"}) == set()


def test_command_modules_are_light_at_their_top() -> None:
    loaded = modules_after("\n".join(f"import {module}" for module in sorted({point.module for point in entry_points().values()})))
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("name", sorted(entry_points()))
def test_every_command_loads_and_says_in_chinese_and_english_what_it_does(name: str) -> None:
    point = entry_points()[name]
    assert load_command(point).name == name.rpartition(".")[2]
    first = read_help(point).partition("\n\n")[0]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in first), f"{name}: the help must begin in Chinese"
    assert any("a" <= letter <= "z" for letter in first), f"{name}: the help lacks English"
