"""The Python engine: judges all rules over the facts of one person, trace code or institution, in one pass a kind of row.

Its hits and counts of unknown equal those of the reference interpreter, which it does not import; the gateway and the
stream use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from xiezhi.domain.facts import AnyFacts, PersonFacts
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.build import SUBJECT_KEYS
from xiezhi.ruleset.compile_python import CompiledStage, Found, compile_stage
from xiezhi.ruleset.features import POINT_SCOPES, SCOPE_KEYS, Window
from xiezhi.ruleset.hits import Evaluation, Hit, HitRow, hit_row, subject_text
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_features import WindowCode
from xiezhi.ruleset.python_partition import Partition, order_of
from xiezhi.ruleset.python_related import RelatedCode
from xiezhi.ruleset.python_rule import ROW_TYPES, Candidate, RuleCode, build
from xiezhi.ruleset.spec import RuleSpec

ROWS = {"line": "lines", "encounter": "encounters", "sale": "sales", "stock": "stock", "month": "months"}
"""Where the facts hold the rows of a kind."""


class PythonEngine:
    """Compiled rules and points; `rules` may look at different kinds of rows. Make one and keep it: compiling takes a moment."""

    def __init__(self, rules: Iterable[RuleSpec], points: PointBase, stage: str | None = None) -> None:
        kinds: dict[str, list[RuleSpec]] = {}
        for rule in rules:
            kinds.setdefault(rule.row_kind, []).append(rule)
        self._stages = [_Stage(compile_stage(members, points, stage)) for members in kinds.values()]

    def evaluate(self, facts: AnyFacts) -> Evaluation:
        """All hits over the facts of one partition, and what stayed unknown (semantics.md 3)."""
        result = Evaluation()
        partition = Partition(facts)
        for stage in self._stages:
            rows = getattr(facts, ROWS[stage.compiled.kind], ())
            if rows:
                stage.evaluate(rows, facts, partition, result)
        return result

    def about(self, facts: AnyFacts, concerns: Callable[[Any], bool]) -> list[Hit]:
        """The hits of `evaluate` whose subject has a hit of a row that `concerns` names, and perhaps others of the same rules.

        A rule none of whose hits concerns such a row is not judged further, which is what makes one claim of a long life cheap.
        """
        hits: list[Hit] = []
        partition = Partition(facts)
        for stage in self._stages:
            rows = getattr(facts, ROWS[stage.compiled.kind], ())
            if near := [row for row in rows if concerns(row)]:
                hits += stage.about(near, rows, facts, partition)
        return hits


class _Stage:
    def __init__(self, compiled: CompiledStage) -> None:
        self.compiled = compiled
        self.features = [
            [_feature(compiled.codes[slot], node) for node in compiled.codes[slot].rule.features.values()] for slot in compiled.leaning
        ]
        self.hits = [HitMaker(code) for code in compiled.codes]
        rules = [code.rule for code in compiled.codes]
        self.pooled = [any(_needs_pool(node) for node in rules[slot].features.values()) for slot in compiled.leaning]
        self.own_subject = [bool({"line", "sale"} & set(rule.subject)) for rule in rules]

    def evaluate(self, rows: Sequence[Any], facts: AnyFacts, partition: Partition, result: Evaluation) -> None:
        if self.compiled.kind != "line":  # lines come in order
            rows = sorted(rows, key=order_of)
        candidates = self.compiled.candidates(rows)
        found, unknown = self.compiled.judge(rows, candidates, self._values(candidates, facts, partition))
        result.hits.extend(self.hits[each[0]].hit(each, facts) for each in found)
        result.unknown.update(unknown)

    def _values(self, candidates: Sequence[Sequence[Candidate]], facts: AnyFacts, partition: Partition) -> list[list[list[Any]]]:
        return [
            [feature(found, facts, partition) if found else [] for feature in features]
            for features, found in zip(self.features, candidates, strict=True)
        ]

    def about(self, near: Sequence[Any], rows: Sequence[Any], facts: AnyFacts, partition: Partition) -> list[Hit]:
        """The hits of the rules that hit a row of `near`: of `near` alone where a hit shares its subject with no other row, else all."""
        if self.compiled.kind != "line":
            near, rows = sorted(near, key=order_of), sorted(rows, key=order_of)
        close = self.compiled.candidates(near)
        wide: list[list[Candidate]] | None = None
        if any(found and pooled for found, pooled in zip(close, self.pooled, strict=True)):
            wide = self.compiled.candidates(rows)
        asked = [
            [] if not found else wide[at] if pooled and wide is not None else found
            for at, (found, pooled) in enumerate(zip(close, self.pooled, strict=True))
        ]
        found, _ = self.compiled.judge(near, asked, self._values(asked, facts, partition))
        own = {id(row) for row in near}
        touched = {slot for slot, candidate, _ in found if id(candidate[0]) in own}
        whole = {slot for slot in touched if not self.own_subject[slot]}
        kept = [each for each in found if each[0] in touched and (each[0] not in whole)]
        if whole:
            if wide is None:
                wide = self.compiled.candidates(rows) if whole & set(self.compiled.leaning) else [[] for _ in self.compiled.leaning]
            again = [wide[at] if slot in whole else [] for at, slot in enumerate(self.compiled.leaning)]
            plain = rows if whole - set(self.compiled.leaning) else []
            kept += [each for each in self.compiled.judge(plain, again, self._values(again, facts, partition))[0] if each[0] in whole]
        return [self.hits[each[0]].hit(each, facts) for each in kept]


def _needs_pool(node: Any) -> bool:
    """Whether a feature depends on the other candidates of its rule (`unlisted`: on what they leave over), not only on other rows."""
    return isinstance(node, Window) or node.of in ("lines", "unlisted")


def _feature(code: RuleCode, node: Any) -> Callable[[Sequence[Candidate], AnyFacts, Partition], list[Any]]:
    if isinstance(node, Window):
        window = WindowCode(code, node)
        return lambda candidates, facts, partition: window.values(candidates)
    return RelatedCode(code, node).values


def row_maker(kind: str) -> Callable[[Any], HitRow]:
    """`hits.hit_row` for one kind of row, without asking each row which fields it has."""
    have = {field.name for field in fields(ROW_TYPES[kind])}
    source = {"encounter": {"encounter": "id", "date": "begin_date", "time": "begin_time"}, "line": {"line": "id"}}.get(kind, {})
    codes = [f"row.{source.get(name, name)}" if source.get(name, name) in have else "None" for name in (f.name for f in fields(HitRow))]
    names = [f.name for f in fields(HitRow)]
    codes[names.index("kind")] = repr(kind)
    if kind in ("stock", "month"):
        codes[names.index("id")] = "''"
    if kind in ("encounter", "stock", "month"):  # a missing time is the beginning of the day
        day, time = codes[names.index("date")], codes[names.index("time")]
        codes[names.index("time")] = f"{time} if {time} is not None else {day} * 86400" if time != "None" else f"{day} * 86400"
    return build("hit_row", f"def hit_row(row):\n    return HitRow({', '.join(codes)})\n", {"HitRow": HitRow})


class HitMaker:
    """Makes the hits of one rule: subject, money at stake, counts."""

    def __init__(self, code: RuleCode) -> None:
        self.code, rule = code, code.rule
        ups, downs = ((), ()) if rule.amount is None else (rule.amount.numerators, rule.amount.denominators)
        self._money = None if rule.amount is None else code.function([*ups, *downs], features=True)
        self._ups = len(ups)
        nothing = x.Literal(rule.when.type, False)
        self._numbers = code.function([rule.credit or nothing, rule.counted or nothing, rule.limit or nothing], features=True)
        self._row = row_maker(code.kind)
        self._subject = [subject_part(code, key) for key in rule.subject]

    def hit(self, found: Found, facts: AnyFacts) -> Hit:
        """The hit of a true condition."""
        _, candidate, values = found
        row, point, _, limits = candidate
        rule = self.code.rule
        numerator, denominator = self._at_stake(row, limits, values)
        credit, counted, limit = self._numbers(row, limits, values)
        lines: tuple[HitRow, ...] = ()
        if rule.lines_offend and isinstance(facts, PersonFacts):
            lines = tuple(hit_row("line", line) for line in facts.lines if line.live and line.encounter == row.id)
        return Hit(
            rule.id,
            subject_text([value for part in self._subject for value in part(candidate)]),
            point.kp_id if point is not None else None,
            self._row(row),
            numerator,
            denominator,
            credit or 0,
            None if rule.counted is None else counted,
            None if rule.limit is None else limit,
            lines=lines,
        )

    def _at_stake(self, row: Any, limits: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[int, int]:
        """Money in fen as a fraction; 0 where an input is missing or a whole is not positive."""
        if self._money is None:
            return 0, 1
        factors = self._money(row, limits, values)
        numerator = denominator = 1
        for at, factor in enumerate(factors):
            if factor is None or (at >= self._ups and factor <= 0):
                return 0, 1
            if at < self._ups:
                numerator *= factor
            else:
                denominator *= factor
        return max(0, numerator), denominator


def subject_part(code: RuleCode, key: str) -> Callable[[Candidate], Sequence[Any]]:
    """One subject key (semantics.md 4) as a function of a candidate; some give two values."""
    if key == "point":
        return lambda c: (c[1].kp_id if c[1] is not None else None,)
    if key == "group":
        return lambda c: (c[1].limits["surgery_group"] if c[1] is not None else None,)
    if key in ("point.window", "point.per"):
        name = key.removeprefix("point.")

        def instance(candidate: Candidate) -> Sequence[Any]:
            row, point, _, _ = candidate
            word = point.limits[name] if point is not None else None
            kind = POINT_SCOPES.get(str(word))
            column = SCOPE_KEYS.get(kind, "id") if kind is not None else "id"
            return (kind.value if kind is not None else None, getattr(row, column))

        return instance
    column = SUBJECT_KEYS[code.kind][key]
    get = attrgetter("institution", column) if key in ("line", "sale") else attrgetter(column)
    return (lambda c: get(c[0])) if key in ("line", "sale") else (lambda c: (get(c[0]),))
