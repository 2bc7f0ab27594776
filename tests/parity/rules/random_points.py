"""Random knowledge points of every class that a rule joins: limits that lives cross and keep, and some that say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

from random_codes import DEPARTMENTS, DIAGNOSES, DISEASES, ITEMS, PIECES, SERVICES, maybe

from xiezhi.domain.knowledge import KnowledgePoint, Limit, PointCode, sorted_codes
from xiezhi.domain.money import MICRO

Limits = Callable[[Random], dict[str, Any]]


def nothing(random: Random) -> dict[str, Any]:
    """The codes say it all."""
    return {}


def window(random: Random) -> dict[str, Any]:
    """A window, at times without the hours it needs."""
    name = maybe(random, random.choice(("day", "encounter", "hour", "hours")), 0.95)
    return {"window": name, "window_hours": maybe(random, 2, 0.95) if name == "hours" else None}


def child(random: Random) -> dict[str, Any]:
    """Years, days, or the regional parameter."""
    return random.choice(({"max_age_years": random.choice((10, 14))}, {"max_age_days": 28}, {}))


def neonate(random: Random) -> dict[str, Any]:
    """Days, or the parameter."""
    return {"max_age_days": maybe(random, random.choice((7, 20)), 0.5)}


def course(random: Random) -> dict[str, Any]:
    """Days of use or a span."""
    return {
        "course_mode": maybe(random, random.choice(("days", "span", "span"))),
        "course_days": maybe(random, random.choice((1, 3)), 0.8),
        "course_months": maybe(random, 1, 0.3),
    }


def level(random: Random) -> dict[str, Any]:
    """Second or third level."""
    return {"level": maybe(random, random.choice((2, 3)))}


def kind(random: Random) -> dict[str, Any]:
    """A kind of encounter."""
    return {"encounter": maybe(random, random.choice(("住院", "急诊或住院", "门诊", "门慢特")))}


def cap(random: Random) -> dict[str, Any]:
    """A cap on money."""
    return {"max_amount": random.choice((1000, 3000)), "per": maybe(random, random.choice(("calendar_day", "encounter", "year")))}


def sex(random: Random) -> dict[str, Any]:
    """A sex."""
    return {"sex": maybe(random, random.choice("12"))}


def daily(random: Random) -> dict[str, Any]:
    """A quantity a day."""
    return {"max_quantity": maybe(random, random.choice((1, 2)) * MICRO, 0.95)}


LIMITS: dict[int, Limits] = {
    **dict.fromkeys((1, 2, 3, 4, 5, 8, 11, 16, 17, 20, 47, 70, 71, 74, 75, 78, 79, 82, 83, 88), nothing),
    **dict.fromkeys((21, 85), nothing),
    **dict.fromkeys((6, 18, 32), neonate),
    **dict.fromkeys((7, 19, 33, 65, 80), child),
    **dict.fromkeys((10, 23), course),
    **dict.fromkeys((12, 24), level),
    **dict.fromkeys((13, 22), kind),
    **dict.fromkeys((25, 30, 64, 84), window),
    **dict.fromkeys((27, 86), daily),
    **dict.fromkeys((28, 34), cap),
    **dict.fromkeys((67, 81, 87), sex),
    9: lambda r: {"max_days": maybe(r, r.choice((5, 15)))},
    14: lambda r: {"max_price": maybe(r, r.choice((8, 12)) * MICRO), "level": maybe(r, r.choice((1, 2, 3)), 0.6)},
    15: lambda r: {"surgery_group": maybe(r, r.choice("AB")), "discount": maybe(r, MICRO // 2)},
    26: lambda r: {"window": r.choice(("day", "encounter"))} | {"max_price": maybe(r, 15 * MICRO, 0.6)},
    29: lambda r: {"age_min": maybe(r, r.choice((3, 16)), 0.5), "age_max": maybe(r, r.choice((35, 60)), 0.5)},
    31: lambda r: {"max_quantity": maybe(r, 2 * MICRO, 0.95), "per_days": maybe(r, r.choice((1, 7, 15)), 0.95)},
    45: lambda r: {"antibiotic_grade": maybe(r, r.choice(("限制使用级", "特殊使用级", "非限制使用级")))},
    66: lambda r: {"min_age_years": maybe(r, 18)},
    72: lambda r: {"max_age_years": maybe(r, r.choice((30, 64)))},
    73: lambda r: {"matn_stas": maybe(r, r.choice("12"))},
    77: lambda r: {"max_daily_dose": maybe(r, r.choice((MICRO // 2, 10 * MICRO)))},
}  # fmt: skip
"""Limits by class."""
BY_DIAGNOSIS = (8, 20, 70, 71, 78, 79, 82, 83, 88)
PARTNERED = (5, 11, *BY_DIAGNOSIS, 25, 26, 30, 64, 74, 75, 84)


def points(random: Random) -> tuple[KnowledgePoint, ...]:
    """Several points a class; some end, begin late, hold in one region only, or lack their limit."""
    found = []
    for class_no in sorted(LIMITS):
        for index in range(8):
            own = random.sample({15: SERVICES, 26: SERVICES, 75: PIECES}.get(class_no, ITEMS), 3 if class_no != 75 else 1)
            others = (
                random.sample((*DIAGNOSES, "E11", "I10"), 2)
                if class_no in BY_DIAGNOSIS
                else [item for item in (PIECES if class_no == 75 else random.sample(ITEMS, 5)) if item not in own]
            )
            codes = [PointCode("a", code) for code in own] + [PointCode("b", code) for code in others if class_no in PARTNERED]
            if class_no == 26:
                codes = [PointCode("a", "LOCAL-1"), *(PointCode("b", code) for code in own[1:])]
            if class_no == 8 and index == 5:
                codes = codes[:3]
            if class_no == 4:
                codes = [PointCode("a", random.choice(PIECES))]
            if class_no == 11:
                codes = [*codes[:3], PointCode("b", random.choice(DISEASES))]
            if class_no in (21, 85):
                codes += [PointCode("dept", random.choice(DEPARTMENTS))]
            point = KnowledgePoint(
                f"K{class_no:02d}-{index}",
                class_no,
                "示例",
                "",
                "",
                "",
                None,
                date(2020, 1, 1),
                None,
                (),
                "",
                "",
                "",
                True,
                "",
                Limit(**LIMITS[class_no](random)),
                sorted_codes(codes),
            )
            change: dict[str, Any] = {}
            if index == 0:  # a point that lacks what it limits
                change["limit"] = replace(
                    point.limit,
                    max_quantity=None,
                    max_amount=None,
                    course_days=None,
                    sex=None,
                    level=None,
                    discount=None,
                    window=None,
                    age_min=None,
                    matn_stas=None,
                    antibiotic_grade=None,
                    min_age_years=None,
                )
            if random.random() < 0.15:
                change["valid_from"] = date(2026, 2, 1)
            if random.random() < 0.15:
                change["valid_to"] = date(2026, 2, 20)
            if random.random() < 0.2:
                change["region"] = random.choice(("990101", "990100", "990000"))
            found.append(replace(point, **change))
    return tuple(found)
