"""The harness of the benchmarks: order of runs, what is counted, and the last line."""

from __future__ import annotations

import json

import pytest

from bench._harness import alternate, finish, ratios, read_options, spread

pytestmark = pytest.mark.checkout


def test_sides_take_turns_and_the_warm_up_is_not_counted() -> None:
    order: list[str] = []
    ticks = iter(range(100))
    times = alternate({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, runs=3, warm_up=1, clock=lambda: float(next(ticks)))
    assert order == ["a", "b"] * 4
    assert times == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_no_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        alternate({}, runs=0)


@pytest.mark.parametrize(("better", "met"), [("higher", False), ("lower", True)])
def test_the_last_line_is_one_object_with_the_agreed_fields(better: str, met: bool, capsys: pytest.CaptureFixture[str]) -> None:
    result = finish("x", [2.0, 1.0, 4.0], goal=3.0, better=better, unit="times", lines=10)  # type: ignore[arg-type]
    captured = capsys.readouterr()
    assert result is met
    assert json.loads(captured.out.splitlines()[-1]) == {
        "name": "x",
        "ratio": 2.0,
        "goal": 3.0,
        "better": better,
        "met": met,
        "unit": "times",
        "runs": 3,
        "spread": 1.5,
        "lines": 10,
    }
    assert ("NOT met" in captured.err) is not met


def test_ratios_need_pairs() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        ratios([1.0, 2.0], [1.0])
    assert spread([5.0]) == 0.0


def test_quick_is_read() -> None:
    assert read_options("", ["--quick"]).quick
    assert not read_options("", []).quick
