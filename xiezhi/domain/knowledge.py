"""Knowledge points: dated rows of the national knowledge base that limit items, diagnoses and operations.

A point says: in rule class N, what is named by the codes of role `a` is limited in this way, often with the help of
partners (role `b`). Rules read the limit as `point.<name>`; everything is an integer or a text, so all engines agree.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

Role = Literal["a", "b", "dept"]
"""`a` what is limited, `b` its partners, `dept` national department codes that are allowed (classes 21, 85)."""

LimitType = Literal["text", "int", "quantity", "fen", "price"]
"""text; int; quantity = millionths of a unit; fen; price = millionths of a yuan."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a point limits; every field is None where the point does not speak of it.

    Attributes:
        insurance: 工伤 (insutype 410) or 生育 (insutype 510, or med_type 51, 52).
        max_age_days: last allowed day of life.
        max_age_years: last allowed completed year.
        min_age_years: first allowed completed year.
        age_min: first allowed completed year of a range (class 29).
        age_max: last allowed completed year of a range (class 29).
        max_days: days supplied at most (class 9).
        course_days: days of one course at most, distinct dates or span by `course_mode`.
        course_months: calendar months of one course at most, only with `course_mode` span.
        course_mode: `days` counts distinct dates of use, `span` counts from the first use to the last.
        encounter: 住院, 急诊或住院, 门诊 or 门慢特.
        level: lowest allowed level of the institution: 3 三级, 2 二级, 1 一级; class 14: the level that the price holds for.
        surgery_group: group of operations through one incision (class 15).
        discount: share of the full price that later operations may cost, millionths (500,000 = half).
        window: day, encounter, hour (same calendar hour) or hours (within `window_hours`).
        window_hours: hours of a window `hours`.
        max_quantity: quantity at most, millionths of `unit`.
        unit: unit of `max_quantity`, as the notice writes it.
        per: calendar_day, encounter or year: what `max_quantity` or `max_amount` holds for.
        per_days: rolling days that `max_quantity` holds for.
        max_amount: money inside the insurance scope at most, fen.
        max_hours: hours of prophylaxis at most (class 44).
        start_before_hours: earliest start before the incision, hours (class 44).
        sex: `1` 男 (men only) or `2` 女 (women only).
        antibiotic_grade: 非限制使用级, 限制使用级 or 特殊使用级.
        max_daily_dose: dose of one day at most, millionths of `dose_unit`.
        dose_unit: unit of `max_daily_dose`.
        matn_stas: state in which the drug is forbidden: `1` pregnant, `2` breast-feeding.
        max_price: unit price at most, millionths of a yuan.
    """

    insurance: str | None = None
    max_age_days: int | None = None
    max_age_years: int | None = None
    min_age_years: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    max_days: int | None = None
    course_days: int | None = None
    course_months: int | None = None
    course_mode: str | None = None
    encounter: str | None = None
    level: int | None = None
    surgery_group: str | None = None
    discount: int | None = None
    window: str | None = None
    window_hours: int | None = None
    max_quantity: int | None = None
    unit: str | None = None
    per: str | None = None
    per_days: int | None = None
    max_amount: int | None = None
    max_hours: int | None = None
    start_before_hours: int | None = None
    sex: str | None = None
    antibiotic_grade: str | None = None
    max_daily_dose: int | None = None
    dose_unit: str | None = None
    matn_stas: str | None = None
    max_price: int | None = None

    def given(self) -> dict[str, int | str]:
        """The fields that the point speaks of, in the order of the class.

        >>> Limit(sex="2").given()
        {'sex': '2'}
        """
        return {name: value for name in LIMIT_FIELDS if (value := getattr(self, name)) is not None}


_CODE_TEXTS = frozenset({"insurance", "encounter", "sex", "antibiotic_grade", "matn_stas"})
_TEXTS = _CODE_TEXTS | {"course_mode", "surgery_group", "window", "unit", "per", "dose_unit"}
_UNITS: Mapping[str, LimitType] = {
    "discount": "quantity",
    "max_quantity": "quantity",
    "max_daily_dose": "quantity",
    "max_amount": "fen",
    "max_price": "price",
}


def _limit_type(name: str) -> LimitType:
    return "text" if name in _TEXTS else _UNITS.get(name, "int")


LIMIT_FIELDS: Mapping[str, LimitType] = MappingProxyType({each.name: _limit_type(each.name) for each in fields(Limit)})
"""Every field of `Limit` with the type the rule language gives it."""


@dataclass(frozen=True, order=True, slots=True)
class PointCode:
    """One code of a point: an item, a diagnosis, an operation, a disease or a department."""

    role: Role
    code: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class KnowledgePoint:
    """One knowledge point.

    Attributes:
        kp_id: identifier, never used again for other content.
        class_no: rule class, 1 to 88 (`xiezhi.domain.rule_classes`).
        item_name: name of what is limited.
        constraint: official text of the limit.
        detect_logic: official phrase of what is looked for.
        batch: publication batch, empty for revisions and own points.
        published_at: date of the notice, None where neither the file nor the batch tells it.
        valid_from: first service date on which the point is in force.
        valid_to: last such date, None = open; on points that a `KnowledgeBase` hands out the chain end is worked in.
        supersedes: kp_ids that this point replaces from `valid_from` on.
        region: admdvs code of the region it holds in, empty = the whole nation.
        source_url: address of the notice.
        source_file: file of the notice.
        coded: whether codes and limit suffice to judge by; a point that is text only is kept but never fires.
        why_not_coded: what is missing, empty for a coded point.
        limit: what is limited.
        codes: distinct codes, sorted.
    """

    kp_id: str
    class_no: int
    item_name: str
    constraint: str
    detect_logic: str
    batch: str
    published_at: date | None
    valid_from: date
    valid_to: date | None
    supersedes: tuple[str, ...]
    region: str
    source_url: str
    source_file: str
    coded: bool
    why_not_coded: str
    limit: Limit
    codes: tuple[PointCode, ...]

    def in_force(self, on: date) -> bool:
        """Whether the point holds on service date `on`."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def codes_of(self, role: Role) -> tuple[str, ...]:
        """The codes of one role, sorted."""
        return tuple(each.code for each in self.codes if each.role == role)

    def text_hash(self) -> str:
        """Hash of what a point says before anyone coded it: all content but partners and limit."""
        return _digest([*self._text(), [[each.role, each.code] for each in self.codes if each.role == "a"]])

    def content_hash(self) -> str:
        """Hash of all that decides findings; provenance (batch, addresses, names of codes) and the stated end are left out."""
        return _digest([*self._text(), self.limit.given(), [[each.role, each.code] for each in self.codes]])

    def _text(self) -> list[object]:
        names = [self.kp_id, self.class_no, self.item_name, self.constraint, self.detect_logic]
        return [*names, self.valid_from.isoformat(), sorted(self.supersedes), self.region]


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_DIAGNOSIS_CATEGORY = re.compile(r"[A-Z]\d{2}(\.\d{0,2})?")
_OPERATION_CATEGORY = re.compile(r"\d{2}(\.\d{0,3})?")


