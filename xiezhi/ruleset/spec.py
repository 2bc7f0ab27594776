"""A loaded rule: everything the interpreters, compilers and findings need, typed and frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import FeatureNode, Related, Window
from xiezhi.ruleset.law import Citation
from xiezhi.ruleset.parameters import Parameter


@dataclass(frozen=True)
class Knowledge:
    """The knowledge a rule is joined with: points of a class, by the codes of one role (`any` = either side of a pair).

    `optional`: rows without a point are judged as well, with missing limits.
    """

    class_no: int
    role: str = "a"
    optional: bool = False


@dataclass(frozen=True)
class RuleCase:
    """A test inside a rule file: rows given, findings expected (`xiezhi.ruleset.cases`).

    `given` and `expect` hold what the file says, `given` with the rule's `cases_given` worked in; `line` is where it stands.
    """

    name: str
    kind: str
    exception: str | None
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    line: int = 0


@dataclass(frozen=True)
class RuleSpec:
    """One rule.

    Attributes:
        id: official code, or `XZ-…`; never reused.
        class_no: class 1-88 of the 2025 edition, or None for our own.
        version: bumped by `xiezhi rules lock` when the content changes.
        hash: SHA-256 of the content without version and cases.
        status: draft | shadow | active | retired.
        verdict: definite | suspicious | indicator.
        each: line | billed_line | encounter | sale | stock: the rows it looks at (`row_kind` gives the facts).
        where: cheap filter; rows for which it is not true are no candidates.
        when: the condition; only true is a doubtful point.
        exceptions: named conditions under which there is none.
        subject: columns that make one finding of several rows.
        lines_offend: for rules over encounters: all live lines of the encounter offend (else none does).
        amount: money at stake of one row; None means 0.
        credit: money taken off once per subject and point (the price of the bundle), in fen.
        counted, limit: what was counted and what is allowed, for the finding and its message.
        batch: true where only the sweep can judge it (semantics.md 5).
    """

    id: str
    class_no: int | None
    version: int
    hash: str
    title: str
    title_en: str
    status: str
    verdict: str
    stages: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    citations: tuple[Citation, ...]
    owner: str
    why: str
    known_gaps: tuple[str, ...]
    triage: tuple[str, ...]
    each: str
    knowledge: Knowledge | None
    where: x.Expr | None
    features: Mapping[str, FeatureNode]
    when: x.Expr
    exceptions: Mapping[str, x.Expr]
    subject: tuple[str, ...]
    lines_offend: bool
    amount: x.Amount | None
    credit: x.Expr | None
    counted: x.Expr | None
    limit: x.Expr | None
    message: str
    message_en: str
    batch: bool
    parameters: Mapping[str, Parameter]
    cases: tuple[RuleCase, ...]
    path: str
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row_kind(self) -> str:
        """The kind of fact rows: line, encounter, sale or stock."""
        return "line" if self.each == "billed_line" else self.each

    @property
    def condition(self) -> x.Expr:
        """`when` and none of the exceptions, as one three-valued expression."""
        if not self.exceptions:
            return self.when
        return x.And(self.when.type, (self.when, *(x.Not(self.when.type, part) for part in self.exceptions.values())))

    def expressions(self) -> Iterator[x.Expr]:
        """All expressions of the rule, also those inside features."""
        yield self.condition
        yield from (part for part in (self.where, self.credit, self.counted, self.limit) if part is not None)
        if self.amount is not None:
            yield from (*self.amount.numerators, *self.amount.denominators)
        for feature in self.features.values():
            if feature.value is not None:
                yield feature.value
            if feature.scope is not None and feature.scope.size is not None:
                yield feature.scope.size
            if isinstance(feature, Window):
                yield from (part for part, _ in feature.order)
            if isinstance(feature, Related) and feature.condition is not None:
                yield feature.condition

    def fields_of_condition(self) -> tuple[tuple[str, x.Expr], ...]:
        """Fields and limits the condition reads, by name, for counting which one is missing."""
        found: dict[str, x.Expr] = {}
        for node in self.condition.walk():
            if isinstance(node, x.Field):
                found[node.name] = node
            elif isinstance(node, x.Point):
                found[f"point.{node.name}"] = node
            elif isinstance(node, x.Feature):
                found[node.name] = node
        return tuple(sorted(found.items()))
