"""Row conditions of all rules over fee lines on one claim of 10 lines: our fused function beside zen-engine.

Both sides get the same: fields of the line, a point of every rule that needs one for every line (so that the index by item code saves
nothing), and ready values of the windows. Ours is what the gateway runs, `CompiledStage.judge`; it also counts what is unknown. zen
gets all rules as one list expression a line, its best form, and beside it one compiled expression a rule. Its contexts hold the
fields that the rules read and no more, which favours it. What each side finds must be equal, or the benchmark fails. The ratio is
the CPU time of zen's list form / ours; the goals are 6 and, against one expression a rule, 200.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import zen

from bench._harness import alternate, finish, progress, ratios, read_options
from bench._zen_rules import ZenRule
from xiezhi.domain.calendar import day_number, full_months
from xiezhi.domain.facts import Line
from xiezhi.domain.knowledge import LIMIT_FIELDS, KnowledgePoint, Limit, PointCode, Role
from xiezhi.domain.money import MICRO
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.compile_python import CompiledStage, compile_stage
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_rule import NULLABLE, Candidate, RuleCode
from xiezhi.ruleset.types import Type

ITEMS = tuple(f"XA0{group}AAA00{group}A001010100001" for group in range(1, 9))
ROLES: tuple[Role, ...] = ("a", "b")
EITHER_SIDE = 74
"""The class whose rule meets a point on either side: one side here, so that it is one check a line as for all others."""
DAY = day_number(date(2026, 3, 10))
LINES, CLAIMS = 10, 20
"""Few enough claims to stay in the processor's cache, as a claim does that was just read."""
MISSING = 0.03
"""Share of missing values."""
LOUD = 0.04
"""Share of values that find something: in life nearly all lines are in order."""
TEXTS = {
    "category": ("western", "western", "patent", "service"),
    "kind": ("inpatient",),
    "sex": ("1",),
    "insurance": ("510",),
    "med_type": ("21",),
    "refund": ("",),
    "encounter": ("住院", "急诊或住院"),
    "course_mode": ("days", "span"),
}
"""Quiet texts by column or limit; any other text is loud where it is one of these columns."""


def line(random: Random, number: int) -> Line:
    """A line with every field set, now and then one missing or loud."""
    values: dict[str, Any] = {}
    for column in fields(Line):
        kind = str(column.type).split(" | ")[0]
        loud = random.random() < LOUD
        value: Any = random.choice(TEXTS.get(column.name, ("A", "B"))) if not loud else "unlinked"
        if kind == "int":
            value = random.randrange(1, 10)
        elif kind == "bool":
            value = loud if column.name != "qualified" else not loud
        values[column.name] = None if column.name in NULLABLE["line"] and random.random() < MISSING else value
    price, quantity = random.choice((5, 10, 20)) * MICRO, random.choice((1, 2, 3)) * MICRO
    values.update(id=f"L{number}", item=random.choice(ITEMS), date=DAY, use_end=DAY + random.randrange(30), live=True, price=price)
    values.update(begin_date=DAY - random.choice((*range(20), -1)), end_date=DAY + random.choice((*range(20), -1)), quantity=quantity)
    values.update(
        billed_quantity=quantity, billed_amount=price * quantity // 10**10 + (5 if random.random() < LOUD else 0), region="990101"
    )
    values.update(
        level=random.choice((2, 3, 3, None)), price_limit=random.choice((None, None, 25 * MICRO)), taken_home=random.random() < 0.5
    )
    values.update(death_date=None if random.random() > LOUD else DAY - 1, days_supplied=random.choice((None, 7 * MICRO, 14 * MICRO)))
    return Line(**values)


def knowledge(random: Random, classes: Sequence[int]) -> list[KnowledgePoint]:
    """One point of each class, for all items."""
    found = []
    for class_no in classes:
        codes = tuple(PointCode(role, item) for role in ROLES if role == "a" or class_no != EITHER_SIDE for item in ITEMS)
        limits: dict[str, Any] = {
            name: random.choice(TEXTS.get(name, ("1", "2")))
            if kind == "text"
            else (1 if name == "level" else random.randrange(12, 90)) * (MICRO if kind in ("quantity", "price") else 1)
            for name, kind in LIMIT_FIELDS.items()
        }
        found.append(
            KnowledgePoint(
                f"K{class_no}", class_no, "", "", "", "", None, date(2020, 1, 1), None, (), "", "", "", True, "", Limit(**limits), codes
            )
        )
    return found


def feature_value(random: Random, kind: Type, quiet: bool) -> Any:
    """A value of a window; `quiet` is the truth value that finds nothing, as nearly always in life."""
    if random.random() < MISSING:
        return None
    if kind is Type.BOOL:
        return quiet if random.random() > LOUD else not quiet
    if kind is Type.TEXT:
        return random.choice(ITEMS)
    if kind is Type.DATE:
        return DAY + random.randrange(-20, 8)
    return random.randrange(1, 5) * (MICRO if kind in (Type.QTY, Type.PRICE) else 1)


