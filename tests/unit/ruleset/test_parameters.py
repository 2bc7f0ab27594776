"""Parameters are dated and regional: the most specific region first, the value of the service date, each with its source."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.calendar import day_number
from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.parameters import Dated, Parameter, convert, load_parameters
from xiezhi.ruleset.types import Type

NATION = """age:
  title: 年龄
  type: int
  unit: 岁
  values:
    - {from: 2020-01-01, value: 14, source: 起始}
    - {from: 2026-01-01, value: 16, source: 通知甲}
cap:
  title: 限额
  type: yuan
  values:
    - {from: 2020-01-01, value: 10.50, source: 起始}
"""

CITY = "age:\n  - {from: 2022-01-01, value: 17, source: 市}\n  - {from: 2023-01-01, value: null, source: 废止}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in {
        "parameters/national.yaml": NATION,
        "regions/990000/parameters.yaml": "age:\n  - {from: 2021-01-01, value: 18, source: 省}\n",
        "regions/990100/parameters.yaml": CITY,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


def load(folder: Path) -> dict[str, Parameter]:
    return load_parameters(folder / "parameters", folder / "regions")


@pytest.mark.parametrize(
    ("on", "region", "value"),
    [
        ("2019-12-31", None, None),
        ("2020-01-01", None, 14),
        ("2025-12-31", "880101", 14),
        ("2026-01-01", "880101", 16),
        ("2020-12-31", "990203", 14),
        ("2021-01-01", "990203", 18),
        ("2026-06-01", "990203", 18),
        ("2021-12-31", "990101", 18),
        ("2022-01-01", "990101", 17),
        ("2023-01-01", "990101", None),
        ("2026-06-01", "", 16),
    ],
)
def test_the_value_of_a_date_and_region(folder: Path, on: str, region: str | None, value: int | None) -> None:
    found = load(folder)["age"].at(day_number(date.fromisoformat(on)), region)
    assert (found.value if found else None) == value


def test_money_is_fen_and_a_value_keeps_its_source(folder: Path) -> None:
    cap = load(folder)["cap"]
    assert (cap.type, cap.national[0].value, cap.national[0].source) == (Type.FEN, 1050, "起始")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (", source: 通知甲", "", "needs the source"),
        ("from: 2026-01-01", "from: 2019-01-01", "ascending order"),
        ("from: 2026-01-01", "from: soon", "needs from and value"),
        ("value: 16", "value: many", "'many' is not a value"),
        ("value: 16", "value: 1.5", "1.5 is not a value"),
        ("value: 16", "value: true", "True is not a value"),
        ("type: yuan", "type: dollar", "needs title, type and values"),
        ("  title: 限额\n", "", "needs title, type and values"),
    ],
)
def test_a_bad_parameter_is_refused_with_its_place(folder: Path, old: str, new: str, told: str) -> None:
    file = folder / "parameters" / "national.yaml"
    assert NATION.count(old) == 1
    file.write_text(NATION.replace(old, new), "utf-8")
    with pytest.raises(XiezhiError) as caught:
        load(folder)
    (problem,) = caught.value.problems
    assert told in problem.what
    assert problem.where.path == str(file)
    assert problem.where.line is not None
    assert problem.where.line > 1 or told.startswith("needs title")


def test_a_region_cannot_make_a_parameter(folder: Path) -> None:
    (folder / "regions" / "990100" / "parameters.yaml").write_text("agee:\n  - {from: 2022-01-01, value: 1, source: 市}\n", "utf-8")
    with pytest.raises(XiezhiError, match="unknown parameter 'agee'"):
        load(folder)


def test_a_name_stands_once(folder: Path) -> None:
    (folder / "parameters" / "more.yaml").write_text(NATION[: NATION.index("cap:")], "utf-8")
    with pytest.raises(XiezhiError, match="defined twice"):
        load(folder)


@given(st.lists(st.integers(0, 3000), unique=True, min_size=1, max_size=6).map(sorted), st.integers(-10, 3010))
def test_a_value_holds_until_the_next_one(starts: list[int], day: int) -> None:
    parameter = Parameter("p", "", Type.INT, "", tuple(Dated(start, start) for start in starts))
    found = parameter.at(day, None)
    wanted = max((start for start in starts if start <= day), default=None)
    assert (found.value if found else None) == wanted


@given(st.decimals(0, 10**6, places=2))
def test_yuan_become_exact_fen(value: object) -> None:
    assert convert(value, Type.FEN) == int(value * 100)  # type: ignore[operator]