def is_category(code: str) -> bool:
    """Whether a code is cut short and so covers all codes that begin with it.

    Full ICD codes are `E11.900` and `47.0900`; a department (`A03`, of the same form) covers its sub-departments
    (`A03.01`); item and disease codes are always exact.

    >>> [is_category(code) for code in ("E11", "J84.1", "J84.100", "47.09", "47.0900", "M01600", "003310030220000")]
    [True, True, False, True, False, False, False]
    """
    return bool(_DIAGNOSIS_CATEGORY.fullmatch(code) or _OPERATION_CATEGORY.fullmatch(code))


def covers(point_code: str, code: str) -> bool:
    """Whether a code of a point covers the code of a claim (a category covers all codes that begin with it).

    >>> covers("E11", "E11.900"), covers("E11.900", "E11.901")
    (True, False)
    """
    return point_code == code or (is_category(point_code) and code.startswith(point_code))


def sorted_codes(codes: Iterable[PointCode]) -> tuple[PointCode, ...]:
    """Distinct codes in order; of two with the same role and code the named one stays."""
    best: dict[tuple[str, str], PointCode] = {}
    for each in codes:
        key = (each.role, each.code)
        if key not in best or best[key].name < each.name:
            best[key] = each
    return tuple(best[key] for key in sorted(best))


def limit_from(values: Mapping[str, Any]) -> Limit:
    """A `Limit` from a mapping of its field names, as a stored row holds it; other names are passed over."""
    return Limit(**{name: values.get(name) for name in LIMIT_FIELDS})
