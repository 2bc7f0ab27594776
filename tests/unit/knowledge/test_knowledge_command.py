"""`xiezhi knowledge import|list|show` and the curated points that ship with the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xiezhi.ruleset.knowledge.bundled import bundled_points
from xiezhi.settings import load_settings

POINTS = """kp_id,rule_no,item_name,constraint,limit,published_at,supersedes
KP-old,67,某药,限女性,"{""sex"": ""女""}",2026-01-01,
KP-new,67,某药,限女性。,"{""sex"": ""女""}",2026-03-01,KP-old
KP-text,8,某药,限2型糖尿病,,2026-03-01,
"""
CODES = """kp_id,role,code,name
KP-old,a,XG02ADD082D001010100001,某药
KP-new,a,XG02ADD082D001010100001,某药
KP-text,a,XG02ADD082D001010100001,某药
"""


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    (tmp_path / "points.csv").write_text(POINTS, "utf-8")
    (tmp_path / "codes.csv").write_text(CODES, "utf-8")
    return [tmp_path / "points.csv", tmp_path / "codes.csv"]


def test_import_counts_and_explains(run_cli: Any, home: Path, tables: list[Path]) -> None:
    run = run_cli("knowledge", "import", *tables)
    assert run.code == 0
    for line in ("imported: 3", "superseded: 1", "not yet coded: 1", "rejected: 0"):
        assert line in run.out
    again = json.loads(run_cli("knowledge", "import", *tables, "--json").out)
    assert (again["imported"], again["unchanged"]) == (0, 3)


def test_a_refused_row_is_shown_with_its_place_and_the_exit_code_is_1(run_cli: Any, home: Path, tables: list[Path]) -> None:
    tables[0].write_text(POINTS + 'KP-bad,67,某药,限女性,"{""sex"": ""F""}",2026-03-01,\n', "utf-8")
    run = run_cli("knowledge", "import", *tables)
    assert run.code == 1
    assert f"{tables[0]}:5:5 (limit)" in run.out
    assert "imported: 3" in run.out


def test_wrong_use_is_exit_code_2(run_cli: Any, home: Path) -> None:
    assert run_cli("knowledge", "import", "no-such.csv").code == 2
    assert run_cli("knowledge", "show", "KP-none").code == 2
    assert run_cli("knowledge", "list", "--class", "99").code == 2


def test_list_filters_by_class_code_and_date(run_cli: Any, home: Path, tables: list[Path]) -> None:
    run_cli("knowledge", "import", *tables)

    def listed(*options: str) -> list[str]:
        return [each["kp_id"] for each in json.loads(run_cli("knowledge", "list", "--json", *options).out)["points"]]

    code = "XG02ADD082D001010100001"
    assert listed("--code", code) == ["KP-text", "KP-new", "KP-old"]
    assert listed("--code", code, "--class", "67", "--on", "2026-02-28") == ["KP-old"]
    assert listed("--code", code, "--class", "67", "--on", "2026-03-01") == ["KP-new"]
    assert listed("--class", "67", "--code", "XG02") == []
    assert len(listed()) == 3 + len(bundled_points(load_settings().rules_dir).points)


def test_show_tells_the_chain_and_the_rule(run_cli: Any, home: Path, tables: list[Path]) -> None:
    run_cli("knowledge", "import", *tables)
    shown = json.loads(run_cli("knowledge", "show", "KP-old", "--json").out)
    assert shown["rule_id"] == "GZ10000301004000"
    assert shown["valid_to"] == "2026-02-28"
    assert [each["kp_id"] for each in shown["chain"]] == ["KP-old", "KP-new"]
    text = run_cli("knowledge", "show", "KP-new")
    assert text.code == 0
    assert "XG02ADD082D001010100001" in text.out


@pytest.mark.checkout
def test_the_curated_points_are_whole(checkout: Path) -> None:
    reading = bundled_points(checkout / "rules")
    assert not reading.rejects
    assert not reading.warnings
    assert all(each.coded and each.kp_id.startswith(f"KP-xz-{each.class_no}-") for each in reading.points)
    numbers = {no: sum(each.class_no == no for each in reading.points) for no in (15, 23, 25, 27, 29, 31)}
    assert numbers == {15: 14, 23: 11, 25: 35, 27: 67, 29: 1, 31: 14}
