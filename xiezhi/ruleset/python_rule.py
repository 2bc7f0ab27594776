"""One rule for the Python compiler: names of its inputs, constants and resolvers, small functions over one candidate.

Generated code calls the columns of the row at hand `r_<column>`, those of another row `o_<column>`, limits `p_<name>`,
features `f_<name>`. A parameter that never changes is written as a constant, otherwise it is `q_<name>`, resolved by
service date and region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from xiezhi.domain.calendar import date_of, day_number
from xiezhi.domain.facts import Encounter, InstitutionMonth, Line, Sale, Stock
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import ScopeKind, Window
from xiezhi.ruleset.parameters import Parameter
from xiezhi.ruleset.points import JudgedPoint
from xiezhi.ruleset.python_expr import HELPERS, Name, Source
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import DATE_COLUMN

ROW_TYPES: Mapping[str, type[Line] | type[Encounter] | type[Sale] | type[Stock] | type[InstitutionMonth]] = {
    "line": Line,
    "encounter": Encounter,
    "sale": Sale,
    "stock": Stock,
    "month": InstitutionMonth,
}
NULLABLE: Mapping[str, frozenset[str]] = {
    kind: frozenset(field.name for field in fields(row) if "None" in str(field.type)) for kind, row in ROW_TYPES.items()
}
"""Columns that may be missing, by kind of row, as the facts declare them."""
OTHER_KIND = {"partner": "line", "lines": "line", "unlisted": "line", "stays": "encounter", "sales": "sale"}
"""The kind of the other rows of a related feature (`lines` means the rule's own kind)."""
ALWAYS = 1 << 40
"""A day after all days."""


Candidate = tuple[Any, JudgedPoint | None, str, tuple[Any, ...]]
"""A row under a point in force (or none), the side that matched, and the limits the rule reads, in the order of `RuleCode.limits`.

A plain tuple: the interpreter takes it apart several times faster than a named one.
"""


def build(name: str, text: str, space: Mapping[str, Any]) -> Callable[..., Any]:
    """Compile the source of one function; `space` holds what it may use besides `HELPERS`, and no built-ins but a few."""
    allowed: dict[str, Any] = {"__builtins__": {}, "zip": zip, "max": max, "min": min, "abs": abs, **HELPERS, **space}
    exec(compile(text, f"<{name}>", "exec"), allowed)
    made: Callable[..., Any] = allowed[name]
    return made


class RuleCode:
    """What generated code needs to know about one rule; `slot` tells the rules of a stage apart."""

    def __init__(self, slot: int, rule: RuleSpec) -> None:
        self.slot, self.rule, self.kind = slot, rule, rule.row_kind
        self.date = DATE_COLUMN[self.kind]
        self.limits = limit_names(rule)
        self.space: dict[str, Any] = {f"Q{slot}_{name}": resolver(parameter) for name, parameter in rule.parameters.items()}
        start = day_number(rule.effective_from)
        self.constants = {
            name: parameter.national[0].value
            for name, parameter in rule.parameters.items()
            if not parameter.regional and len(parameter.national) == 1 and parameter.national[0].start <= start
        }
        self.constants = {name: value for name, value in self.constants.items() if value is not None}

    @property
    def always(self) -> bool:
        """Whether it is in force on all days from its first to its last, in every region."""
        spans = [(citation.law.effective_from, citation.law.effective_to) for citation in self.rule.citations]
        first, last = self.rule.effective_from, self.rule.effective_to
        lawful = any(start <= first and (end is None or (last is not None and last <= end)) for start, end in spans)
        return lawful and len(self.constants) == len(self.rule.parameters)

    def force_test(self) -> str:
        """A test over `r_<date>` (and `r_region`) for being in force; registers a resolver where dates alone do not tell."""
        if not self.always:
            self.space[f"IN{self.slot}"] = self._force_resolver()
            return f"IN{self.slot}(r_{self.date}, {self.region})"
        test = f"r_{self.date} >= {day_number(self.rule.effective_from)}"
        return test if self.rule.effective_to is None else f"{test} and r_{self.date} <= {day_number(self.rule.effective_to)}"

    @property
    def region(self) -> str:
        """Code of the region of the row at hand; sales have none."""
        return "None" if self.kind == "sale" else "r_region"

    def _force_resolver(self) -> Callable[[int, str | None], bool]:
        known: dict[tuple[int, str | None], bool] = {}
        rule = self.rule

        def in_force(day: int, region: str | None) -> bool:
            key = (day, region)
            if key not in known:
                on = date_of(day)
                known[key] = (
                    rule.effective_from <= on
                    and (rule.effective_to is None or on <= rule.effective_to)
                    and any(citation.law.holds(on) for citation in rule.citations)
                    and all(parameter.at(day, region) is not None for parameter in rule.parameters.values())
                )
            return known[key]

        return in_force

    def name(self, node: x.Expr) -> Name:
        """The code of an input."""
        match node:
            case x.Field(column=column):
                return Name(f"r_{column}", column in NULLABLE[self.kind])
            case x.Point(name=name):
                assert self.rule.knowledge is not None
                return Name(f"p_{name}", self.rule.knowledge.optional or not name.startswith("count_"))
            case x.Param(name=name):
                return Name(repr(self.constants[name]) if name in self.constants else f"q_{name}", False)
            case x.Feature(name=name):
                return Name(f"f_{name}", True)
            case _:
                raise TypeError(f"no name for {type(node).__name__}")

    def other_name(self, of: str) -> Callable[[x.Expr], Name]:
        """A resolver for conditions over other rows: `o_<column>` besides the names of the row at hand."""
        kind = self.kind if of == "lines" else OTHER_KIND[of]

        def name(node: x.Expr) -> Name:
            if isinstance(node, x.Other):
                return Name(f"o_{node.column}", node.column in NULLABLE[kind])
            return self.name(node)

        return name

    def source(self) -> Source:
        """A writer for expressions over a candidate."""
        return Source(self.name)

    def columns(self, nodes: Iterable[x.Expr]) -> set[str]:
        """Columns of the row at hand that expressions read, with date and region where a parameter needs them."""
        found: set[str] = set()
        for top in nodes:
            for node in top.walk():
                if isinstance(node, x.Field):
                    found.add(node.column)
                elif isinstance(node, x.Param) and node.name not in self.constants:
                    found.update((self.date,) if self.kind == "sale" else (self.date, "region"))
        return found

    def loads(self, nodes: Sequence[x.Expr], have: Iterable[str] = ()) -> list[str]:
        """Statements that put the inputs of expressions into variables; columns of `have` are there already."""
        lines = [f"r_{column} = row.{column}" for column in sorted(self.columns(nodes) - set(have))]
        used = {node.name for top in nodes for node in top.walk() if isinstance(node, x.Point)}
        if used and used == set(self.limits):
            lines.append(f"{', '.join(f'p_{name}' for name in self.limits)}, = limits")
        else:
            lines += [f"p_{name} = limits[{index}]" for index, name in enumerate(self.limits) if name in used]
        named = {node.name for top in nodes for node in top.walk() if isinstance(node, x.Param)} - set(self.constants)
        lines += [f"q_{name} = Q{self.slot}_{name}(r_{self.date}, {self.region})" for name in sorted(named)]
        return lines

    def function(self, nodes: Sequence[x.Expr], features: bool = False) -> Callable[..., tuple[Any, ...]]:
        """A function `(row, limits, values)` that gives the values of expressions, None for missing."""
        source = self.source()
        body = self.loads(nodes)
        if features:
            body += [f"f_{name} = values[{index}]" for index, name in enumerate(self.rule.features)]
        codes = "".join(f"{source.nullable(node)[0]}, " for node in nodes)
        text = "def values_of(row, limits, values=()):\n" + "".join(f"    {line}\n" for line in [*body, f"return ({codes})"])
        return build("values_of", text, self.space)

    def limits_of(self, point: JudgedPoint | None) -> tuple[Any, ...]:
        """The limits the rule reads, of one point."""
        return tuple(None if point is None else point.limits[name] for name in self.limits)


def limit_names(rule: RuleSpec) -> tuple[str, ...]:
    """Limits of the point that a rule reads: in expressions, scopes, groups and its subject."""
    names = {node.name for top in rule.expressions() for node in top.walk() if isinstance(node, x.Point)}
    for feature in rule.features.values():
        kind = feature.scope.kind if feature.scope is not None else None
        names.update({ScopeKind.WINDOW: ("window", "window_hours"), ScopeKind.PER: ("per", "window_hours")}.get(kind, ()) if kind else ())
        if "group" in (feature.per if isinstance(feature, Window) else feature.same):
            names.add("surgery_group")
    return tuple(sorted(names)) if rule.knowledge is not None else ()


def resolver(parameter: Parameter) -> Callable[[int, str | None], int | str | None]:
    """The value of a parameter by service date and region, each pair looked up once."""
    known: dict[tuple[int, str | None], int | str | None] = {}

    def at(day: int, region: str | None) -> int | str | None:
        key = (day, region)
        if key not in known:
            found = parameter.at(day, region)
            known[key] = None if found is None else found.value
        return known[key]

    return at
