"""The batch compiler: one rule to one SQL query over the fact tables, for DuckDB and, unchanged in meaning, Spark.

Tables: `lines`, `encounters`, `diagnoses`, `sales`, `stock`, `store_info` (`xiezhi.ruleset.facts_sql`) and the
knowledge: `point_items` (class_no, side, code, kp_id, start, end_, region, every limit) and `point_codes` (kp_id, role,
code, is_prefix). The query is a chain of common tables: candidates `c0`, then one table a feature, then the judgement.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from xiezhi.domain.calendar import day_number
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.build import SUBJECT_KEYS
from xiezhi.ruleset.features import CODED, SCOPE_KEYS, Related, Scope, ScopeKind, Window
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.sql_expr import case, is_null, literal, not_null, parameter_sql, portable, region_forms, to_sql, wide
from xiezhi.ruleset.sql_related import related_query, related_value
from xiezhi.ruleset.sql_scopes import column, kind_of_scope, scope_key
from xiezhi.ruleset.sql_windows import window_steps
from xiezhi.ruleset.types import DATE_COLUMN, OTHER_FIELDS

TABLE = {"line": "lines", "encounter": "encounters", "sale": "sales", "stock": "stock", "month": "months"}
HIT_COLUMNS = (
    "id",
    "institution",
    "person",
    "encounter",
    "settlement",
    "doctor",
    "item",
    "name",
    "date",
    "time",
    "amount",
    "fund",
    "total",
)
"""Columns of `hits.HitRow` after its kind, as the query gives them with the prefix `row_`."""


NEVER_MISSING = frozenset(
    {
        *("id", "institution", "person", "time", "date", "hour", "month", "year", "item", "quantity", "price", "amount"),
        *("billed_quantity", "billed_amount", "use_end", "live", "refund", "over_refunded", "person_conflict", "settled"),
    }
)
"""Columns of `lines` that every line has (`facts.Line`)."""


class RuleQuery:
    """Builds the query of one rule; `since` leaves out rows before a day (`xiezhi.ruleset.reach`)."""

    def __init__(self, rule: RuleSpec, since: int | None = None) -> None:
        self.rule, self.kind, self.since = rule, rule.row_kind, since
        self.date = DATE_COLUMN[self.kind]
        self.region = None if self.kind == "sale" else "region"
        self.steps: list[tuple[str, exp.Expr]] = []
        self.courses: dict[tuple[Scope, tuple[str, ...]], str] = {}

    def resolve(self, table: str) -> object:
        """A resolver for names against one of the chain's tables."""

        def of(node: x.Expr) -> exp.Expr:
            match node:
                case x.Field(column=name):
                    return column(name, table)
                case x.Point(name=name):
                    return column(f"p_{name}", table)
                case x.Feature(name=name):
                    return column(f"f_{name}", table)
                case x.Param(name=name):
                    region = column(self.region, table) if self.region else None
                    return parameter_sql(self.rule.parameters[name], column(self.date, table), region)
                case x.Other(column=name):
                    return column(name, "o")
                case _:
                    pass
            raise TypeError(type(node).__name__)

        return of

    def sql(self, node: x.Expr, table: str) -> exp.Expr:
        """An expression over one of the chain's tables."""
        return to_sql(node, self.resolve(table))  # type: ignore[arg-type]

    def tree(self) -> exp.Select:
        """The whole query; its rows are hits and, with `truth` NULL, unknown judgements."""
        rule = self.rule
        self.steps.append(("c0", self.candidates()))
        last = "c0"
        for name, feature in rule.features.items():
            if isinstance(feature, Window):
                for step, query in window_steps(self, name, feature, last):
                    self.steps.append((step, query))
                    last = step
            else:
                step = f"r_{name}"
                if self.decides(name, feature):
                    self.steps.append((step, related_query(self, feature, last, self.carried(name))))
                    last = f"j_{name}"
                    value = exp.alias_(related_value(self, feature, step, step), f"f_{name}")
                    self.steps.append((last, exp.select(f"{step}.*", value).from_(step)))
                    continue
                self.steps.append((step, related_query(self, feature, last)))
                self.steps.append((f"j_{name}", self.join_feature(name, feature, last, step)))
                last = f"j_{name}"
        truth = self.sql(rule.condition, last)
        judged = exp.select(f"{last}.*", exp.alias_(truth, "truth")).from_(last)
        self.steps.append(("judged", judged))
        truth_column: exp.Expr = column("truth", "judged")
        kept = truth_column if self.never_unknown() else exp.Coalesce(this=truth_column, expressions=[literal(True)])
        query = exp.select(*self.output()).from_("judged").where(kept)
        for step, part in self.steps:
            query = query.with_(step, as_=part, copy=False)
        return query

    def needed(self) -> list[str]:
        """Columns of the fact table that the query reads."""
        names = {"institution", self.date}
        names.update(
            {
                "line": {"person", "id", "time", "settled"},
                "encounter": {"person", "id", "begin_time"},
                "sale": {"trace", "id", "time"},
                "stock": {"item", "month"},
                "month": {"month"},
            }[self.kind]
        )
        if self.region:
            names.add(self.region)
        names.update(self.hit_columns())
        for top in self.rule.expressions():
            names.update(node.column for node in top.walk() if isinstance(node, x.Field))
        same_kind = {"lines": "line", "sales": "sale"}
        for feature in self.rule.features.values():
            names.update(name for name in (feature.per if isinstance(feature, Window) else feature.same) if name != "group")
            for kind in kind_of_scope(feature.scope):
                if kind in SCOPE_KEYS:
                    names.add(SCOPE_KEYS[kind])
            if isinstance(feature, Related):
                if feature.of == "diagnosis" and self.kind == "line":
                    names.add("encounter")
                if CODED.get(feature.of):
                    names.add(CODED[feature.of])
                if same_kind.get(feature.of) == self.kind:
                    others = [part for part in (feature.value, feature.condition) if part is not None]
                    names.update(node.column for top in others for node in top.walk() if isinstance(node, x.Other))
        for key in self.rule.subject:
            if key in SUBJECT_KEYS[self.kind]:
                names.add(SUBJECT_KEYS[self.kind][key])
            elif key in ("point.window", "point.per"):
                names.update(("date", "encounter", "hour", "year"))
        return sorted(names)

    def hit_columns(self) -> list[str]:
        """Columns of the fact table that go into the hit."""
        have = {info.column for info in OTHER_FIELDS[self.kind].values()} | {"begin_time", "begin_date"}
        wanted = {
            "line": HIT_COLUMNS,
            "encounter": ("id", "institution", "person", "begin_date", "begin_time", "fund", "total"),
            "sale": ("id", "institution", "person", "encounter", "item", "date", "time", "amount", "line"),
            "stock": ("institution", "item", "date"),
            "month": ("institution", "date"),
        }[self.kind]
        return [name for name in wanted if name in have or self.kind in ("sale", "stock", "month", "encounter")]

    def point_names(self) -> list[str]:
        """Limits of the point that the query reads."""
        names: set[str] = set()
        for top in self.rule.expressions():
            names.update(node.name for node in top.walk() if isinstance(node, x.Point))
        for feature in self.rule.features.values():
            if feature.scope is not None and feature.scope.kind is ScopeKind.WINDOW:
                names.update(("window", "window_hours"))
            if feature.scope is not None and feature.scope.kind is ScopeKind.PER:
                names.update(("per", "window_hours"))
            columns: Sequence[str] = feature.per if isinstance(feature, Window) else feature.same
            if "group" in columns:
                names.add("surgery_group")
        for key in self.rule.subject:
            names.update({"group": {"surgery_group"}, "point.window": {"window"}, "point.per": {"per"}}.get(key, set()))
        return sorted(names)

    def candidates(self) -> exp.Select:
        """Rows of the right kind under each point in force (`c0`)."""
        rule = self.rule
        inner = exp.select(*(column(name, "l") for name in self.needed()))
        inner = inner.from_(exp.alias_(exp.to_table(TABLE[self.kind]), "l", table=True))
        if rule.knowledge is not None:
            for name in self.point_names():
                inner = inner.select(exp.alias_(column(name, "k"), f"p_{name}"))
            inner = inner.select(
                exp.alias_(exp.Coalesce(this=column("kp_id", "k"), expressions=[literal("")]), "kp_id"),
                exp.alias_(exp.Coalesce(this=column("side", "k"), expressions=[literal("")]), "side"),
            )
            inner = inner.join(
                exp.alias_(exp.to_table("point_items"), "k", table=True),
                on=exp.and_(*self.point_conditions()),
                join_type="left" if rule.knowledge.optional else "inner",
            )
        else:
            inner = inner.select(exp.alias_(literal(""), "kp_id"), exp.alias_(literal(""), "side"))
        inner = inner.where(*self.in_force("l"))
        if rule.where is None:
            return inner
        return exp.select("*").from_(inner.subquery("l")).where(self.sql(rule.where, "l"))

    def point_conditions(self) -> list[exp.Expr]:
        """How a line meets a point: class, side, code, service date, region."""
        knowledge = self.rule.knowledge
        assert knowledge is not None
        day = column(self.date, "l")
        tests: list[exp.Expr] = [
            exp.EQ(this=column("class_no", "k"), expression=literal(knowledge.class_no)),
            exp.EQ(this=column("code", "k"), expression=column("item", "l")),
            exp.LTE(this=column("start", "k"), expression=day),
            exp.Paren(this=exp.or_(is_null(column("end_", "k")), exp.GTE(this=column("end_", "k"), expression=day.copy()))),
        ]
        if knowledge.role != "any":
            tests.append(exp.EQ(this=column("side", "k"), expression=literal(knowledge.role)))
        national = exp.EQ(this=column("region", "k"), expression=literal(""))
        if self.region:
            region = column("region", "l")
            six = exp.EQ(this=exp.Length(this=region), expression=literal(6))
            local = exp.and_(six, exp.In(this=column("region", "k"), expressions=region_forms(region.copy())))
            tests.append(exp.Paren(this=exp.or_(national, local)))
        else:
            tests.append(national)
        return tests

    def in_force(self, table: str) -> list[exp.Expr]:
        """Rows that are live, within the dates of rule, laws and parameters."""
        rule, day = self.rule, column(self.date, table)
        first = max(day_number(rule.effective_from), self.since if self.since is not None else -(10**6))
        tests: list[exp.Expr] = [exp.GTE(this=day, expression=literal(first))]
        if rule.effective_to is not None:
            tests.append(exp.LTE(this=day.copy(), expression=literal(day_number(rule.effective_to))))
        spans = [(c.law.effective_from, c.law.effective_to) for c in rule.citations]
        if not any(start <= rule.effective_from and end is None for start, end in spans):
            held = []
            for start, end in spans:
                bounds: list[exp.Expr] = [exp.GTE(this=day.copy(), expression=literal(day_number(start)))]
                if end is not None:
                    bounds.append(exp.LTE(this=day.copy(), expression=literal(day_number(end))))
                held.append(exp.and_(*bounds))
            tests.append(exp.Paren(this=exp.or_(*held)))
        for parameter in rule.parameters.values():
            always = not parameter.regional and parameter.national[0].start <= day_number(rule.effective_from)
            if not always or any(value.value is None for value in parameter.national):
                region = column(self.region, table) if self.region else None
                tests.append(not_null(parameter_sql(parameter, day.copy(), region)))
        if rule.each in ("line", "encounter"):
            tests.append(column("live", table))
        return tests

    def key_columns(self) -> tuple[str, ...]:
        """Columns that identify a candidate."""
        return {
            "line": ("institution", "id", "kp_id", "side"),
            "encounter": ("institution", "id", "kp_id", "side"),
            "sale": ("institution", "id", "trace", "time", "kp_id", "side"),
            "stock": ("institution", "item", "month", "kp_id", "side"),
            "month": ("institution", "month", "kp_id", "side"),
        }[self.kind]

    def join_feature(self, name: str, node: Related, last: str, step: str) -> exp.Select:
        """The chain with the result of a related feature beside each row."""
        on = exp.and_(*(exp.EQ(this=column(key, last), expression=column(key, step)) for key in self.key_columns()))
        return (
            exp.select(f"{last}.*", exp.alias_(related_value(self, node, last, step), f"f_{name}"))
            .from_(last)
            .join(step, on=on, join_type="left")
        )

    def never_unknown(self) -> bool:
        """Whether the condition reads only columns that are never missing; then plain truth filters, which engines do step by step."""
        names = [node for _, node in self.rule.fields_of_condition()]
        return all(isinstance(node, x.Field) and node.column in NEVER_MISSING for node in names)

    def carried(self, name: str) -> list[str]:
        """Columns of the chain before a feature that later steps may read, besides the keys."""
        before = list(self.rule.features)[: list(self.rule.features).index(name)]
        points = [f"p_{limit}" for limit in self.point_names()] if self.rule.knowledge is not None else []
        return [each for each in (*self.needed(), *points, *(f"f_{one}" for one in before)) if each not in self.key_columns()]

    def decides(self, name: str, node: Related) -> bool:
        """Whether rows without such other rows can be dropped: the feature is then false, and with it the whole condition.

        Not for partners of a point: there absence may be unknown, and unknowns are counted.
        """
        if node.how != "exists" or node.of not in ("stays", "lines", "sales"):
            return False
        condition = self.rule.condition
        parts = condition.parts if isinstance(condition, x.And) else (condition,)
        return any(isinstance(part, x.Feature) and part.name == name for part in parts)

    def output(self) -> list[exp.Expr]:
        """The columns of a hit, its subject, and which inputs were missing."""
        rule, columns = self.rule, SUBJECT_KEYS[self.kind]
        result: list[exp.Expr] = [exp.alias_(column("truth", "judged"), "truth"), exp.alias_(column("kp_id", "judged"), "kp_id")]
        subject: list[exp.Expr] = []
        for key in rule.subject:
            if key == "point":
                subject.append(column("kp_id", "judged"))
            elif key == "group":
                subject.append(column("p_surgery_group", "judged"))
            elif key in ("point.window", "point.per"):
                subject.extend(scope_key("judged", key, subject=True))
            else:
                if key in ("line", "sale"):
                    subject.append(column("institution", "judged"))
                subject.append(column(columns[key], "judged"))
        text = exp.DataType.build("VARCHAR")
        for index, value in enumerate(subject):
            result.append(
                exp.alias_(exp.Coalesce(this=exp.Cast(this=value, to=text.copy()), expressions=[literal("")]), f"subject_{index}")
            )
        result.extend(exp.alias_(column(name, "judged"), f"row_{name}") for name in self.hit_columns())
        result.extend(self.amounts())
        for name, part in (("credit", rule.credit), ("counted", rule.counted), ("limit_", rule.limit)):
            result.append(exp.alias_(exp.Null() if part is None else self.sql(part, "judged"), name))
        for index, (_, node) in enumerate(rule.fields_of_condition()):
            result.append(exp.alias_(is_null(self.sql(node, "judged")), f"missing_{index}"))
        return result

    def amounts(self) -> list[exp.Expr]:
        """Numerator and denominator of the money at stake; 0 / 1 where an input is missing or a whole is not positive."""
        amount = self.rule.amount
        if amount is None:
            return [exp.alias_(wide(literal(0)), "numerator"), exp.alias_(wide(literal(1)), "denominator")]
        ups = [wide(self.sql(part, "judged")) for part in amount.numerators]
        downs = [wide(self.sql(part, "judged")) for part in amount.denominators]
        known = [not_null(node.copy()) for node in ups] + [exp.GT(this=node.copy(), expression=literal(0)) for node in downs]

        def product(parts: list[exp.Expr]) -> exp.Expr:
            result: exp.Expr = parts[0].copy() if parts else wide(literal(1))
            for part in parts[1:]:
                result = exp.Mul(this=result, expression=part.copy())
            return result

        positive = exp.Greatest(this=product(ups), expressions=[wide(literal(0))], ignore_nulls=True)
        return [
            exp.alias_(case((exp.and_(*known), positive), default=wide(literal(0))), "numerator"),
            exp.alias_(case((exp.and_(*(k.copy() for k in known)), product(downs)), default=wide(literal(1))), "denominator"),
        ]


def compile_rule(rule: RuleSpec, dialect: str = "duckdb", since: int | None = None) -> str:
    """The query of a rule as text."""
    return portable(RuleQuery(rule, since).tree(), dialect)
