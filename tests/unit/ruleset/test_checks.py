"""Every check finds what it is there for, in a rule base that is bad on purpose, and is silent on one that is good."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.checks.base import Issue
from xiezhi.ruleset.checks.exceptions import NAME
from xiezhi.ruleset.checks.registry import CHECKS, run_checks

ON = date(2026, 7, 1)
RULE = "catalogue/policy/drug/07_children_only.yaml"


def drop_cases(text: str, *kinds: str) -> str:
    """The rule file without the cases of some kinds (each stands on one line)."""
    return "\n".join(line for line in text.split("\n") if not any(f"kind: {kind}," in line for kind in kinds))


def change(base: Any, edit: Callable[[str], str], path: str = RULE) -> None:
    file = base.folder / path
    before = file.read_text("utf-8")
    after = edit(before)
    assert after != before
    file.write_text(after, "utf-8")


def no_cases(base: Any) -> None:
    change(base, lambda text: text[: text.index("cases:")])


def no_kind(kind: str) -> Callable[[Any], None]:
    return lambda base: change(base, lambda text: drop_cases(text, kind))


def one_side(base: Any) -> None:
    change(base, lambda text: "\n".join(line for line in text.split("\n") if not ("kind: boundary" in line and "hits: 0" in line)))


def uncovered_exception(base: Any) -> None:
    change(base, lambda text: text.replace("subject:", "except:\n  inpatient: encounter.kind = 'inpatient'\nsubject:", 1))


def no_amounts(base: Any) -> None:
    change(base, lambda text: text.replace(", amount: 10.00", ""))


def text(old: str, new: str) -> Callable[[Any], None]:
    return lambda base: change(base, lambda before: before.replace(old, new, 1))


def second_rule(base: Any) -> None:
    copy = base.rule.read_text("utf-8").replace("id: GZ10000101007000", "id: XZ-AB-001").replace("class_no: 7\n", "")
    (base.folder / "catalogue" / "second.yaml").write_text(copy, "utf-8")


def law_ends(base: Any) -> None:
    change(base, lambda before: before.replace("from: 2021-05-01", "from: 2021-05-01\nto: 2027-12-31", 1), "laws/CN-SC-735.yaml")


def unused_parameter(base: Any) -> None:
    more = "spare:\n  title: 多余\n  type: int\n  values:\n    - {from: 2020-01-01, value: 1, source: 起始值}\n"
    change(base, lambda before: before + more, "parameters/national.yaml")


def rule_vanishes(base: Any) -> None:
    second_rule(base)
    base.rule.unlink()
    change(
        base, lambda before: before.replace("title: 药", "title: 别的药").replace("title_en: ", "title_en: Other "), "catalogue/second.yaml"
    )


def no_schema(base: Any) -> None:
    (base.folder / "schema" / "rule.schema.json").unlink()


BAD: list[tuple[str, str, Callable[[Any], None]]] = [
    ("cases", "没有测试用例", no_cases),
    *(("case-kinds", f"kind: {kind}", no_kind(kind)) for kind in ("hit", "miss", "missing", "outside", "refunded")),
    ("case-kinds", "just beyond", no_kind("boundary")),
    ("case-kinds", "just within", one_side),
    ("case-kinds", "exception: inpatient", uncovered_exception),
    ("case-amount", "写明金额", no_amounts),
    ("owner", "待定", text("owner: 基金监管处", "owner: 待定")),
    (
        "known-gaps",
        "known_gaps",
        lambda base: change(base, lambda t: t.replace("definite", "suspicious").replace("known_gaps:\n  - 年龄", "triage:\n  - 年龄")),
    ),
    ("message-amount", "金额", text("，涉及{amount}元", "")),
    ("message-amount", "amount", text("; {amount} yuan", "")),
    ("neutral-words", "违规", text("title: 药品限儿童使用", "title: 药品违规使用")),
    ("titles", "07_children_only.yaml", second_rule),
    ("law", "2027-12-31", law_ends),
    ("id", "class_no is 8", text("class_no: 7", "class_no: 8")),
    ("id", "class_no is None", text("class_no: 7\n", "")),
    ("verdict", "suspicious", text("verdict: definite", "verdict: suspicious")),
    ("knowledge", "46", text("knowledge: {class: 7", "knowledge: {class: 46")),
    ("parameters", "spare", unused_parameter),
    ("lock", "other content", text("why: ", "why: 又：")),
    ("lock", "不在锁文件", second_rule),
    ("lock", "消失", rule_vanishes),
    ("schema", "已过时", no_schema),
    ("editor-line", "首行", text("# yaml-language-server: $schema=../../../schema", "# yaml-language-server: $schema=schema")),
]


def issues(base: Any, check: str) -> list[Issue]:
    return [issue for issue in run_checks(base.load(), ON) if issue.check == check]


def test_a_good_base_has_no_issue(base: Any) -> None:
    assert run_checks(base.load(), ON) == []


@pytest.mark.parametrize(("check", "told", "spoil"), BAD, ids=[f"{check}: {told}" for check, told, _ in BAD])
def test_the_check_finds_it_and_says_where(base: Any, check: str, told: str, spoil: Callable[[Any], None]) -> None:
    spoil(base)
    found = [str(issue.problem) for issue in issues(base, check)]
    assert any(told in each for each in found), found
    assert all(issue.problem.where.path and Path(issue.problem.where.path).is_relative_to(base.folder) for issue in issues(base, check))


def test_every_check_has_a_fixture_that_is_bad_and_says_what_it_asks() -> None:
    assert {check.name for check in CHECKS} == {check for check, _, _ in BAD}
    assert all(check.zh and check.en for check in CHECKS)


def test_an_issue_stands_at_its_line(base: Any) -> None:
    line = base.edit(RULE, "owner: 基金监管处", "owner: '-'")
    assert issues(base, "owner")[0].problem.where.line == line


def test_a_note_explains_another_verdict(base: Any) -> None:
    base.edit(RULE, "verdict: definite", "meta: {note: 本地按可疑处理}\nverdict: suspicious")
    assert issues(base, "verdict") == []


def test_a_retired_rule_is_left_alone(base: Any) -> None:
    base.edit(RULE, "status: active", "status: retired")
    no_cases(base)
    assert [issue.check for issue in run_checks(base.load(), ON) if not issue.problem.warning] == []


def exempt(base: Any, *rows: str) -> None:
    (base.folder / NAME).write_text("\n".join(["rule_id,check,reason,until", *rows]) + "\n", "utf-8")


def test_an_exception_excuses_until_its_last_day(base: Any) -> None:
    no_kind("missing")(base)
    exempt(base, "GZ10000101007000,case-kinds,出生日期总有,2026-07-01")
    assert issues(base, "case-kinds") == issues(base, "exceptions") == []
    late = [issue.check for issue in run_checks(base.load(), date(2026, 7, 2)) if not issue.problem.warning]
    assert late == ["case-kinds", "exceptions"] or sorted(late) == ["case-kinds", "exceptions"]


def test_an_exception_that_excuses_nothing_is_an_issue(base: Any) -> None:
    exempt(base, "GZ10000101007000,owner,有人,2026-12-31")
    (found,) = run_checks(base.load(), ON)
    assert found.check == "exceptions"
    assert found.problem.where.line == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("GZ10000101008000,owner,x,2026-12-31", "unknown rule"),
        ("GZ10000101007000,colour,x,2026-12-31", "unknown check"),
        ("GZ10000101007000,owner, ,2026-12-31", "without a reason"),
        ("GZ10000101007000,owner,x,2026-13-01", "not a date"),
        ("GZ10000101007000,owner,x,", "not a date"),
    ],
)
def test_a_row_of_the_exceptions_that_cannot_be_used_is_refused(base: Any, row: str, told: str) -> None:
    exempt(base, row)
    with pytest.raises(XiezhiError, match=told) as caught:
        run_checks(base.load(), ON)
    assert caught.value.problems[0].where.line == 2


def test_other_columns_are_refused(base: Any) -> None:
    (base.folder / NAME).write_text("rule;check\n", "utf-8")
    with pytest.raises(XiezhiError, match="rule_id,check,reason,until"):
        run_checks(base.load(), ON)


def test_a_copy_of_a_folder_is_checked_as_well(base: Any, tmp_path: Path) -> None:
    shutil.copytree(base.folder, tmp_path / "other")
    from xiezhi.ruleset.loader import load_rules

    assert run_checks(load_rules(tmp_path / "other"), ON) == []
