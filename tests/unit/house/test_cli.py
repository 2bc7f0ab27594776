"""The root of the command line: errors, exit codes, groups."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import xiezhi.cli
from xiezhi.domain.errors import Place, Problem, ServiceUnreachable, UsageError, XiezhiError

RunCli = Callable[..., Any]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four commands in a module of their own."""
    (tmp_path / "made_up_commands.py").write_text(
        '''
from xiezhi.domain.errors import Place, Problem, ServiceUnreachable, UsageError, XiezhiError

def fine(number: int = 1) -> None:
    """好。Fine."""
    print(number + 1)

def data() -> None:
    """坏。Bad."""
    raise XiezhiError([Problem("first", Place("a.csv", 2, 3)), Problem("second", warning=True)])

def usage() -> None:
    raise UsageError.of("no")

def service() -> None:
    raise ServiceUnreachable.of("no Kafka")
'''
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    names = {"fine": "fine", "deep.er.fine": "fine", "data": "data", "usage": "usage", "service": "service", "gone": "gone"}
    points = {name: EntryPoint(name, f"made_up_commands:{function}", xiezhi.cli.COMMANDS) for name, function in names.items()}
    monkeypatch.setattr(xiezhi.cli, "entry_points", lambda: points)


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(("name", "code"), [("fine", 0), ("data", 1), ("usage", 2), ("service", 3), ("gone", 2), ("fin", 2)])
def test_exit_codes(run_cli: RunCli, name: str, code: int) -> None:
    assert run_cli(name).code == code


@pytest.mark.usefixtures("commands")
def test_every_problem_is_printed_on_stderr_with_its_place(run_cli: RunCli) -> None:
    run = run_cli("data")
    assert run.out == ""
    assert run.err.splitlines() == ["错误 error: a.csv:2:3: first", "警告 warning: second"]


@pytest.mark.usefixtures("commands")
def test_groups_nest_and_pass_options(run_cli: RunCli) -> None:
    assert run_cli("deep", "er", "fine", "--number", "4").out == "5\n"
    assert "好。Fine." in run_cli("deep", "er", "--help").out
    assert run_cli("deep", "er", "fine", "--number", "x").code == 2


@pytest.mark.usefixtures("commands")
def test_a_slip_of_the_pen_gets_a_hint(run_cli: RunCli) -> None:
    assert "fine" in run_cli("fien").err


@pytest.mark.usefixtures("commands")
def test_completion_knows_groups_commands_and_options(run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_XIEZHI_COMPLETE", "complete_bash")
    for typed, offered in [("xiezhi de", ["deep"]), ("xiezhi deep er ", ["fine"]), ("xiezhi fine --n", ["--number"])]:
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
        assert run_cli().out.split() == offered


def test_version(run_cli: RunCli) -> None:
    assert run_cli("--version").out.startswith("xiezhi 0.")


def test_settings_lists_all_and_masks_secrets(run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIEZHI_DATABASE_URL", "postgresql://user:hunter2@host/name")
    for arguments in (["settings"], ["settings", "--json"]):
        run = run_cli(*arguments)
        assert run.code == 0
        assert "hunter2" not in run.out
        assert "*****" in run.out


def test_a_bad_setting_stops_every_command(run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIEZHI_THREADS", "many")
    run = run_cli("settings")
    assert run.code == 1
    assert "XIEZHI_THREADS" in run.err


def test_error_classes_stay_apart() -> None:
    assert [kind.of("x").exit_code for kind in (XiezhiError, UsageError, ServiceUnreachable)] == [1, 2, 3]
    assert str(XiezhiError([Problem("a", Place(field="b.c"))])) == "b.c: a"
