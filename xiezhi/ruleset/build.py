"""From the plain form of a rule to its typed spec: expressions, features, subject, message; all errors at once."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from xiezhi.domain.errors import Problems
from xiezhi.domain.knowledge import LIMIT_FIELDS
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import CODED, FeatureNode, Related, Scope, ScopeKind, Window
from xiezhi.ruleset.form import FeatureForm, RuleForm
from xiezhi.ruleset.lexer import ExpressionError
from xiezhi.ruleset.marks import Document, PathKey
from xiezhi.ruleset.parameters import Parameter
from xiezhi.ruleset.parser import Names, fit, parse, parse_amount
from xiezhi.ruleset.types import NUMERIC, OTHER_FIELDS, ROW_FIELDS, FieldInfo, Type

T = TypeVar("T")

POINT_TYPES: Mapping[str, Type] = {name: Type(kind) for name, kind in LIMIT_FIELDS.items()} | {"count_a": Type.INT, "count_b": Type.INT}
"""Limits of a knowledge point as the language sees them; `count_a` and `count_b` are the numbers of distinct codes."""

SUBJECT_KEYS: Mapping[str, Mapping[str, str]] = {
    "line": {
        "line": "id", "person": "person", "institution": "institution", "hour": "hour", "day": "date", "month": "month",
        "year": "year", "encounter": "encounter", "prescription": "prescription", "item": "item", "substance": "substance",
    },
    "encounter": {"encounter": "id", "person": "person", "institution": "institution", "month": "month", "day": "begin_date"},
    "sale": {"sale": "id", "trace": "trace", "institution": "institution", "person": "person", "month": "month"},
    "stock": {"institution": "institution", "item": "item", "month": "month"},
    "month": {"institution": "institution", "month": "month"},
}  # fmt: skip
"""Subject keys by row kind, with the column each reads."""

POINT_KEYS = ("point", "group", "point.window", "point.per")
"""Subject keys that depend on the knowledge point: itself, its surgery group, its scope."""

PER_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "line": {
        "item": "item",
        "substance": "substance",
        "category": "category",
        "institution": "institution",
        "doctor": "doctor",
        "day": "date",
        "kind": "kind",
    },
    "encounter": {"institution": "institution", "main_category": "main_category", "kind": "kind", "day": "begin_date", "month": "month"},
    "sale": {"institution": "institution", "item": "item"},
    "stock": {},
    "month": {},
}
"""What `per` and `same` may name by row kind, with the column; `group` is the surgery group of the point."""

MESSAGE_KEYS = frozenset({"name", "item", "date", "counted", "limit", "excess", "amount", "lines", "institution", "encounter", "month"})

_SOURCE = re.compile(r"^(partner|diagnosis|disease)\((a|b)\)$|^(lines|unlisted|stays|sales|department)$")
_SCOPE = re.compile(r"^(rolling|hours|course)\((.+)\)$", re.DOTALL)
_TARGET = {"partner": "line", "lines": "line", "unlisted": "line", "stays": "encounter", "sales": "sale"}


@dataclass(frozen=True)
class Built:
    """The typed parts of a rule."""

    where: x.Expr | None
    features: Mapping[str, FeatureNode]
    when: x.Expr
    exceptions: Mapping[str, x.Expr]
    amount: x.Amount | None
    credit: x.Expr | None
    counted: x.Expr | None
    limit: x.Expr | None


class Builder:
    """Reads the expressions of one rule file."""

    def __init__(self, document: Document, form: RuleForm, parameters: Mapping[str, Parameter], problems: Problems) -> None:
        self.document, self.form, self.problems = document, form, problems
        kind = "line" if form.each == "billed_line" else form.each
        self.kind = kind
        self.base = Names(
            fields=ROW_FIELDS[kind],
            points=POINT_TYPES if form.knowledge else {},
            params={name: parameter.type for name, parameter in parameters.items()},
        )

    def build(self) -> Built | None:
        """The typed parts, or None where there were problems (which are collected)."""
        before = len(self.problems.items)
        form = self.form
        where = self.read(("where",), form.where, lambda text: parse(text, self.base, Type.BOOL))
        features = {name: node for name, part in form.features.items() if (node := self.feature(name, part)) is not None}
        names = Names(self.base.fields, self.base.points, self.base.params, {name: node.type for name, node in features.items()})
        for name, text in form.define.items():
            known = names
            defined = self.read(("define", name), text, lambda source, known=known: parse(source, known))  # type: ignore[misc]
            if defined is not None:
                names = Names(names.fields, names.points, names.params, names.features, {**names.definitions, name: defined})
        when = self.read(("when",), form.when, lambda text: parse(text, names, Type.BOOL))
        exceptions = {
            name: part
            for name, text in form.except_.items()
            if (part := self.read(("except", name), text, lambda source: parse(source, names, Type.BOOL))) is not None
        }
        amount = self.read(("amount",), form.amount, lambda text: parse_amount(text, names))
        credit = self.read(("credit",), form.credit, lambda text: parse(text, names, Type.FEN))
        counted = self.read(("counted",), form.counted, lambda text: parse(text, names))
        limit = self.read(("limit",), form.limit, lambda text: parse(text, names))
        self.check_subject()
        self.check_messages()
        if len(self.problems.items) > before or when is None:
            return None
        return Built(where, features, when, exceptions, amount, credit, counted, limit)

    def read(self, at: PathKey, text: str | None, reader: Callable[[str], T]) -> T | None:
        """Read one expression at its place; a mistake is noted with line and column."""
        if text is None:
            return None
        try:
            return reader(self.document.source(at))
        except ExpressionError as error:
            self.problems.add(error.what, self.document.place_in(at, error.offset), error.accepted)
            return None

    def feature(self, name: str, form: FeatureForm) -> FeatureNode | None:
        """One feature node; problems are noted."""
        at: PathKey = ("features", name)
        given = [key for key in ("sum", "count", "distinct", "max", "min", "first", "exists") if getattr(form, key) is not None]
        if len(given) != 1:
            self.problems.add(
                f"feature {name!r} has {len(given)} aggregates",
                self.document.place(at),
                "one of sum, count, distinct, max, min, first, exists",
            )
            return None
        how = given[0]
        if name in ROW_FIELDS[self.kind]:
            self.problems.add(f"feature {name!r} hides a field", self.document.place(at), "another name")
        source = form.exists if how == "exists" else form.of
        if how == "count" and form.count != "rows":
            source = form.count
        return self.window(name, at, how, form) if source is None else self.related(at, how, form, source)

    def window(self, name: str, at: PathKey, how: str, form: FeatureForm) -> Window | None:
        """A feature over the rule's own candidates, or None with the problems noted."""
        scope = self.scope(at, form.in_)
        value = None if how == "count" else self.read((*at, how), getattr(form, how), lambda text: parse(text, self.base))
        order = []
        for index, text in enumerate(form.order):
            descending = text.strip().endswith(" desc")
            part = self.read((*at, "order", index), text, lambda source: parse(source.strip().removesuffix(" desc"), self.base))
            if part is not None:
                order.append((part, descending))
        per = self.columns((*at, "per"), form.per)
        if scope is None or (value is None and how != "count"):
            return None
        if how in ("sum",) and value is not None and value.type not in NUMERIC:
            self.problems.add(f"cannot sum {value.type}", self.document.place((*at, how)), "a number")
            return None
        if scope.kind is ScopeKind.HOURS:
            self.problems.add(
                "a window over hours", self.document.place((*at, "in")), "a related feature (exists: partner(…), in: hours(n)), or hour"
            )
            return None
        if (
            scope.kind is ScopeKind.ROLLING
            and scope.size is not None
            and any(isinstance(node, x.Param | x.Field) for node in scope.size.walk())
        ):
            self.problems.add(
                "rolling days that may differ from row to row", self.document.place((*at, "in")), "a number, or a limit of the point"
            )
            return None
        if scope.kind is ScopeKind.ROLLING and how not in ("sum", "count"):
            self.problems.add(f"{how} over rolling days", self.document.place(at), "sum or count")
            return None
        if form.until == "end" and scope.kind in (ScopeKind.ROLLING, ScopeKind.HOURS):
            self.problems.add("rolling windows end at the row at hand", self.document.place(at), "until: here")
            return None
        kind = Type.INT if how in ("count", "distinct") or value is None else value.type
        return Window(how, value, scope, per, form.until == "here" and how != "first", tuple(order), kind)

    def related(self, at: PathKey, how: str, form: FeatureForm, source: str) -> Related | None:
        """A feature over other rows, or None with the problems noted."""
        match = _SOURCE.match(source.strip())
        if not match or how in ("sum", "distinct", "first"):
            self.problems.add(
                f"{how} of {source!r}",
                self.document.place(at),
                "exists, count, max or min of partner(a|b), diagnosis(a|b), disease(a|b), department, lines, unlisted, stays, sales",
            )
            return None
        of = match.group(1) or match.group(3)
        role = match.group(2) or ("dept" if of == "department" else "")
        others: Mapping[str, FieldInfo] = OTHER_FIELDS.get(_TARGET.get(of, ""), {})
        names = Names(self.base.fields, self.base.points, self.base.params, others=others)
        condition = self.read((*at, "if"), form.if_, lambda text: parse(text, names, Type.BOOL))
        value = None if how in ("exists", "count") else self.read((*at, how), getattr(form, how), lambda text: parse(text, names))
        scope = self.scope(at, form.in_) if form.in_ else None
        if scope is not None and scope.kind is ScopeKind.COURSE:
            self.problems.add(
                "a course in a related feature", self.document.place((*at, "in")), "rolling(days), or a window over course(gap)"
            )
            return None
        if (of in CODED or of in ("partner", "unlisted")) and not self.form.knowledge:
            self.problems.add(f"{source} needs knowledge", self.document.place(at), "knowledge: {class: …}")
            return None
        kind = Type.BOOL if how == "exists" else Type.INT if how == "count" or value is None else value.type
        return Related(how, value, of, role, scope, self.columns((*at, "same"), form.same), form.earlier, condition, kind)

    def columns(self, at: PathKey, names: list[str]) -> tuple[str, ...]:
        """The columns that `per` or `same` names."""
        known = PER_COLUMNS[self.kind]
        for index, name in enumerate(names):
            if name not in known and name != "group":
                self.problems.add(f"unknown column {name!r}", self.document.place((*at, index)), ", ".join((*known, "group")))
        return tuple("group" if name == "group" else known.get(name, name) for name in names)

    def scope(self, at: PathKey, text: str | None) -> Scope | None:
        """The scope that `in` names."""
        accepted = "prescription, hour, hours(n), day, encounter, month, year, rolling(days), course(gap), all, point.window, point.per"
        plain = (text or "").strip()
        match = _SCOPE.match(plain)
        if match and self.kind == "line":
            size = self.read(
                (*at, "in"), text, lambda source: fit(parse(source[source.index("(") + 1 : source.rindex(")")], self.base), Type.INT, 0)
            )
            return None if size is None else Scope(ScopeKind(match.group(1)), size)
        kinds = {kind.value for kind in ScopeKind} - {"rolling", "hours", "course"} if self.kind == "line" else {"month", "all"}
        if plain not in kinds:
            self.problems.add(f"scope {plain!r}", self.document.place((*at, "in")), accepted)
            return None
        return Scope(ScopeKind(plain))

    def check_subject(self) -> None:
        """Note subject keys that the kind of row does not have."""
        keys = SUBJECT_KEYS[self.kind]
        for index, key in enumerate(self.form.subject):
            if key not in keys and not (key in POINT_KEYS and self.form.knowledge):
                self.problems.add(f"unknown subject key {key!r}", self.document.place(("subject", index)), ", ".join((*keys, *POINT_KEYS)))

    def check_messages(self) -> None:
        """Note placeholders that no finding fills."""
        for key in ("message", "message_en"):
            text: str = getattr(self.form, key)
            try:
                used = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
            except ValueError as error:
                self.problems.add(f"cannot read the placeholders: {error}", self.document.place((key,)), "{counted}, {limit}, …")
                continue
            for name in sorted(used - MESSAGE_KEYS):
                self.problems.add(f"unknown placeholder {{{name}}}", self.document.place((key,)), ", ".join(sorted(MESSAGE_KEYS)))
