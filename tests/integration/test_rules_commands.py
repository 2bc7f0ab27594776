"""`xiezhi rules list|show|check|test|coverage|lock`: on the rule base of the checkout, on another folder, on a new file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from xiezhi.settings import find_rules_dir

CHILD = "catalogue/policy/drug/07_children_only.yaml"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the whole rule base."""
    return Path(shutil.copytree(find_rules_dir(), tmp_path / "rules"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def load_rule(file: Path) -> Any:
    return yaml.safe_load(file.read_text("utf-8"))


def document(run: Any) -> Any:
    """The one JSON document on stdout."""
    return json.loads(run.out)


def test_the_bundled_rule_base_is_good(run_cli: Callable[..., Any]) -> None:
    checked = document(run_cli("rules", "check", "--json"))
    assert checked["problems"] == []
    assert checked["rules"] >= 31
    assert checked["warnings"] == [], "xiezhi rules lock"
    assert run_cli("rules", "lock", "--check").code == 0
    tested = run_cli("rules", "test")
    assert tested.code == 0
    assert "未通过 failed: 0" in tested.out


def test_list_filters(run_cli: Callable[..., Any], rules: Path) -> None:
    def listed(*options: str) -> list[str]:
        return [row["id"] for row in document(run_cli("rules", "list", "--rules", rules, "--json", *options))["rules"]]

    assert listed("--class", "7") == ["GZ10000101007000"]
    assert set(listed("--verdict", "definite")) & set(listed("--verdict", "suspicious")) == set()
    assert listed("--text", "分解住院") == ["GZ10000204001000"]
    assert "GZ10000204001000" not in listed("--stage", "pre")
    assert listed("--status", "retired") == []
    edit(rules / CHILD, "status: active", "status: retired")
    assert listed("--status", "retired") == ["GZ10000101007000"]
    text = run_cli("rules", "list", "--rules", rules)
    assert text.code == 0
    assert "条规则 rules" in text.out


@pytest.mark.parametrize("options", [("--status", "on"), ("--verdict", "bad"), ("--stage", "now"), ("--class", "99")])
def test_wrong_filters_are_wrong_use(run_cli: Callable[..., Any], options: tuple[str, str]) -> None:
    assert run_cli("rules", "list", *options).code == 2


@pytest.mark.parametrize(
    "name", ["GZ10000101009000", "gz10000101009000", "9", "09_days_per_prescription", "drug/09_days_per_prescription.yaml"]
)
def test_show_tells_all_of_a_rule(run_cli: Callable[..., Any], name: str) -> None:
    shown = document(run_cli("rules", "show", name, "--json"))
    assert shown["id"] == "GZ10000101009000"
    assert shown["laws"][0]["gist"]
    assert shown["names"]["line.days_supplied"] == "开药天数"
    assert {each["name"] for each in shown["parameters"]} >= {"rx_days_outpatient"}
    assert all(value["source"] for each in shown["parameters"] for value in each["values"])
    text = run_cli("rules", "show", name).out
    for part in (shown["why"], "line.days_supplied > allowed", "param.rx_days_outpatient", "国务院令第735号", shown["message"]):
        assert part in text


def test_show_of_nothing_names_what_is_close(run_cli: Callable[..., Any]) -> None:
    run = run_cli("rules", "show", "GZ10000101009001")
    assert run.code == 2
    assert "GZ10000101009000" in run.err
    assert run_cli("rules", "show", "36").code == 2, "several rules of class 36"


def test_check_lists_every_problem_with_its_place(run_cli: Callable[..., Any], rules: Path) -> None:
    edit(rules / CHILD, "owner: 基金监管处", "owner: 待定")
    edit(rules / "catalogue/policy/drug/08_indication.yaml", "，涉及{amount}元", "")
    run = run_cli("rules", "check", "--rules", rules)
    assert run.code == 1
    assert f"{rules / CHILD}:" in run.err
    assert "[owner]" in run.err
    assert "[message-amount]" in run.err
    assert len(document(run_cli("rules", "check", "--rules", rules, "--json"))["problems"]) == 2


def test_check_of_files_that_cannot_be_read(run_cli: Callable[..., Any], rules: Path) -> None:
    edit(rules / CHILD, "amount: line.amount", "amount: line.amuont")
    run = run_cli("rules", "check", "--rules", rules)
    assert run.code == 1
    assert "07_children_only.yaml" in run.err
    assert "line.amuont" in run.err
    (problem,) = document(run_cli("rules", "check", "--rules", rules, "--json"))["problems"]
    assert problem["check"] == "load"
    assert problem["column"] == 9


def test_test_prints_file_line_expected_and_got(run_cli: Callable[..., Any], rules: Path) -> None:
    edit(rules / CHILD, "amount: 10.00", "amount: 11.00")
    lines = (rules / CHILD).read_text("utf-8").split("\n")
    number = next(index for index, line in enumerate(lines, 1) if "11.00" in line)
    run = run_cli("rules", "test", "7", "--rules", rules)
    assert run.code == 1
    assert f"{rules / CHILD}:{number}" in run.err
    assert "expected 11" in run.err
    assert "got 10.00" in run.err
    assert "未通过 failed: 1" in run.out
    (failure,) = document(run_cli("rules", "test", "--rules", rules, "--json"))["failures"]
    assert (failure["rule_id"], failure["line"]) == ("GZ10000101007000", number)
    assert run_cli("rules", "test", "8", "GZ10000301004000", "--rules", rules).code == 0


def test_a_new_file_is_checked_tested_and_locked(run_cli: Callable[..., Any], rules: Path) -> None:
    new = rules / "catalogue" / "own" / "new.yaml"
    text = (rules / CHILD).read_text("utf-8").replace("../../../schema", "../../schema").replace("id: GZ10000101007000", "id: XZ-AB-001")
    new.write_text(text.replace("class_no: 7\n", "").replace("title: ", "title: 新").replace("title_en: ", "title_en: New "), "utf-8")
    run = run_cli("rules", "check", "--rules", rules)
    assert run.code == 0, run.err
    assert "[lock]" in run.err
    assert run_cli("rules", "test", "new.yaml", "--rules", rules).code == 0
    assert run_cli("rules", "lock", "--check", "--rules", rules).code == 1
    assert "XZ-AB-001" in run_cli("rules", "lock", "--rules", rules).out
    assert run_cli("rules", "lock", "--check", "--rules", rules).code == 0
    new.unlink()
    gone = run_cli("rules", "check", "--rules", rules)
    assert gone.code == 1
    assert "XZ-AB-001" in gone.err
    assert run_cli("rules", "lock", "--rules", rules).code == 1


def test_coverage_counts_the_88_classes(run_cli: Callable[..., Any], rules: Path) -> None:
    found = document(run_cli("rules", "coverage", "--rules", rules, "--json"))
    assert found["classes"] == 88
    assert len(found["rows"]) == 88
    assert found["active"] == sum(bool(row["rules"]) for row in found["rows"])
    assert found["active"] >= 69
    first = next(row for row in found["rows"] if row["no"] == 27)
    files = [load_rule(path) for path in (rules / "catalogue").rglob("27_*.yaml")]
    with (rules / "knowledge" / "points.csv").open(encoding="utf-8") as file:
        assert first["points"] == sum(line.startswith("KP-xz-27-") for line in file) > 0
    # Kills: cases or stages of another class, articles left out, a real-time engine for a rule that only the sweep judges.
    assert first["cases"] == sum(len(each["cases"]) for each in files)
    assert first["stages"] == files[0]["stages"]
    assert first["laws"] == ["CN-SC-735 38(3)"]
    engines = {row["no"]: row["engines"] for row in found["rows"] if row["rules"]}
    batch = {each["class_no"] for path in (rules / "catalogue").rglob("*.yaml") if (each := load_rule(path)).get("batch")}
    assert {no for no, names in engines.items() if "python" not in names} == batch
    bare = next(row for row in found["rows"] if not row["rules"])
    assert (bare["cases"], bare["laws"], bare["stages"], bare["engines"]) == (0, [], [], [])
    lacking = document(run_cli("rules", "coverage", "--rules", rules, "--missing", "--json"))["rows"]
    assert len(lacking) == 88 - found["active"]
    edit(rules / CHILD, "status: active", "status: draft")
    assert document(run_cli("rules", "coverage", "--rules", rules, "--json"))["active"] == found["active"] - 1
    assert "88 类" in run_cli("rules", "coverage", "--rules", rules).out


@pytest.mark.parametrize("command", ["list", "check", "test", "coverage", "lock"])
def test_a_folder_without_rules_is_told(run_cli: Callable[..., Any], tmp_path: Path, command: str) -> None:
    run = run_cli("rules", command, "--rules", tmp_path)
    assert run.code == 1
    assert "no rules here" in run.err
