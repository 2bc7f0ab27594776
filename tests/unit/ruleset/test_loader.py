"""The loader refuses every bad rule file with line and column, what is wrong and what is accepted, all mistakes together."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.loader import content_hash, load_rules
from xiezhi.settings import find_rules_dir

RULE = "catalogue/policy/drug/07_children_only.yaml"
MORE = "amount: line.amount\n"

# what is replaced, by what, what the problem says, what it says is accepted, the word that stands at the reported place
BAD: list[tuple[str, str, str, str, str, str]] = [
    ("unknown key", MORE, MORE + "amuont: 1\n", "unknown key 'amuont'", "amount", "amuont"),
    ("missing key", "owner: 基金监管处\n", "", "missing key 'owner'", "", ""),
    ("key twice", "owner: 基金监管处\n", "owner: 基金监管处\nowner: 别处\n", "stands twice", "each key once", "owner: 别处"),
    ("bad id", "id: GZ10000101007000", "id: GZ7", "'GZ7'", "", "GZ7"),
    ("bad status", "status: active", "status: on", "", "", "on"),
    ("bad stage", "stages: [pre, mid, post]", "stages: [pre, after]", "'after'", "", "after"),
    ("bad date", "from: 2021-05-01", "from: 2021-02-30", "2021-02-30", "a plain value", "2021-02-30"),
    ("class above 88", "class_no: 7", "class_no: 89", "88", "", "89"),
    ("unknown law", "law: CN-SC-735", "law: CN-SC-1", "unknown law 'CN-SC-1'", "CN-SC-735", "CN-SC-1"),
    ("unknown article", 'article: "38(6)"', 'article: "99"', "no article '99'", "38(6)", '"99"'),
    ("before the law", "from: 2021-05-01", "from: 2021-04-30", "before any cited law", "2021-05-01 or later", "2021-04-30"),
    ("unknown field", "amount: line.amount", "amount: line.amuont", "unknown name 'line.amuont'", "line.amount", "line.amuont"),
    (
        "unknown parameter",
        "param.child_age_years",
        "param.child_years",
        "unknown name 'param.child_years'",
        "child_age",
        "param.child_years",
    ),
    ("unknown limit", "point.max_age_years,", "point.max_years,", "unknown name 'point.max_years'", "max_age_years", "point.max_years"),
    ("no knowledge", "knowledge: {class: 7, role: a}\n", "", "declares no knowledge", "", "point.max_age"),
    ("money beside pieces", MORE, "amount: line.quantity\n", "quantity", "fen", ""),
    ("two moneys", MORE, "amount: line.amount * line.amount\n", "no meaning", "", "* line.amount\nc"),
    ("condition is no truth", "else person.age_years > allowed", "else person.age_years", "", "bool", ""),
    ("unknown subject", "subject: [line]", "subject: [lines]", "unknown subject key 'lines'", "encounter", "lines]"),
    ("unknown placeholder", "{counted}周岁", "{age}周岁", "unknown placeholder {age}", "counted", ""),
    ("open placeholder", "{counted}周岁", "{counted周岁", "placeholder", "", ""),
    ("feature of nothing", MORE, MORE + "features:\n  used: {in: day}\n", "0 aggregates", "one of sum", "{in: day}"),
    (
        "feature of two",
        MORE,
        MORE + "features:\n  used: {sum: line.quantity, max: line.price, in: day}\n",
        "2 aggregates",
        "one of",
        "{sum",
    ),
    ("unknown scope", MORE, MORE + "features:\n  used: {sum: line.quantity, in: week}\n", "scope 'week'", "rolling(days)", "week"),
    ("no scope", MORE, MORE + "features:\n  used: {sum: line.quantity}\n", "scope", "prescription", ""),
    ("sum of text", MORE, MORE + "features:\n  used: {sum: line.item, in: day}\n", "cannot sum text", "a number", "line.item"),
    (
        "distinct in rolling",
        MORE,
        MORE + "features:\n  used: {distinct: line.item, in: rolling(7)}\n",
        "over rolling days",
        "sum or count",
        "",
    ),
    ("unknown per", MORE, MORE + "features:\n  used: {count: rows, in: day, per: [colour]}\n", "unknown column 'colour'", "item", "colour"),
    ("unknown source", MORE, MORE + "features:\n  used: {exists: friends}\n", "exists of 'friends'", "partner", ""),
    ("case: unknown kind", "kind: miss", "kind: maybe", "'maybe'", "", "maybe"),
    ("case: unknown column", "{brdy: 2020-01-01}", "{brday: 2020-01-01}", "unknown key 'brday'", "brdy", "brday"),
    ("case: unknown part", "given: {encounter: {brdy: 2020", "given: {visit: {brdy: 2020", "unknown key 'visit'", "encounter", "visit"),
    ("case: no date", "brdy: 2020-01-01", "brdy: young", "'young'", "", "young"),
    ("case: bad code", "brdy: 2020-01-01", "gend: m", "'m'", "", "m}"),
    ("case: required column", "lines: [{}, {cnt: -1", "lines: [{cnt: null}, {cnt: -1", "None", "", "null"),
    (
        "case: no hits",
        "expect: {hits: 0}}\n  - {name: 十五周岁前一日",
        "expect: {amount: 1}}\n  - {name: 十五周岁前一日",
        "missing key 'hits'",
        "",
        "",
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "what", "accepted", "at"), BAD, ids=[each[0] for each in BAD])
def test_a_bad_file_is_refused_with_its_place(base: Any, name: str, old: str, new: str, what: str, accepted: str, at: str) -> None:
    base.edit(RULE, old, new)
    problems = [problem for problem in base.problems() if what in problem.what and accepted in problem.accepted]
    assert problems, [str(problem) for problem in base.problems()]
    place = problems[0].where
    assert place.path == str(base.rule)
    if at:
        line = base.rule.read_text("utf-8").split("\n")[(place.line or 0) - 1 :]
        assert "\n".join(line)[(place.column or 0) - 1 :].startswith(at)


def test_all_mistakes_of_all_files_are_told_together(base: Any) -> None:
    base.edit(RULE, "line.amount", "line.amuont")
    base.edit(RULE, "[line]", "[lines]")
    base.edit(RULE, "{counted}周岁", "{age}周岁")
    (base.folder / "catalogue" / "other.yaml").write_text("id: [", "utf-8")
    (base.folder / "laws" / "bad.yaml").write_text("- x\n", "utf-8")
    told = [str(problem) for problem in base.problems()]
    for word in ("line.amuont", "lines", "{age}", "other.yaml", "bad.yaml"):
        assert any(word in each for each in told), told


def test_an_id_stands_once(base: Any) -> None:
    (base.folder / "catalogue" / "copy.yaml").write_text(base.rule.read_text("utf-8"), "utf-8")
    assert "stands in" in base.problems()[0].what


def test_a_folder_without_a_catalogue_is_refused(tmp_path: Any) -> None:
    with pytest.raises(XiezhiError, match="no rules here"):
        load_rules(tmp_path)


def test_codes_in_cases_keep_their_zeros(base: Any) -> None:
    base.edit(RULE, "given: {encounter: {brdy: 2020-01-01}}", "given: {encounter: {hosp_lv: 05}, points: [{a: [002103000010000]}]}")
    case = next(case for case in base.load().rules["GZ10000101007000"].cases if case.kind == "miss")
    assert case.given["encounter"]["hosp_lv"] == "05"
    assert case.given["points"][0]["a"] == ["002103000010000"]


def test_the_hash_is_that_of_the_content(base: Any) -> None:
    before = base.load().rules["GZ10000101007000"].hash
    base.edit(RULE, "# yaml", "# a comment\n# yaml")
    base.edit(RULE, "version: 1", "version: 3")
    assert base.load().rules["GZ10000101007000"].hash == before
    base.edit(RULE, "why: ", "why: 又，")
    assert base.load().rules["GZ10000101007000"].hash != before


def test_the_version_of_the_base_follows_rules_and_parameters(base: Any) -> None:
    before = base.load().version
    base.edit("parameters/national.yaml", "value: 14", "value: 18")
    assert base.load().version != before


def test_the_order_of_keys_does_not_matter() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})


def test_the_rules_of_the_checkout_load_and_each_has_its_own_id() -> None:
    rules = load_rules(find_rules_dir()).rules
    assert len(rules) >= 31
    assert all(re.fullmatch(r"[0-9a-f]{64}", rule.hash) for rule in rules.values())


def test_fixtures_are_one_change_each(edited: Callable[[str, str], Any]) -> None:
    assert edited("version: 1", "version: 2").load().rules["GZ10000101007000"].version == 2
