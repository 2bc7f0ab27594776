"""What the points of each rule class may and must say: keys of `limit`, roles, defaults (the table of knowledge.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from xiezhi.domain.knowledge import Limit, PointCode


@dataclass(frozen=True)
class ClassForm:
    """The form of the points of one class.

    Attributes:
        keys: keys that `limit` may have.
        needs: fields of `Limit`, of which each inner group needs at least one for the point to be judged.
        partners: `none`, `needed` (without role b the point is text only) or `listed` (partners are the limit itself:
            two points with other partners for the same code contradict each other).
        dept: whether department codes are needed.
        defaults: fields of `Limit` that stand where the point is silent.
    """

    keys: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    partners: str = "none"
    dept: bool = False
    defaults: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))


_INJURY = ClassForm(("insurance",), defaults={"insurance": "工伤"})
_MATERNITY = ClassForm(("insurance",), defaults={"insurance": "生育"})
_NEONATE = ClassForm(("max_age_days",), defaults={"max_age_days": 28})
_CHILD = ClassForm(("max_age_years", "max_age_days"))
_LISTED = ClassForm(partners="listed")
_PAIR = ClassForm(partners="needed")
_COURSE = ClassForm(("course", "mode"), (("course_days", "course_months"),))
_LEVEL = ClassForm(("level",), (("level",),))
_PLACE = ClassForm(("encounter",), (("encounter",),))
_DEPT = ClassForm(("dept",), dept=True)
_DAILY = ClassForm(("max_quantity", "unit", "per"), (("max_quantity",),), defaults={"per": "calendar_day"})
_CAP = ClassForm(("max_amount", "per"), (("max_amount",), ("per",)))
_SEX = ClassForm(("sex",), (("sex",),))
_WINDOW_PAIR = ClassForm(("window",), (("window",),), "needed")
_COMPANION = ClassForm(("window",), partners="listed", defaults={"window": "day"})
_DOSE = ClassForm(("max_daily_dose", "dose_unit"), (("max_daily_dose",), ("dose_unit",)))
_PLAIN = ClassForm()

FORMS: Mapping[int, ClassForm] = MappingProxyType(
    dict.fromkeys((1, 16), _INJURY)
    | dict.fromkeys((2, 17), _MATERNITY)
    | dict.fromkeys((3, 4, 47, 69), _PLAIN)
    | dict.fromkeys((5, 8, 20, 40, 70, 78, 79, 83, 88), _LISTED)
    | dict.fromkeys((6, 18, 32), _NEONATE)
    | dict.fromkeys((7, 19, 33, 65, 80), _CHILD)
    | dict.fromkeys((71, 74, 75, 82), _PAIR)
    | dict.fromkeys((10, 23), _COURSE)
    | dict.fromkeys((12, 24), _LEVEL)
    | dict.fromkeys((13, 22), _PLACE)
    | dict.fromkeys((21, 85), _DEPT)
    | dict.fromkeys((25, 26, 30, 37, 38), _WINDOW_PAIR)
    | dict.fromkeys((27, 86), _DAILY)
    | dict.fromkeys((28, 34), _CAP)
    | dict.fromkeys((39, 54, 67, 81, 87), _SEX)
    | dict.fromkeys((64, 84), _COMPANION)
    | dict.fromkeys((68, 77), _DOSE)
    | {
        9: ClassForm(("max_days",), (("max_days",),)),
        11: ClassForm(("encounter",), partners="listed", defaults={"encounter": "门慢特"}),
        14: ClassForm(("max_price", "level"), (("max_price",),)),
        15: ClassForm(("group", "discount"), (("surgery_group",),), defaults={"discount": 500_000}),
        29: ClassForm(("age_min", "age_max")),
        31: ClassForm(("max_quantity", "per_days", "unit"), (("max_quantity",), ("per_days",))),
        44: ClassForm(("max_hours", "start_before_hours"), partners="needed"),
        45: ClassForm(("antibiotic_grade",), (("antibiotic_grade",),)),
        55: ClassForm(("max_age_days", "max_age_years", "min_age_years"), (("max_age_days", "max_age_years", "min_age_years"),)),
        66: ClassForm(("min_age_years",), (("min_age_years",),)),
        72: ClassForm(("max_age_years",), (("max_age_years",),)),
        73: ClassForm(("matn_stas",), (("matn_stas",),)),
    }
)
"""Form of the points by class number; the other classes are judged without points."""

_KEY_OF_FIELD = {"surgery_group": "group", "course_days": "course", "course_months": "course"}
_REASON_OF_PARTNERS = {
    5: "没有一线药品编码，只有文字 only text, no codes of first-line drugs",
    40: "没有对应的主诊断编码 no codes of main diagnoses that fit",
}


def why_not_coded(class_no: int, limit: Limit, codes: tuple[PointCode, ...]) -> str:
    """Why a point cannot be judged from its codes and limit; empty where it can."""
    form = FORMS.get(class_no)
    if form is None:
        return "此类规则不用知识点判断 this class is judged without points"
    roles = {each.role for each in codes}
    missing: list[str] = []
    if "a" not in roles:
        missing.append("没有编码，只有文字 only text, no codes")
    if form.partners != "none" and "b" not in roles:
        missing.append(_REASON_OF_PARTNERS.get(class_no, "没有对照编码（角色 b），只有文字 only text, no partner codes (role b)"))
    if form.dept and "dept" not in roles:
        missing.append("没有限定科室 limit gives no dept")
    for group in form.needs:
        if all(getattr(limit, name) is None for name in group):
            keys = dict.fromkeys(_KEY_OF_FIELD.get(name, name) for name in group)
            missing.append(f"通知只有文字，限定未给出 {' / '.join(keys)} only text, limit does not give it")
    return "; ".join(missing)
