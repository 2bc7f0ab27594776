"""The vocabulary of `limit`: every key of the table is read with its unit, everything else is refused with a position."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.errors import Place, Problems
from xiezhi.domain.knowledge import LIMIT_FIELDS, is_category
from xiezhi.domain.rule_classes import RULE_CLASSES, class_of_id, class_of_name, rule_id
from xiezhi.ruleset.knowledge.limits import read_limit
from xiezhi.storage.knowledge_tables import CATEGORY

PLACE = Place("points.csv", 7, 6, "limit")


def read(class_no: int, limit: object, name: str = "某项目", logic: str = "") -> dict[str, int | str]:
    problems = Problems()
    text = limit if isinstance(limit, str) else json.dumps(limit, ensure_ascii=False)
    found, departments = read_limit(class_no, text, name, logic, PLACE, problems)
    assert not problems.items, [str(each) for each in problems.items]
    return found.given() | ({"dept": ",".join(departments)} if departments else {})


@pytest.mark.parametrize(
    ("class_no", "limit", "expected"),
    [
        (1, {"insurance": "工伤"}, {"insurance": "工伤"}),
        (2, "", {"insurance": "生育"}),
        (6, "", {"max_age_days": 28}),
        (6, {"max_age_days": "30"}, {"max_age_days": 30}),
        (7, "", {}),
        (9, {"max_days": 30}, {"max_days": 30}),
        (12, {"level": "二级"}, {"level": 2}),
        (13, {"encounter": "急诊或住院"}, {"encounter": "急诊或住院"}),
        (14, {"max_price": "12.345678", "level": "三级"}, {"max_price": 12_345_678, "level": 3}),
        (15, {"group": "肝胆手术组"}, {"surgery_group": "肝胆手术组", "discount": 500_000}),
        (15, {"group": "肝胆手术组", "discount": 0.8}, {"surgery_group": "肝胆手术组", "discount": 800_000}),
        (21, {"dept": ["A03", "A15.01"]}, {"dept": "A03,A15.01"}),
        (25, {"window": "单日"}, {"window": "day"}),
        (25, {"window": "单次就诊"}, {"window": "encounter"}),
        (25, {"window": "同一小时"}, {"window": "hour"}),
        (25, {"window": "6小时"}, {"window": "hours", "window_hours": 6}),
        (27, {"max_quantity": "24", "unit": "小时"}, {"max_quantity": 24_000_000, "unit": "小时", "per": "calendar_day"}),
        (28, {"max_amount": "1000.00", "per": "year"}, {"max_amount": 100_000, "per": "year"}),
        (29, {"age_min": 16, "age_max": 60}, {"age_min": 16, "age_max": 60}),
        (31, {"max_quantity": 1, "per_days": "15"}, {"max_quantity": 1_000_000, "per_days": 15}),
        (44, {"max_hours": "48", "start_before_hours": "1"}, {"max_hours": 48, "start_before_hours": 1}),
        (45, {"antibiotic_grade": "特殊使用级"}, {"antibiotic_grade": "特殊使用级"}),
        (64, "", {"window": "day"}),
        (67, {"sex": "女"}, {"sex": "2"}),
        (68, {"max_daily_dose": "0.5", "dose_unit": "g"}, {"max_daily_dose": 500_000, "dose_unit": "g"}),
        (73, {"matn_stas": "1"}, {"matn_stas": "1"}),
    ],
)
def test_each_class_reads_its_keys(class_no: int, limit: object, expected: dict[str, int | str]) -> None:
    assert read(class_no, limit) == expected


@pytest.mark.parametrize(
    ("course", "logic", "mode", "expected"),
    [
        ("14天", "日期总计超过限制天数", None, {"course_days": 14, "course_mode": "days"}),
        ("12个月", "连续时间跨度超过", None, {"course_months": 12, "course_mode": "span"}),
        ("1年", "连续时间跨度超过", None, {"course_months": 12, "course_mode": "span"}),
        ("365天", "连续时间跨度超过", None, {"course_days": 365, "course_mode": "span"}),
        ("1年", "日期总计超过限制天数", None, {"course_days": 366, "course_mode": "days"}),
        ("3个月", "日期总计超过限制天数", None, {"course_days": 93, "course_mode": "days"}),
        ("3个月", "", "span", {"course_months": 3, "course_mode": "span"}),
        ("3个月", "连续时间跨度超过", "days", {"course_days": 93, "course_mode": "days"}),
    ],
)
def test_a_course_is_distinct_days_unless_the_notice_says_span(course: str, logic: str, mode: str | None, expected: object) -> None:
    limit = {"course": course} | ({"mode": mode} if mode else {})
    assert read(10, limit, logic=logic) == expected


def test_a_child_point_for_the_newborn_is_limited_to_28_days_unless_it_says_otherwise() -> None:
    assert read(80, "", name="新生儿暖箱") == {"max_age_days": 28}
    assert read(80, "", name="儿童暖箱") == {}
    assert read(80, {"max_age_years": 3}, name="新生儿暖箱") == {"max_age_years": 3}
    assert read(81, {"sex": "女"}, name="新生儿暖箱") == {"sex": "2"}


@pytest.mark.parametrize(
    ("class_no", "limit", "named"),
    [
        (67, {"sax": "女"}, "sax"),
        (67, {"level": "二级"}, "level"),
        (67, {"sex": "F"}, "sex"),
        (27, {"max_quantity": "many"}, "max_quantity"),
        (27, {"max_quantity": -1}, "max_quantity"),
        (27, {"max_quantity": True}, "max_quantity"),
        (27, {"max_quantity": None}, "max_quantity"),
        (27, {"max_quantity": "1e99"}, "max_quantity"),
        (27, {"max_quantity": 1, "per": "encounter"}, "per"),
        (25, {"window": "两周"}, "window"),
        (25, {"window": "0小时"}, "window"),
        (10, {"course": "两周"}, "course"),
        (10, {"course": "14天", "mode": "maybe"}, "mode"),
        (15, {"group": "", "discount": 2}, "discount"),
        (21, {"dept": "A03"}, "dept"),
        (21, {"dept": ["内科"]}, "dept"),
        (1, {"insurance": "生育"}, "生育"),
        (29, {"age_min": 60, "age_max": 16}, "age_min"),
        (50, {"sex": "女"}, "sex"),
        (67, '{"sex": "女"', "JSON"),
        (67, '["女"]', "JSON"),
        (67, '{"sex": "女", "sex": "男"}', "sex"),
        (27, '{"max_quantity": NaN}', "NaN"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(class_no: int, limit: object, named: str) -> None:
    problems = Problems()
    read_limit(class_no, limit if isinstance(limit, str) else json.dumps(limit, ensure_ascii=False), "", "", PLACE, problems)
    assert problems.items
    assert all(each.where == PLACE for each in problems.items)
    assert any(named in each.what for each in problems.items)


def test_all_problems_of_a_cell_come_at_once() -> None:
    problems = Problems()
    read_limit(27, '{"max_quantity": "x", "per": "week", "nonsense": 1}', "", "", PLACE, problems)
    assert len(problems.items) == 3


def test_every_field_has_a_type_of_the_rule_language() -> None:
    assert set(LIMIT_FIELDS.values()) == {"text", "int", "quantity", "fen", "price"}
    assert LIMIT_FIELDS["max_amount"] == "fen"
    assert LIMIT_FIELDS["max_price"] == "price"
    assert LIMIT_FIELDS["discount"] == "quantity"
    assert LIMIT_FIELDS["level"] == "int"
    assert LIMIT_FIELDS["sex"] == "text"


def test_the_table_of_classes_is_whole() -> None:
    assert sorted(RULE_CLASSES) == list(range(1, 89))
    assert sum(each.code is None for each in RULE_CLASSES.values()) == 9
    assert sum((each.code or "").startswith("ZB") for each in RULE_CLASSES.values()) == 8
    assert [sum(each.tier == tier for each in RULE_CLASSES.values()) for tier in ("政策", "管理", "医疗")] == [34, 29, 25]
    for no, each in RULE_CLASSES.items():
        assert each.code is None or re.fullmatch(r"(GZ|ZB)10000[123]0[1-5]\d{3}000", each.code)
        assert class_of_id(rule_id(no)) == no
        assert class_of_name(each.name) == no


@given(st.text("ABEZ0123456789.x", max_size=9))
def test_both_forms_of_the_category_test_agree(code: str) -> None:
    assert bool(re.search(CATEGORY, code)) == is_category(code)