@dataclass
class Claim:
    """One claim: for us rows, candidates and values; for zen one flat context a line."""

    rows: list[Line]
    candidates: list[list[Candidate]]
    values: list[list[list[Any]]]
    contexts: list[dict[str, Any]]


def claim(random: Random, stage: CompiledStage, points: PointBase, columns: set[str]) -> Claim:
    """A random claim, in both forms."""
    rows = [line(random, number) for number in range(LINES)]
    contexts = [{column: getattr(row, column) for column in columns} for row in rows]
    for code in stage.codes:
        knowledge_of = code.rule.knowledge
        if knowledge_of is None:
            continue
        for row, context in zip(rows, contexts, strict=True):
            point, _ = points.matching(knowledge_of.class_no, knowledge_of.role, row.item, row.date, row.region)[0]
            context.update({f"k{code.slot}_{name}": point.limits[name] for name in code.limits})
    candidates = stage.candidates(rows)
    values: list[list[list[Any]]] = []
    at = {row.id: number for number, row in enumerate(rows)}
    for slot, found in zip(stage.leaning, candidates, strict=True):
        code = stage.codes[slot]
        quiet = any(isinstance(node, x.Not) and isinstance(node.part, x.Feature) for node in code.rule.condition.walk())
        given = [[feature_value(random, node.type, quiet) for _ in found] for node in code.rule.features.values()]
        values.append(given)
        for context in contexts:
            context.update({f"w{slot}_{name}": None for name in (*code.rule.features, "months")})
        for name, column in zip(code.rule.features, given, strict=True):
            for candidate, value in zip(found, column, strict=True):
                context = contexts[at[candidate[0].id]]
                context[f"w{slot}_{name}"] = value
                if name == "course_start" and value is not None:
                    context[f"w{slot}_months"] = full_months(value, candidate[0].date)
    return Claim(rows, candidates, values, contexts)


def columns_of(codes: Sequence[RuleCode]) -> set[str]:
    """Columns that the conditions read: no more is given to zen."""
    tops = [part for code in codes for part in (code.rule.where, code.rule.condition) if part is not None]
    return {node.column for top in tops for node in top.walk() if isinstance(node, x.Field)}


def main() -> None:
    """Run all three and compare."""
    options = read_options(__doc__)
    random = Random(1)
    rules = [rule for rule in load_rules(Path(__file__).parent.parent / "rules").active if rule.row_kind == "line"]
    classes = sorted({rule.knowledge.class_no for rule in rules if rule.knowledge is not None})
    points = PointBase.of(knowledge(random, classes))
    stage = compile_stage(rules, points)
    texts = [ZenRule(code).text() for code in stage.codes]
    whole = zen.compile_expression("[" + ", ".join(texts) + "]")
    single = [zen.compile_expression(text) for text in texts]
    claims = [claim(random, stage, points, columns_of(stage.codes)) for _ in range(CLAIMS)]
    few = claims[:4]

    true = 0
    for each in claims:
        found, _ = stage.judge(each.rows, each.candidates, each.values)
        ours = sorted((candidate[0].id, slot) for slot, candidate, _ in found)
        theirs = sorted(
            (row.id, slot)
            for row, context in zip(each.rows, each.contexts, strict=True)
            for slot, truth in enumerate(whole.evaluate(context))
            if truth
        )
        one_by_one = (
            sorted(
                (row.id, slot)
                for row, context in zip(each.rows, each.contexts, strict=True)
                for slot, rule in enumerate(single)
                if each in few and rule.evaluate(context)
            )
            if each in few
            else theirs
        )
        if not ours == theirs == one_by_one:
            raise SystemExit(f"the engines differ: {sorted(set(ours) ^ set(theirs))[:5]}")
        true += len(ours)
    progress(f"{len(stage.codes)} rules, {len(claims)} claims of {LINES} lines, {true} conditions true on both sides")

    def fused() -> None:
        for _ in range(10):
            for each in claims:
                stage.judge(each.rows, each.candidates, each.values)

    def as_list() -> None:
        for each in claims:
            for context in each.contexts:
                whole.evaluate(context)

    def per_rule() -> None:
        for each in few:
            for context in each.contexts:
                for rule in single:
                    rule.evaluate(context)

    times = alternate({"ours": fused, "list": as_list, "per_rule": per_rule}, runs=15 if options.quick else 60, clock=time.process_time)
    ours_each = [spent / (10 * len(claims)) for spent in times["ours"]]
    list_each = [spent / len(claims) for spent in times["list"]]
    rule_each = [spent / len(few) for spent in times["per_rule"]]
    finish(
        "kernel",
        ratios(list_each, ours_each),
        goal=6.0,
        better="higher",
        unit="times faster than one list expression",
        vs_zen_per_rule=round(statistics.median(ratios(rule_each, ours_each)), 1),
        us_per_claim=round(1e6 * statistics.median(ours_each), 1),
        zen_list_us=round(1e6 * statistics.median(list_each), 1),
        zen_per_rule_us=round(1e6 * statistics.median(rule_each), 1),
        rules=len(stage.codes),
        lines=LINES,
    )


if __name__ == "__main__":
    main()
