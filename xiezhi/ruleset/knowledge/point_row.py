"""Rows of points: the cells of one row typed and checked, all that is wrong with it at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from xiezhi.domain.errors import Problems
from xiezhi.domain.knowledge import KnowledgePoint, PointCode, sorted_codes
from xiezhi.domain.rule_classes import RULE_CLASSES, class_of_id, class_of_name
from xiezhi.ruleset.knowledge.code_row import CodeRows, check_roles
from xiezhi.ruleset.knowledge.limits import read_limit
from xiezhi.ruleset.knowledge.tables import Row
from xiezhi.ruleset.knowledge.vocabulary import why_not_coded

BATCH_DATES = {
    number: date.fromisoformat(day)
    for number, day in (
        (1, "2025-05-23"),
        (2, "2025-07-22"),
        (3, "2025-07-30"),
        (4, "2025-08-08"),
        (5, "2025-08-14"),
        (6, "2025-08-26"),
        (7, "2025-12-12"),
        (8, "2026-01-06"),
        (9, "2026-04-21"),
        (10, "2026-04-28"),
        (11, "2026-05-11"),
        (12, "2026-05-23"),
        (13, "2026-06-01"),
        (14, "2026-06-09"),
        (15, "2026-06-16"),
        (16, "2026-06-22"),
        (17, "2026-06-29"),
    )
}
"""Date of the notice that published each batch of knowledge points (NHSA)."""


@dataclass
class Draft:
    """A point row that is being read."""

    row: Row
    problems: Problems = field(default_factory=Problems)

    def wrong(self, column: str, what: str, accepted: str = "") -> None:
        """Note a problem at a cell."""
        self.problems.add(what, self.row.place(column), accepted)

    def day(self, column: str) -> date | None:
        """The date of a cell, None where it is empty or, with a problem noted, unreadable."""
        text = self.row.get(column)
        match = re.fullmatch(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[ T]0?0:00(?::00)?)?", text)
        if match and (match[2] or len(text) == 8):
            try:
                return date(int(match[1]), int(match[3]), int(match[4]))
            except ValueError:
                pass
        if text:
            self.wrong(column, f"不是日期 not a date: {text!r}", "YYYY-MM-DD")
        return None


def _class_no(draft: Draft) -> int | None:
    """The class that the columns name; they must agree."""
    found: dict[str, int] = {}
    for column, accepted in (
        ("rule_no", "1 to 88"),
        ("rule_code", "official code or XZ-C<nn>"),
        ("gz_code", "official code or XZ-C<nn>"),
        ("rule_class", "official name of the class"),
    ):
        text = draft.row.get(column)
        if not text:
            continue
        if column == "rule_no":
            number = int(text) if text.isascii() and text.isdigit() and int(text) in RULE_CLASSES else None
        else:
            number = class_of_name(text) if column == "rule_class" else class_of_id(text)
        if number is None:
            draft.wrong(column, f"未知的规则类别 unknown rule class {text!r}", accepted)
        else:
            found[column] = number
    if not found and not draft.problems.items:
        draft.wrong("rule_no", "没有规则类别 no rule class is named", "rule_no | rule_code | rule_class")
    if len(set(found.values())) > 1:
        draft.wrong(next(iter(found)), f"规则类别互相矛盾 the columns name different classes: {found}", "one class")
        return None
    return next(iter(found.values()), None)


def read_point(draft: Draft, codes: CodeRows | None) -> KnowledgePoint | None:
    """The point of a row; None, with problems in the draft, where it cannot be used."""
    row = draft.row
    kp_id, name = row.get("kp_id"), row.get("item_name")
    if problem := row.misshapen():
        draft.problems.items.append(problem)
        return None
    if not re.fullmatch(r"\S{1,80}", kp_id):
        draft.wrong("kp_id", f"没有可用的 kp_id no usable kp_id: {kp_id!r}", "1 to 80 characters without blanks")
    if re.match(r"(说明|备注|注)\s*[：:]", name) and codes is None:
        draft.wrong("item_name", f"这是说明文字，不是知识点 a remark of the notice, not a point: {name}")
        return None
    if not name:
        draft.wrong("item_name", "没有名称 no item_name")
    class_no = _class_no(draft)
    published, valid_from = draft.day("published_at"), draft.day("valid_from")
    valid_to = draft.day("valid_to")
    batch = _batch(draft)
    published = published or (BATCH_DATES.get(int(batch)) if batch.isdigit() else None)
    valid_from = valid_from or published
    if valid_from is None and not (row.get("published_at") or row.get("valid_from")):
        draft.wrong("published_at", f"不知何时生效 no date, and batch {batch!r} is not known", "valid_from or published_at, YYYY-MM-DD")
    if valid_from and valid_to and valid_to < valid_from:
        draft.wrong("valid_to", f"终止早于生效 valid_to {valid_to} lies before valid_from {valid_from}")
    supersedes = tuple(sorted({each.strip() for each in re.split(r"[;；]", row.get("supersedes")) if each.strip()}))
    if kp_id in supersedes:
        draft.wrong("supersedes", "知识点不能替代自己 a point cannot supersede itself")
    region = row.get("region")
    if region and not re.fullmatch(r"\d{6}", region):
        draft.wrong("region", f"不是行政区划代码 not an admdvs code: {region!r}", "6 digits, empty for the whole nation")
    if class_no is None:
        return None
    limit, departments = read_limit(class_no, row.get("limit"), name, row.get("detect_logic"), row.place("limit"), draft.problems)
    check_roles(draft.problems, class_no, codes)
    if draft.problems.items or valid_from is None:
        return None
    all_codes = sorted_codes([*(codes.codes if codes else ()), *(PointCode("dept", each) for each in departments)])
    reason = why_not_coded(class_no, limit, all_codes)
    return KnowledgePoint(
        kp_id,
        class_no,
        name,
        row.get("constraint"),
        row.get("detect_logic"),
        batch,
        published,
        valid_from,
        valid_to,
        supersedes,
        region,
        row.get("source_url"),
        row.get("source_file"),
        not reason,
        reason,
        limit,
        all_codes,
    )


def _batch(draft: Draft) -> str:
    """The batch as a plain number where it is one (`08`, `batch_08` and `8` are one batch)."""
    text = draft.row.get("batch")
    match = re.fullmatch(r"(?:batch[_ -]?)?0*(\d{1,4})", text, re.IGNORECASE)
    return match[1] if match else text
