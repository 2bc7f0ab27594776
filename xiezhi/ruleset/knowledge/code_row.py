"""Rows of codes: role, code and name of what a point limits, gathered by point."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field

from xiezhi.domain.errors import Place, Problem, Problems
from xiezhi.domain.knowledge import KnowledgePoint, PointCode, Role
from xiezhi.ruleset.knowledge.tables import CODE_COLUMNS, Row, Table
from xiezhi.ruleset.knowledge.vocabulary import FORMS

_ROLES: dict[str, Role] = {"a": "a", "item": "a", "main": "a", "b": "b", "contained": "b", "dept": "dept"}
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+*/\-†]{0,39}")
_NATIONAL_SHAPES = {
    "X": (re.compile(r"X[A-Z]\d\d[A-Z]"), 23),
    "Z": (re.compile(r"Z[A-Z]\d\d[A-Z]"), 20),
    "C": (re.compile(r"C\d{6}"), 20),
    "T": (re.compile(r"T\d{6}"), 10),
    "0": (re.compile(r"00[1-4]\d{5}"), 15),
}
"""How national drug, patent-drug, consumable, piece and service-item codes begin, and how long they are."""


@dataclass(slots=True)
class CodeRows:
    """The code rows of one point: the codes, beside each the table and line it stands in, and what was wrong.

    Positions are kept as plain numbers: a national set has millions of codes.
    """

    first: Place
    codes: list[PointCode] = field(default_factory=list[PointCode])
    tables: list[Table] = field(default_factory=list[Table])
    lines: array[int] = field(default_factory=lambda: array("q"))
    problems: list[Problem] = field(default_factory=list[Problem])

    def place(self, at: int, column: str = "") -> Place:
        """Position of the row of `codes[at]`, or of one of its cells."""
        return Row(self.tables[at], self.lines[at], ()).place(column)


def read_codes(table: Table, codes: dict[str, CodeRows], loose: Problems) -> None:
    """Adds the rows of a table to the code rows of their points; rows without kp_id go to `loose`."""
    columns = [each for each in CODE_COLUMNS if each in table.index]
    at_id, at_role, at_code = table.index["kp_id"], table.index["role"], table.index[columns[0]]
    at_name = table.index.get("name")
    for row in table.rows():
        cells = row.cells
        kp_id = row.get("kp_id")
        if not kp_id:
            loose.add("编码行没有 kp_id code row without kp_id", row.place("kp_id"))
            continue
        entry = codes.get(kp_id)
        if entry is None:
            entry = codes[kp_id] = CodeRows(row.place("kp_id"))
        code: PointCode | None
        role = _ROLES.get(cells[at_role]) if len(cells) == table.width else None
        if role is not None and len(columns) == 1 and _CODE.fullmatch(cells[at_code]) and cells[at_id] == kp_id:
            code = PointCode(role, cells[at_code], cells[at_name].strip() if at_name is not None else "")
        else:
            code = _read_carefully(row, columns, entry.problems)
        if code is not None:
            entry.codes.append(code)
            entry.tables.append(table)
            entry.lines.append(row.line)


def _read_carefully(row: Row, columns: list[str], problems: list[Problem]) -> PointCode | None:
    """The code of a row that is not of the plain form, or None and what is wrong with it."""
    if problem := row.misshapen():
        problems.append(problem)
        return None
    given = [(column, row.get(column)) for column in columns if row.get(column)]
    role = _ROLES.get(row.get("role").lower())
    if role is None:
        problems.append(Problem(f"未知的角色 unknown role {row.get('role')!r}", row.place("role"), " | ".join(_ROLES)))
        return None
    if len({code for _, code in given}) > 1:
        problems.append(Problem(f"两个编码列不一致 the code columns disagree: {given}", row.place(given[0][0]), "one code"))
        return None
    if not given or not _CODE.fullmatch(given[0][1]):
        column = given[0][0] if given else columns[0]
        problems.append(Problem(f"不是编码 not a code: {row.get(column)!r}", row.place(column), "letters, digits, . + * / -"))
        return None
    return PointCode(role, given[0][1], row.get("name"))


def check_roles(problems: Problems, class_no: int, codes: CodeRows | None) -> None:
    """Every code row must have a role that the class knows."""
    form = FORMS.get(class_no)
    known = {"a"}
    if form and form.partners != "none":
        known.add("b")
    if form and form.dept:
        known.add("dept")
    for at, code in enumerate(codes.codes if codes else ()):
        if codes and code.role not in known:
            accepted = " | ".join(each for each, plain in _ROLES.items() if plain in known)
            problems.add(f"第 {class_no} 类没有角色 class {class_no} has no role {code.role!r}", codes.place(at, "role"), accepted)


def shape_warnings(point: KnowledgePoint, codes: CodeRows | None) -> list[Problem]:
    """Item codes that are cut short or too long: they are matched exactly as they stand, so they may never match."""
    found: list[Problem] = []
    for at, code in enumerate(codes.codes if codes else ()):
        form = _NATIONAL_SHAPES.get(code.code[0])
        if codes and form and len(code.code) != form[1] and form[0].match(code.code):
            what = f"编码 {code.code} 有 {len(code.code)} 位，国家编码为 {form[1]} 位 code of {point.kp_id} is not of national length"
            found.append(Problem(what, codes.place(at), warning=True))
    return found
