"""What stands where a case is silent, and how cases are compared with what they expect."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.case_facts import ITEM, case_facts, points_of
from xiezhi.ruleset.cases import charged_only, run_case
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.spec import RuleCase, RuleSpec
from xiezhi.settings import find_rules_dir

RULES = load_rules(find_rules_dir()).rules
CHILD, SEX, STAY, TRACE = (RULES[each] for each in ("GZ10000101007000", "GZ10000301004000", "GZ10000204001000", "XZ-TR-001"))

REFUNDED: list[dict[str, Any]] = [{}, {"cnt": Decimal(-1), "init_feedetl_sn": "L1"}]


def case(given: dict[str, Any], kind: str = "hit", exception: str | None = None, **expect: Any) -> RuleCase:
    return RuleCase("a case", kind, exception, given, {"hits": 1, **expect}, 9)


def told(rule: RuleSpec, each: RuleCase) -> list[str]:
    return [difference.what for difference in run_case(rule, each).differences]


def test_silence_is_one_ordinary_visit() -> None:
    (person,) = case_facts(CHILD, case({})).persons
    (line,), (encounter,) = person.lines, person.encounters
    assert (line.item, line.quantity, line.price, line.amount, line.live, line.settled) == (ITEM, 1_000_000, 10_000_000, 1000, True, True)
    assert (encounter.kind, encounter.level, encounter.region, encounter.total, encounter.fund) == ("outpatient", 2, "990101", 1000, 800)
    assert person.diagnoses == {}


def test_every_visit_has_a_line_and_a_settlement() -> None:
    facts = case_facts(CHILD, case({"encounters": [{}, {"begntime": date(2026, 3, 20)}]})).persons[0]
    assert [(line.encounter, line.settlement) for line in facts.lines] == [("E1", "S1"), ("E2", "S2")]


def test_the_single_row_is_shared_by_the_list() -> None:
    given = {"encounter": {"gend": "2"}, "encounters": [{}, {"gend": "1"}], "line": {"pric": Decimal(3)}}
    (person,) = case_facts(CHILD, case(given)).persons
    assert [e.sex for e in person.encounters] == ["2", "1"]
    assert [line.amount for line in person.lines] == [300, 300]


def test_rows_of_several_persons_are_several_partitions() -> None:
    facts = case_facts(CHILD, case({"encounters": [{}, {"psn_no": "P2"}]}))
    assert [person.person for person in facts.persons] == ["P1", "P2"]


def test_a_null_is_missing() -> None:
    (person,) = case_facts(CHILD, case({"encounter": {"brdy": None}})).persons
    assert person.lines[0].age_years is None


def test_points_are_read_like_published_ones() -> None:
    (point,) = points_of(SEX, case({"points": [{"limit": {"sex": "女"}, "valid_to": date(2026, 1, 1)}]}))
    assert (point.limit.sex, point.valid_to, point.codes_of("a")) == ("2", date(2026, 1, 1), (ITEM,))
    with pytest.raises(XiezhiError, match=r"9 \(a case: points.0\): .*sex"):
        points_of(SEX, case({"points": [{"limit": {"sex": "F"}}]}))
    with pytest.raises(XiezhiError, match="cannot be judged"):
        points_of(SEX, case({"points": [{}]}))


def test_a_case_that_cannot_be_read_is_a_failure_not_a_crash() -> None:
    assert told(SEX, case({"points": [{"limit": {"colour": 1}}]})) == ["given", "given"] or told(SEX, case({"points": [{}]})) == ["given"]


def test_sales_are_by_trace_code() -> None:
    facts = case_facts(TRACE, case({"sales": [{}, {"drug_trac_codg": "T2"}]}))
    assert {trace: len(sales) for trace, sales in facts.sales.items()} == {"T1": 1, "T2": 1}


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ({"hits": 2}, "hits"),
        ({"amount": Decimal("10.01")}, "amount"),
        ({"amount_fen": 999}, "amount_fen"),
        ({"fund": Decimal("7.99")}, "fund"),
        ({"unknown": ["person.age_years"]}, "unknown"),
        ({"lines": []}, "lines"),
        ({"related": ["L1"]}, "related"),
        ({"message": "儿科"}, "message"),
    ],
)
def test_each_expectation_can_fail(expect: dict[str, Any], what: str) -> None:
    assert told(CHILD, case({})) == []
    assert told(CHILD, case({}, **expect)) == [what]


def test_all_expectations_can_be_met() -> None:
    good: dict[str, Any] = {"amount": Decimal(10), "amount_fen": 1000, "fund": Decimal(8), "unknown": [], "lines": ["L1"], "related": []}
    assert told(CHILD, case({}, **good, message="46周岁")) == []


def test_a_kind_must_fit_what_is_expected() -> None:
    assert told(CHILD, case({}, "miss")) == ["kind"]
    assert told(CHILD, case({"encounter": {"brdy": date(2020, 1, 1)}}, hits=0)) == ["kind"]


@pytest.mark.parametrize(
    ("rule", "proving", "idle"),
    [
        (
            CHILD,
            case({"encounter": {"begntime": date(2021, 4, 30)}}, "outside", hits=0),
            case({"encounter": {"begntime": date(2021, 4, 30), "brdy": date(2015, 1, 1)}}, "outside", hits=0),
        ),
        (
            CHILD,
            case({"lines": REFUNDED}, "refunded", hits=0),
            case({"encounter": {"brdy": date(2020, 1, 1)}, "lines": REFUNDED}, "refunded", hits=0),
        ),
        (CHILD, case({"settlement": {"refd_setl_flag": "1"}}, "refunded", hits=0), case({"lines": []}, "refunded", hits=0)),
        (
            STAY,
            next(each for each in STAY.cases if each.exception == "dialysis"),
            replace(next(each for each in STAY.cases if each.exception == "dialysis"), exception="birth"),
        ),
    ],
)
def test_silence_must_have_the_reason_that_the_case_says(rule: RuleSpec, proving: RuleCase, idle: RuleCase) -> None:
    assert told(rule, proving) == []
    assert any("without" in each for each in told(rule, idle))


def test_an_exception_must_be_one_of_the_rule() -> None:
    assert told(CHILD, case({"encounter": {"brdy": date(2020, 1, 1)}}, "exception", "none", hits=0)) == ["exception"]


def test_only_refunds_reversals_and_returns_are_taken_away() -> None:
    given = {
        "lines": [{}, {"cnt": Decimal(-1)}],
        "settlements": [{"refd_setl_flag": "1", "setl_id": "S1"}, {"init_setl_id": "S1"}],
        "sale_returns": [{}],
        "points": [{}],
    }
    assert charged_only(given) == {"lines": [{}], "settlements": [{"setl_id": "S1"}], "points": [{}]}
