"""Reads the JSON of `limit` into a typed `Limit`: one reader a key, all problems of a cell at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from xiezhi.domain.errors import Place, Problems
from xiezhi.domain.knowledge import Limit
from xiezhi.domain.rule_classes import RULE_CLASSES
from xiezhi.ruleset.knowledge.limit_values import MODES, READERS, Unreadable, read_course, read_departments, read_window
from xiezhi.ruleset.knowledge.vocabulary import FORMS

NEONATE_DAYS = 28
CHILD_CLASSES = frozenset((7, 19, 33, 65, 80))

_PER_OF_CLASS = {27: ("calendar_day",), 86: ("calendar_day",), 28: ("encounter", "year"), 34: ("encounter", "year")}
_ENCOUNTER_OF_CLASS = {11: ("门慢特",)}
KNOWN_KEYS = frozenset(READERS) | {"window", "course", "mode", "dept"}


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key!r} twice")
        found[key] = value
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _keys(text: str, place: Place, problems: Problems) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found: object = json.loads(text, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        problems.add(f"limit 不是可读的 JSON is not readable JSON: {error}", place, 'a JSON object such as {"sex": "女"}')
        return {}
    if not isinstance(found, dict):
        problems.add(f"limit 不是 JSON 对象 is not a JSON object: {text}", place, 'a JSON object such as {"sex": "女"}')
        return {}
    return cast("dict[str, Any]", found)


def read_limit(
    class_no: int,
    text: str,
    item_name: str,
    detect_logic: str,
    place: Place,
    problems: Problems,
) -> tuple[Limit, tuple[str, ...]]:
    """The typed limit of a point and the department codes it names.

    Args:
        class_no: rule class of the point.
        text: the JSON of the cell, empty where only the text of the point says what is limited.
        item_name: a child point with 新生儿 in its name and no age of its own is limited to 28 days.
        detect_logic: says 连续时间跨度 where a course is a span from the first use.
        place: position of the cell.
        problems: collects every unknown key and unreadable value; the point is then not to be used.

    Returns:
        The limit with the defaults of its class worked in, and the codes of `dept`.
    """
    form = FORMS.get(class_no)
    accepted = ", ".join(form.keys if form else ()) or "此类没有限定项 no keys for this class"
    keys = _keys(text, place, problems)
    values: dict[str, int | str] = {}
    departments: tuple[str, ...] = ()
    for key, value in keys.items():
        if key not in KNOWN_KEYS:
            problems.add(f"未知的限定项 unknown key {key!r} in limit", place, accepted)
            continue
        if form is None or key not in form.keys:
            name = RULE_CLASSES[class_no].name
            problems.add(f"第 {class_no} 类（{name}）没有此限定项 class {class_no} has no key {key!r}", place, accepted)
            continue
        try:
            if key == "dept":
                departments = read_departments(value)
            else:
                values |= _read(key, value, keys.get("mode"), detect_logic)
        except Unreadable as unreadable:
            problems.add(f"限定值无法读取 cannot read {key} = {value!r}", place, str(unreadable))
    _check(class_no, values, place, problems)
    if form:
        values = {**form.defaults, **values}
    if class_no in CHILD_CLASSES and "新生儿" in item_name and not values:
        values["max_age_days"] = NEONATE_DAYS
    return Limit(**cast("dict[str, Any]", values)), departments


def _read(key: str, value: Any, mode: Any, detect_logic: str) -> dict[str, int | str]:
    """The fields of `Limit` that one key gives."""
    if key == "window":
        return read_window(value)
    if key == "course":
        usual = "span" if "连续时间跨度" in detect_logic else "days"
        return read_course(value, MODES.get(str(mode), usual))
    if key == "mode":
        if str(value) not in MODES:
            raise Unreadable(" | ".join(MODES))
        return {}
    return {"surgery_group" if key == "group" else key: READERS[key](value)}


def _check(class_no: int, values: Mapping[str, int | str], place: Place, problems: Problems) -> None:
    """Values that are readable but not of this class, or at odds with each other."""
    form = FORMS.get(class_no)
    insurance = form.defaults.get("insurance") if form else None
    if insurance and values.get("insurance", insurance) != insurance:
        problems.add(f"第 {class_no} 类只限{insurance} class {class_no} cannot have {values['insurance']}", place, str(insurance))
    for key, allowed in (("per", _PER_OF_CLASS.get(class_no)), ("encounter", _ENCOUNTER_OF_CLASS.get(class_no))):
        if allowed and key in values and values[key] not in allowed:
            problems.add(f"第 {class_no} 类不能用此值 class {class_no} cannot have {key} = {values[key]!r}", place, " | ".join(allowed))
    for low, high in (("age_min", "age_max"), ("min_age_years", "max_age_years")):
        if low in values and high in values and int(values[low]) > int(values[high]):
            problems.add(f"{low} {values[low]} 大于 is above {high} {values[high]}", place)
