"""The reference interpreter: slow, direct, by the words of semantics.md, importing neither compiler.

It is the evidence gate, `xiezhi rules explain`, the runner of cases inside rule files, and the oracle of the parity tests.
Each feature is computed anew for each row by looking at every other row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xiezhi.domain.calendar import date_of
from xiezhi.domain.facts import INPATIENT, AnyFacts, Line, PartitionFacts, PersonFacts, Sale
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.build import SUBJECT_KEYS
from xiezhi.ruleset.features import CODED, LOCAL_SCOPES, POINT_SCOPES, SCOPE_KEYS, Related, Scope, ScopeKind, Window
from xiezhi.ruleset.hits import Evaluation, FactRow, Hit, HitRow, hit_row, subject_text
from xiezhi.ruleset.interpret import aggregate, evaluate
from xiezhi.ruleset.points import JudgedPoint, PointBase
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import DATE_COLUMN


@dataclass(frozen=True, eq=False)
class Candidate:
    """A row under one point (or none), with the side of the point that matched."""

    row: FactRow
    point: JudgedPoint | None
    side: str

    @property
    def order(self) -> tuple[int, str, str]:
        """The order of semantics.md 2."""
        row: Any = self.row
        time = getattr(row, "time", None)
        if time is None:
            time = getattr(row, "begin_time", None)
        return (time if time is not None else -1, row.institution, getattr(row, "id", ""))


@dataclass
class Judgement:
    """How one candidate came out: for explanations."""

    candidate: Candidate
    features: dict[str, Any] = field(default_factory=dict)
    truth: bool | None = None
    exceptions: dict[str, bool | None] = field(default_factory=dict)
    related: set[tuple[str, str]] = field(default_factory=set)


class Reference:
    """Judges rules over facts; `points` are the knowledge points in use."""

    def __init__(self, points: PointBase) -> None:
        self.points = points

    def evaluate(self, rule: RuleSpec, facts: AnyFacts, subjects: Collection[tuple[str, ...]] | None = None) -> Evaluation:
        """All hits of a rule (with `subjects`: of these) over the facts of one person (trace code, institution), and what is unknown."""
        result = Evaluation()
        for judgement in self.judge(rule, facts, subjects):
            if judgement.truth is None:
                env = _Env(self, rule, facts, judgement.candidate, [], judgement.features)
                missing = [name for name, node in rule.fields_of_condition() if evaluate(node, env) is None]
                result.unknown.update((rule.id, name) for name in missing or ["?"])
            elif judgement.truth:
                result.hits.append(self._hit(rule, facts, judgement))
        return result

    def judge(self, rule: RuleSpec, facts: AnyFacts, subjects: Collection[tuple[str, ...]] | None = None) -> list[Judgement]:
        """Every candidate (with `subjects`: of these) with its features and truth value."""
        candidates = self.candidates(rule, facts)
        judgements = []
        for candidate in candidates:
            if subjects is not None and subject_of(rule, candidate) not in subjects:
                continue
            judgement = Judgement(candidate)
            env = _Env(self, rule, facts, candidate, candidates, judgement.features)
            for name in rule.features:
                judgement.features[name], proof = env.compute(name)
                judgement.related |= proof
            judgement.truth = evaluate(rule.condition, env)
            judgement.exceptions = {name: evaluate(part, env) for name, part in rule.exceptions.items()}
            judgements.append(judgement)
        return judgements

    def candidates(self, rule: RuleSpec, facts: AnyFacts) -> list[Candidate]:
        """Rows the rule looks at, under each point in force, in order."""
        found = []
        held: dict[tuple[int, str | None], bool] = {}
        for row in rows_of(rule, facts):
            day = getattr(row, DATE_COLUMN[rule.row_kind])
            region = getattr(row, "region", None)
            if day is None:
                continue
            if (day, region) not in held:
                held[day, region] = rule_in_force(rule, day, region)
            if not held[day, region]:
                continue
            pairs: Sequence[tuple[JudgedPoint | None, str]] = [(None, "")]
            if rule.knowledge is not None:
                code = getattr(row, "item", None) or ""
                matched = self.points.matching(rule.knowledge.class_no, rule.knowledge.role, code, day, region)
                pairs = matched or ([(None, "")] if rule.knowledge.optional else [])
            for point, side in pairs:
                candidate = Candidate(row, point, side)
                env = _Env(self, rule, facts, candidate, [], {})
                if rule.where is None or evaluate(rule.where, env) is True:
                    found.append(candidate)
        return sorted(found, key=lambda c: (c.order, c.point.kp_id if c.point else "", c.side))

    def _hit(self, rule: RuleSpec, facts: AnyFacts, judgement: Judgement) -> Hit:
        candidate = judgement.candidate
        env = _Env(self, rule, facts, candidate, [], judgement.features)
        numerator, denominator = 0, 1
        if rule.amount is not None:
            ups = [evaluate(part, env) for part in rule.amount.numerators]
            downs = [evaluate(part, env) for part in rule.amount.denominators]
            if None not in ups and all(value is not None and value > 0 for value in downs):
                numerator = 1
                for value in ups:
                    numerator *= value
                for value in downs:
                    denominator *= value
        row: Any = candidate.row
        lines: tuple[HitRow, ...] = ()
        if rule.lines_offend and isinstance(facts, PersonFacts):
            lines = tuple(hit_row("line", line) for line in facts.lines if line.live and line.encounter == row.id)
        return Hit(
            rule.id,
            subject_of(rule, candidate),
            candidate.point.kp_id if candidate.point else None,
            hit_row(rule.row_kind, candidate.row),
            max(0, numerator),
            denominator,
            0 if rule.credit is None else evaluate(rule.credit, env) or 0,
            None if rule.counted is None else evaluate(rule.counted, env),
            None if rule.limit is None else evaluate(rule.limit, env),
            frozenset(judgement.related),
            lines,
        )


def rows_of(rule: RuleSpec, facts: AnyFacts) -> Iterator[FactRow]:
    """The rows of the kind a rule looks at; refunded or reversed ones only where the rule asks for billed lines."""
    if isinstance(facts, PartitionFacts):
        kinds: dict[str, Sequence[FactRow]] = {"sale": facts.sales, "stock": facts.stock, "month": facts.months}
        yield from kinds.get(rule.each, ())
    elif rule.each == "billed_line":
        yield from facts.lines
    elif rule.each == "line":
        yield from (line for line in facts.lines if line.live)
    elif rule.each == "encounter":
        yield from (encounter for encounter in facts.encounters if encounter.live)


def rule_in_force(rule: RuleSpec, day: int, region: str | None) -> bool:
    """Whether rule, a cited law and every parameter hold on a service date; otherwise the rule yields nothing."""
    on: date = date_of(day)
    if on < rule.effective_from or (rule.effective_to is not None and on > rule.effective_to):
        return False
    if not any(citation.law.holds(on) for citation in rule.citations):
        return False
    return all(parameter.at(day, region) is not None for parameter in rule.parameters.values())


def lines_of(rows: Iterable[FactRow]) -> set[tuple[str, str]]:
    """The fee lines among rows, as institution and id: lines themselves and the lines of sales; stays and stock have none."""
    found = set()
    for row in rows:
        line = row.id if isinstance(row, Line) else row.line if isinstance(row, Sale) else None
        if line is not None:
            found.add((row.institution, line))
    return found


def subject_of(rule: RuleSpec, candidate: Candidate) -> tuple[str, ...]:
    """The subject of a row (semantics.md 4): rows with one subject are one finding."""
    values: list[object] = []
    columns = SUBJECT_KEYS[rule.row_kind]
    for key in rule.subject:
        if key == "point":
            values.append(candidate.point.kp_id if candidate.point else None)
        elif key == "group":
            values.append(candidate.point.limits["surgery_group"] if candidate.point else None)
        elif key in ("point.window", "point.per"):
            kind = point_scope(candidate.point, key)
            column = SCOPE_KEYS.get(kind) if kind else None
            values.append(kind.value if kind else None)
            values.append(getattr(candidate.row, column) if column else getattr(candidate.row, "id", None))
        else:
            if key in ("line", "sale"):
                values.append(candidate.row.institution)
            values.append(getattr(candidate.row, columns[key]))
    return subject_text(values)


def point_scope(point: JudgedPoint | None, key: str) -> ScopeKind | None:
    """The scope a point names by its `window` or `per`."""
    name = point.limits[key.removeprefix("point.")] if point else None
    return POINT_SCOPES.get(str(name)) if name is not None else None


class _Env:
    """What names mean for one candidate."""

    def __init__(
        self,
        reference: Reference,
        rule: RuleSpec,
        facts: AnyFacts,
        candidate: Candidate,
        candidates: Sequence[Candidate],
        features: dict[str, Any],
    ) -> None:
        self.reference, self.rule, self.facts, self.candidate, self.candidates = reference, rule, facts, candidate, candidates
        self.features = features
        self.other_row: FactRow | None = None

    def field(self, column: str) -> Any:
        return getattr(self.candidate.row, column)

    def other(self, column: str) -> Any:
        return getattr(self.other_row, column)

    def point(self, name: str) -> Any:
        return self.candidate.point.limits[name] if self.candidate.point else None

    def param(self, name: str) -> Any:
        day = getattr(self.candidate.row, DATE_COLUMN[self.rule.row_kind])
        value = self.rule.parameters[name].at(day, getattr(self.candidate.row, "region", None))
        return value.value if value else None

    def feature(self, name: str) -> Any:
        return self.features[name]

    def compute(self, name: str) -> tuple[Any, set[tuple[str, str]]]:
        """The value of a feature and the lines that prove it."""
        node = self.rule.features[name]
        return self._window(node) if isinstance(node, Window) else self._related(node)

    def _value_of(self, candidate: Candidate, expr: x.Expr) -> Any:
        return evaluate(expr, _Env(self.reference, self.rule, self.facts, candidate, self.candidates, {}))

    def _scope(self, scope: Scope) -> ScopeKind | None:
        if scope.kind in (ScopeKind.WINDOW, ScopeKind.PER):
            return point_scope(self.candidate.point, scope.kind.value)
        return scope.kind

    def _size(self, kind: ScopeKind, scope: Scope) -> Any:
        """Hours or days of a scope that has a size; where it is missing, so is the feature."""
        if scope.size is not None:
            return evaluate(scope.size, self)
        return self.point("window_hours") if kind is ScopeKind.HOURS else None

    def _in_scope(self, kind: ScopeKind, scope: Scope, other: Any) -> bool:
        row: Any = self.candidate.row
        if kind in LOCAL_SCOPES and other.institution != row.institution:
            return False
        if kind is ScopeKind.ALL:
            return True
        if kind is ScopeKind.HOURS:
            return bool(abs(other.time - row.time) <= self._size(kind, scope) * 3_600)
        if kind is ScopeKind.ROLLING:
            return bool(row.date - self._size(kind, scope) + 1 <= other.date <= row.date)
        return bool(getattr(other, SCOPE_KEYS[kind]) == getattr(row, SCOPE_KEYS[kind]))

    def _same(self, columns: Sequence[str], candidate: Candidate | None, other: Any) -> bool:
        for column in columns:
            if column == "group":
                ours = self.point("surgery_group")
                theirs = candidate.point.limits["surgery_group"] if candidate is not None and candidate.point else None
            else:
                ours, theirs = getattr(self.candidate.row, column), getattr(other, column)
            if ours is None or theirs is None or ours != theirs:
                return False
        return True

    def _window(self, node: Window) -> tuple[Any, set[tuple[str, str]]]:
        kind = self._scope(node.scope)
        known = (
            kind is not None
            and kind is not ScopeKind.HOURS
            and (kind is not ScopeKind.ROLLING or self._size(kind, node.scope) is not None)
            and (kind not in SCOPE_KEYS or getattr(self.candidate.row, SCOPE_KEYS[kind]) is not None)
        )
        if kind is None or not known or not self._same(node.per, self.candidate, self.candidate.row):
            return None, set()
        by_group = "group" in node.per
        pool = [c for c in self.candidates if (c.point is self.candidate.point or by_group) and self._same(node.per, c, c.row)]
        in_course = kind is ScopeKind.COURSE
        pool = self._course(pool, node.scope) if in_course else [c for c in pool if self._in_scope(kind, node.scope, c.row)]
        if node.running:
            pool = [c for c in pool if c.order <= self.candidate.order]
        proof = lines_of(c.row for c in pool)
        if node.how == "count":
            return len(pool), proof
        assert node.value is not None
        if node.how == "first":
            ordered = sorted(pool, key=lambda c: (*(self._rank(c, part, descending) for part, descending in node.order), c.order))
            return (self._value_of(ordered[0], node.value) if ordered else None), proof
        values = [v for c in pool if (v := self._value_of(c, node.value)) is not None]
        return aggregate(node.how, values), proof

    def _rank(self, candidate: Candidate, part: x.Expr, descending: bool) -> tuple[bool, Any]:
        value = self._value_of(candidate, part)
        return (True, 0) if value is None else (False, -value if descending else value)

    def _course(self, pool: Sequence[Candidate], scope: Scope) -> list[Candidate]:
        """The course the row belongs to: uses with gaps of at most `scope.size` days."""
        courses: list[list[Candidate]] = []
        for candidate in sorted(pool, key=lambda c: c.order):
            row: Any = candidate.row
            gap = None if scope.size is None else self._value_of(candidate, scope.size)
            if not courses or gap is None or row.date - courses[-1][-1].row.date > gap:  # type: ignore[union-attr]
                courses.append([])
            courses[-1].append(candidate)
        return next((course for course in courses if self.candidate in course), [])

    def _related(self, node: Related) -> tuple[Any, set[tuple[str, str]]]:
        if node.of in CODED:
            return self._coded(node), set()
        kind = self._scope(node.scope) if node.scope else None
        if node.scope and (kind is None or (kind in SCOPE_KEYS and getattr(self.candidate.row, SCOPE_KEYS[kind]) is None)):
            return None, set()
        if node.scope and kind is not None and kind in (ScopeKind.HOURS, ScopeKind.ROLLING) and self._size(kind, node.scope) is None:
            return None, set()
        true: list[FactRow] = []
        unknown = False
        for candidate in self._others(node):
            other = candidate.row
            if not self._same(node.same, candidate, other) or (node.earlier and not candidate.order < self.candidate.order):
                continue
            if node.scope is not None and kind is not None and not self._in_scope(kind, node.scope, other):
                continue
            self.other_row = other
            truth = True if node.condition is None else evaluate(node.condition, self)
            if truth:
                true.append(other)
            unknown = unknown or truth is None
        proof = lines_of(true)
        if node.how == "count":
            return len(true), proof
        if node.how == "exists":
            if true:
                return True, proof
            return (None if unknown or not self._absence_is_known(node, kind) else False), proof
        values = []
        for row in true:
            self.other_row = row
            assert node.value is not None
            if (value := evaluate(node.value, self)) is not None:
                values.append(value)
        return aggregate(node.how, values), proof

    def _others(self, node: Related) -> Iterator[Candidate]:
        facts, own = self.facts, self.candidate.row
        if node.of == "lines":
            yield from (c for c in self.candidates if c.point is self.candidate.point and c.row is not own)
        elif node.of == "sales" and isinstance(facts, PartitionFacts):
            yield from (Candidate(sale, None, "") for sale in facts.sales if sale is not own)
        elif node.of == "stays" and isinstance(facts, PersonFacts):
            yield from (Candidate(e, None, "") for e in facts.encounters if e.live and e.kind == INPATIENT and e is not own)
        elif node.of == "unlisted" and isinstance(facts, PersonFacts):
            yield from (Candidate(e, None, "") for e in facts.lines if e.live and all(c.row is not e for c in self.candidates))
        elif node.of == "partner" and isinstance(facts, PersonFacts) and (point := self.candidate.point) is not None:
            role = self._role(node)
            yield from (
                Candidate(line, point, role) for line in facts.lines if line.live and line is not own and point.covers(role, line.item)
            )

    def _role(self, node: Related) -> str:
        """The partner's role; in rules where either side may be the row, the other side."""
        assert self.rule.knowledge is not None
        return node.role if self.rule.knowledge.role != "any" else ("b" if self.candidate.side == "a" else "a")

    def _coded(self, node: Related) -> bool | None:
        point, row = self.candidate.point, self.candidate.row
        if point is None or not isinstance(self.facts, PersonFacts) or not point.codes.get(node.role):
            return None
        own = CODED[node.of]
        codes = (
            {getattr(row, own)} - {None}
            if own
            else self.facts.diagnoses.get(str(getattr(row, "encounter", None) or getattr(row, "id", "")))
        )
        return None if not codes else any(point.covers(node.role, code) for code in codes)

    def _absence_is_known(self, node: Related, kind: ScopeKind | None) -> bool:
        """Absence of a partner can be true only once the encounter is settled and the look-back is stored (semantics.md 3)."""
        if node.of not in ("partner", "unlisted") or not isinstance(self.facts, PersonFacts):
            return True
        row: Any = self.candidate.row
        if not row.settled or kind is not ScopeKind.ROLLING or node.scope is None or node.scope.size is None:
            return bool(row.settled)
        days, first = evaluate(node.scope.size, self), self.facts.earliest_date
        return days is not None and first is not None and first <= row.date - days + 1
