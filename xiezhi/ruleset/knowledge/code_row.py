"""Rows of codes: role, code and name of what a point limits, gathered by point."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import cast

from xiezhi.domain.errors import Problem, Problems
from xiezhi.domain.knowledge import KnowledgePoint, PointCode, Role
from xiezhi.ruleset.knowledge.tables import CODE_COLUMNS, Row
from xiezhi.ruleset.knowledge.vocabulary import FORMS

_ROLES: dict[str, Role] = {"a": "a", "item": "a", "main": "a", "b": "b", "contained": "b", "dept": "dept"}
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+*/\-†]{0,39}")
_NATIONAL_SHAPES = (
    (re.compile(r"X[A-Z]\d\d[A-Z]"), 23),
    (re.compile(r"Z[A-Z]\d\d[A-Z]"), 20),
    (re.compile(r"C\d{6}"), 20),
    (re.compile(r"T\d{6}"), 10),
    (re.compile(r"00[1-4]\d{5}"), 15),
)
"""How national drug, patent-drug, consumable, piece and service-item codes begin, and how long they are."""


@dataclass(slots=True)
class CodeRows:
    """The code rows of one point, and what was wrong with them."""

    codes: list[PointCode] = field(default_factory=list[PointCode])
    rows: list[Row] = field(default_factory=list[Row])
    problems: list[Problem] = field(default_factory=list[Problem])


def read_code(row: Row, codes: dict[str, CodeRows], loose: Problems) -> None:
    """Adds a row to the code rows of its point; a row without kp_id goes to `loose`."""
    kp_id = row.get("kp_id")
    if not kp_id:
        loose.add("编码行没有 kp_id code row without kp_id", row.place("kp_id"))
        return
    entry = codes.setdefault(kp_id, CodeRows())
    problem = row.misshapen()
    given = [(column, row.get(column)) for column in CODE_COLUMNS if row.get(column)]
    role = _ROLES.get(row.get("role").lower())
    if problem is None and role is None:
        problem = Problem(f"未知的角色 unknown role {row.get('role')!r}", row.place("role"), " | ".join(_ROLES))
    if problem is None and len({code for _, code in given}) > 1:
        problem = Problem(f"两个编码列不一致 the code columns disagree: {given}", row.place(given[0][0]))
    if problem is None and (not given or not _CODE.fullmatch(given[0][1])):
        column = given[0][0] if given else next((each for each in CODE_COLUMNS if each in row.table.index), "")
        problem = Problem(f"不是编码 not a code: {row.get(column)!r}", row.place(column), "letters, digits, . + * / -")
    entry.rows.append(row)
    if problem is None:
        entry.codes.append(PointCode(cast("Role", role), given[0][1], row.get("name")))
    else:
        entry.problems.append(problem)


def check_roles(problems: Problems, class_no: int, codes: CodeRows | None) -> None:
    """Every code row must have a role that the class knows."""
    form = FORMS.get(class_no)
    known = ["a"]
    if form and form.partners != "none":
        known.append("b")
    if form and form.dept:
        known.append("dept")
    for row in codes.rows if codes else ():
        role = _ROLES.get(row.get("role").lower())
        if role is not None and role not in known:
            what = f"第 {class_no} 类没有角色 class {class_no} has no role {row.get('role')!r}"
            problems.add(what, row.place("role"), " | ".join(each for each, plain in _ROLES.items() if plain in known))


def shape_warnings(point: KnowledgePoint, codes: CodeRows | None) -> list[Problem]:
    """Item codes that are cut short or too long: they are matched exactly as they stand, so they may never match."""
    found: list[Problem] = []
    for row in codes.rows if codes else ():
        code = next(row.get(column) for column in CODE_COLUMNS if row.get(column))
        for begins, length in _NATIONAL_SHAPES:
            if begins.match(code) and len(code) != length:
                what = f"编码 {code} 有 {len(code)} 位，国家编码为 {length} 位 code of {point.kp_id} is not of national length"
                found.append(Problem(what, row.place(), warning=True))
    return found
