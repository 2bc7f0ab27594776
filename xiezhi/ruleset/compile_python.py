"""The row compiler: all rules of one kind of row, fused into generated Python functions.

`select` finds the candidates of the rules that lean on features; `judge` takes rows, and those candidates with the values
of their features, and tests every condition. Fields are loaded once a row for all rules; rules with knowledge run only
for items that have points. The source is made of closed expression trees and of nothing else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.parameters import region_keys
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_expr import Known, Name
from xiezhi.ruleset.python_points import entries, index
from xiezhi.ruleset.python_rule import Candidate, RuleCode, build
from xiezhi.ruleset.spec import RuleSpec

Found = tuple[int, Candidate, tuple[Any, ...]]
"""A true condition: slot of the rule, candidate, values of its features."""


@dataclass(frozen=True)
class CompiledStage:
    """The fused rules of one kind of row.

    Attributes:
        kind: line, encounter, sale or stock.
        codes: the rules, by slot.
        leaning: slots of the rules with features; candidates and values of `judge` are in this order.
        unknown_names: (rule, missing input) for each counter of `judge`.
        text: the source, for whoever wants to read it.
    """

    kind: str
    codes: tuple[RuleCode, ...]
    leaning: tuple[int, ...]
    unknown_names: tuple[tuple[str, str], ...]
    text: str
    _select: Callable[..., None]
    _judge: Callable[..., None]

    def candidates(self, rows: Iterable[Any]) -> list[list[Candidate]]:
        """The candidates of each rule that leans on features, in the order of the rows (then point, side)."""
        found: list[list[Candidate]] = [[] for _ in self.leaning]
        self._select(rows, *found)
        return found

    def judge(
        self, rows: Iterable[Any], candidates: Sequence[Sequence[Candidate]], values: Sequence[Sequence[Sequence[Any]]]
    ) -> tuple[list[Found], dict[tuple[str, str], int]]:
        """True conditions over rows and candidates, and how often which input left a rule unknown.

        `values` holds for each leaning rule and each of its features (in the order of the rule) one value a candidate.
        """
        found: list[Found] = []
        unknown = [0] * len(self.unknown_names)
        self._judge(rows, candidates, values, found.append, unknown)
        counted: dict[tuple[str, str], int] = {}
        if any(unknown):
            for name, number in zip(self.unknown_names, unknown, strict=True):
                if number:
                    counted[name] = counted.get(name, 0) + number
        return found, counted


def compile_stage(rules: Iterable[RuleSpec], points: PointBase, stage: str | None = None) -> CompiledStage:
    """Fuse rules that look at one kind of row; with `stage` only those that are judged there (pre, mid, post).

    Raises:
        ValueError: the rules look at different kinds of rows.
        TypeError: an expression has a node without meaning (a mistake in the loader).
    """
    chosen = [rule for rule in rules if stage is None or stage in rule.stages]
    kinds = {rule.row_kind for rule in chosen}
    if len(kinds) > 1:
        raise ValueError(f"rules over {sorted(kinds)} cannot be fused")
    return _Writer(next(iter(kinds), "line"), [RuleCode(slot, rule) for slot, rule in enumerate(chosen)], points).stage()


_CHOICES = (x.Or, x.Missing, x.FirstKnown, x.If)
"""Nodes that live with a missing input."""


class _Writer:
    """Writes the two functions of one stage."""

    def __init__(self, kind: str, codes: list[RuleCode], points: PointBase) -> None:
        self.kind, self.codes, self.points = kind, codes, points
        self.date = codes[0].date if codes else "date"
        self.space: dict[str, Any] = {"region_keys": region_keys}
        self.unknown: list[tuple[str, str]] = []
        self.hoisted: set[str] = set()

    def stage(self) -> CompiledStage:
        plain = [code for code in self.codes if not code.rule.features]
        leaning = [code for code in self.codes if code.rule.features]
        select = ["def select(rows" + "".join(f", c{code.slot}" for code in leaning) + "):", *self.rows(leaning, self.collect)]
        judge = ["def judge(rows, candidates, values, found, unknown):", *self.rows(plain, self.test)]
        for number, code in enumerate(leaning):
            judge += self.candidates(number, code)
        for code in self.codes:
            self.space.update(code.space)
        texts = ["\n".join(lines) + "\n" for lines in (select, judge)]
        made = [build(name, text, self.space) for name, text in zip(("select", "judge"), texts, strict=True)]
        slots = tuple(code.slot for code in leaning)
        return CompiledStage(self.kind, tuple(self.codes), slots, tuple(self.unknown), "\n".join(texts), made[0], made[1])

    def rows(self, codes: Sequence[RuleCode], emit: Callable[[RuleCode, str, Known], list[str]]) -> list[str]:
        """The loop over rows: live or billed, by dates in force, then rules without and with knowledge."""
        if not codes:
            return ["    pass"]
        everywhere = [code for code in codes if code.rule.knowledge is None or code.rule.knowledge.optional]
        self.hoisted = {self.date}
        for code in everywhere:
            gate = [code.rule.where] if code.rule.where is not None else [code.rule.condition]
            self.hoisted |= code.columns(gate) if code.rule.where is not None or not code.rule.features else set()
        if any(not code.always for code in codes) and self.kind != "sale":
            self.hoisted.add("region")
        if self.kind in ("line", "sale", "stock") and any(code.rule.knowledge for code in codes):
            self.hoisted.add("item")
        lines = ["    for row in rows:", f"        r_{self.date} = row.{self.date}"]
        if self.kind == "encounter":
            lines += [f"        if r_{self.date} is None:", "            continue"]
        lines += [f"        r_{column} = row.{column}" for column in sorted(self.hoisted - {self.date})]
        for live in (False, True):
            group = [code for code in codes if (code.rule.each in ("line", "encounter")) is live]
            if group:
                lines += ["        if row.live:"] if live else []
                lines += _indent(self.block(group, emit), 3 if live else 2)
        return lines

    def block(self, codes: Sequence[RuleCode], emit: Callable[[RuleCode, str, Known], list[str]]) -> list[str]:
        """The rules of one group, gathered by the days on which they are in force."""
        by_test: dict[str, list[RuleCode]] = defaultdict(list)
        for code in codes:
            by_test[code.force_test()].append(code)
        lines: list[str] = []
        for test, group in by_test.items():
            lines.append(f"if {test}:")
            by_where: dict[x.Expr | None, list[RuleCode]] = defaultdict(list)
            for code in group:
                if code.rule.knowledge is None:
                    by_where[code.rule.where].append(code)
                elif code.rule.knowledge.optional:
                    lines += _indent(self.optional(code, emit))
            for alike in by_where.values():
                lines += _indent(self.gated(alike, emit, "None, '', ()"))
            known = [code for code in group if code.rule.knowledge is not None and not code.rule.knowledge.optional]
            if known:
                lines += _indent(self.with_points(known, emit))
        return lines

    def gated(self, codes: Sequence[RuleCode], emit: Callable[[RuleCode, str, Known], list[str]], under: str) -> list[str]:
        """What the `where` of some rules (the same for all) lets through; `under` is the code of point, side and limits."""
        where = codes[0].rule.where
        if where is None:
            return [line for code in codes for line in emit(code, under, Known())]
        test, learned = codes[0].source().true(where)
        loads = codes[0].loads([where], self.hoisted)
        outside = self.hoisted
        self.hoisted = outside | codes[0].columns([where])
        inner = [line for code in codes for line in emit(code, under, learned)]
        self.hoisted = outside
        return [*loads, f"if {test}:", *_indent(inner)]

    def optional(self, code: RuleCode, emit: Callable[[RuleCode, str, Known], list[str]]) -> list[str]:
        """A rule that judges rows without a point too, with missing limits."""
        slot, where = code.slot, code.rule.where
        self.space[f"IX{slot}"] = {item: tuple(found) for item, found in entries(code, self.points).items()}
        self.space[f"NO{slot}"] = (None, "", code.limits_of(None))
        gate, known, loads = "True", Known(), list[str]()
        if where is not None and not any(isinstance(node, x.Point) for node in where.walk()):
            gate, known = code.source().true(where)
            loads = code.loads([where], self.hoisted)
            inner = emit(code, "point, side, limits", known)
        else:
            inner = self.gated([code], emit, "point, side, limits")
        return [
            *loads,
            f"if {gate}:",
            "    bare = True",
            f"    entries = IX{slot}.get({self.item})",
            "    if entries is not None:",
            "        for _, start, end, area, point, side, limits in entries:",
            f"            if start <= r_{self.date} <= end and (not area or area in region_keys({self.area_of})):",
            "                bare = False",
            *_indent(inner, 4),
            "    if bare:",
            f"        point, side, limits = NO{slot}",
            *_indent(inner, 2),
        ]

    def with_points(self, codes: Sequence[RuleCode], emit: Callable[[RuleCode, str, Known], list[str]]) -> list[str]:
        """Rules that need a point: found by the item, told apart by slot."""
        name = f"IX{'_'.join(str(code.slot) for code in codes)}"
        self.space[name] = index(codes, self.points)
        region = self.area_of
        branches = [(code.slot, self.gated([code], emit, "point, side, limits")) for code in codes]
        return [
            f"entries = {name}.get({self.item})",
            "if entries is not None:",
            "    for slot, start, end, area, point, side, limits in entries:",
            f"        if start <= r_{self.date} <= end and (not area or area in region_keys({region})):",
            *_indent(_tree(branches), 3),
        ]

    @property
    def area_of(self) -> str:
        """Code of the region of the row at hand, read only where a point is regional; sales have none."""
        return "None" if self.kind == "sale" else "row.region"

    @property
    def item(self) -> str:
        """Code of the item of the row at hand; encounters have none."""
        return "''" if self.kind == "encounter" else "r_item"

    def collect(self, code: RuleCode, under: str, known: Known) -> list[str]:
        """Keep a candidate."""
        return [f"c{code.slot}.append((row, {under}))"]

    def test(self, code: RuleCode, under: str, known: Known) -> list[str]:
        """Test the condition of a rule without features."""
        return [*code.loads([code.rule.condition], self.hoisted), *self.verdict(code, f"(row, {under}), ()", known)]

    def candidates(self, number: int, code: RuleCode) -> list[str]:
        """The loop over the candidates of a rule with features."""
        features = list(code.rule.features)
        learned = code.source().true(code.rule.where)[1] if code.rule.where is not None else Known()
        body = code.loads([code.rule.condition])
        if any("limits" in line for line in body):
            body = ["limits = candidate[3]", *body]
        if any("row." in line for line in body):
            body = ["row = candidate[0]", *body]
        given = "".join(f"f_{name}, " for name in features)
        lines = [f"    for candidate, {given}in zip(candidates[{number}], *values[{number}]):".replace(", in", " in")]
        return [*lines, *_indent([*body, *self.verdict(code, f"candidate, ({given})", learned)], 2)]

    def verdict(self, code: RuleCode, under: str, known: Known) -> list[str]:
        """True: found. Neither true nor false, which only a missing input can cause: count what is missing."""
        condition, source = code.rule.condition, code.source()
        lines = self.shared(code, source)
        test, _ = source.true(condition, known)
        hit = f"    found(({code.slot}, {under}))"
        inputs = [(name, code.name(node)) for name, node in code.rule.fields_of_condition()]
        missing = [(name, found.code) for name, found in inputs if found.nullable and found.code not in known]
        if source.certain(condition, known) or not missing:
            return [*lines, f"if {test}:", hit]
        denied, _ = source.false(condition, known)
        some = " or ".join(f"{variable} is None" for _, variable in missing)
        counts: list[str] = []
        for name, variable in missing:
            counts += [f"    if {variable} is None:", f"        unknown[{len(self.unknown)}] += 1"]
            self.unknown.append((code.rule.id, name))
        if any(isinstance(node, _CHOICES) for node in condition.walk()):
            return [*lines, f"if {test}:", hit, f"elif ({some}) and not ({denied}):", *counts]
        # every input is needed: ask once whether all are there, and then nothing more
        plain, _ = source.true(condition, known | {variable for _, variable in missing})
        return [
            *lines,
            f"if {some}:",
            f"    if {test}:",
            "    " + hit,
            f"    elif not ({denied}):",
            *_indent(counts),
            f"elif {plain}:",
            hit,
        ]

    @staticmethod
    def shared(code: RuleCode, source: Any) -> list[str]:
        """Money that a condition computes more than once, put into a variable first."""
        counts = Counter(node for node in code.rule.condition.walk() if isinstance(node, x.FenOf))
        lines = []
        for number, (node, times) in enumerate(counts.items()):
            if times > 1:
                text, sure = source.nullable(node)
                lines.append(f"h{number} = {text}")
                source.bound[node] = Name(f"h{number}", not sure)
        return lines


def _indent(lines: Iterable[str], levels: int = 1) -> list[str]:
    return ["    " * levels + line for line in lines]


def _tree(branches: Sequence[tuple[int, list[str]]]) -> list[str]:
    """`slot` to its branch by halving, so that the last of many rules is as near as the first."""
    if len(branches) == 1:
        return branches[0][1]
    half = len(branches) // 2
    return [f"if slot < {branches[half][0]}:", *_indent(_tree(branches[:half])), "else:", *_indent(_tree(branches[half:]))]
