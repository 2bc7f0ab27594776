"""Expression trees to Python source, with the same three-valued logic.

A condition becomes one of two tests: "is true" or "is false". `not` is pushed down to the leaves and every leaf rejects a
missing input, so neither test can take unknown for an answer; a condition of which both fail is unknown. A value becomes
code that is only evaluated behind guards against missing inputs. What is already known to be there is not asked again.

Nothing but the closed tree can be written: names come from a resolver, constants through `repr`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from xiezhi.domain.calendar import full_months
from xiezhi.domain.money import MICRO, PRICE_TIMES_QUANTITY_PER_FEN
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.types import Type

NAMES = (x.Field, x.Other, x.Point, x.Param, x.Feature)
"""Nodes that stand for an input."""
HELPERS = {"full_months": full_months}
"""Functions that the source calls."""
_OPERATORS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_OPPOSITE = {"=": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True)
class Name:
    """The Python code of an input, and whether it can be None."""

    code: str
    nullable: bool


Known = frozenset[str]
"""Code of inputs that are there, at this place of the source."""
_NONE: Known = frozenset()


class Source:
    """Writes expressions; `resolve` gives an input its code, `bound` an expression that stands in a variable already.

    Raises TypeError for a node that has no meaning here.
    """

    def __init__(self, resolve: Callable[[x.Expr], Name]) -> None:
        self.resolve = resolve
        self.bound: dict[x.Expr, Name] = {}
        self._numbers = count()

    def true(self, node: x.Expr, known: Known = _NONE) -> tuple[str, Known]:
        """A test that holds where the condition is true, and which inputs are there when it does."""
        match node:
            case x.Literal(value=bool(value)):
                return repr(value), _NONE
            case x.And(parts=parts):
                return self._all([(self.true, part) for part in parts], known)
            case x.Or(parts=parts):
                return self._any([(self.true, part) for part in parts], known)
            case x.Not(part=part):
                return self.false(part, known)
            case x.If(condition=condition, then=then, otherwise=otherwise):
                return self._branches(condition, (self.true, then), (self.true, otherwise), known)
            case x.Missing(part=part):
                code, sure = self.nullable(part, known)
                return ("False" if sure else f"{code} is None"), _NONE
            case x.Compare() | x.Among() | x.StartsWith():
                return self._leaf(node, known, positive=True)
            case _ if isinstance(node, NAMES) and node.type is Type.BOOL:
                name = self.resolve(node)
                return name.code, frozenset({name.code})
            case _:
                pass
        return f"{self.nullable(node, known)[0]} is True", _NONE

    def false(self, node: x.Expr, known: Known = _NONE) -> tuple[str, Known]:
        """A test that holds where the condition is false, and which inputs are there when it does."""
        match node:
            case x.Literal(value=bool(value)):
                return repr(not value), _NONE
            case x.And(parts=parts):
                return self._any([(self.false, part) for part in parts], known)
            case x.Or(parts=parts):
                return self._all([(self.false, part) for part in parts], known)
            case x.Not(part=part):
                return self.true(part, known)
            case x.If(condition=condition, then=then, otherwise=otherwise):
                return self._branches(condition, (self.false, then), (self.false, otherwise), known)
            case x.Missing(part=part):
                code, sure = self.nullable(part, known)
                learned = frozenset({code}) if isinstance(part, NAMES) else _NONE
                return ("True" if sure else f"{code} is not None"), learned
            case x.Compare() | x.Among() | x.StartsWith():
                return self._leaf(node, known, positive=False)
            case _ if isinstance(node, NAMES) and node.type is Type.BOOL:
                name = self.resolve(node)
                sure = not name.nullable or name.code in known
                return (f"not {name.code}" if sure else f"{name.code} is False"), frozenset({name.code})
            case _:
                pass
        return f"{self.nullable(node, known)[0]} is False", _NONE

    def value(self, node: x.Expr, known: Known = _NONE) -> tuple[str, tuple[str, ...], Known]:
        """Code of a value, the guards under which it is there (in order), and the inputs they prove to be there."""
        if node in self.bound:
            return self._name(self.bound[node], known)
        match node:
            case x.Literal(value=value):
                return repr(value), (), _NONE
            case x.FirstKnown() | x.If() | x.And() | x.Or() | x.Not() | x.Missing() | x.Compare() | x.Among() | x.StartsWith():
                code, sure = self.nullable(node, known)
                if sure:
                    return code, (), _NONE
                temporary = f"t{next(self._numbers)}"
                return temporary, (f"({temporary} := {code}) is not None",), _NONE
            case x.Arith(op="+" | "-" | "*" as op):
                (left, right), guards, learned = self._values(node, known)
                return f"({left} {op} {right})", guards, learned
            case x.Extreme(greatest=greatest):
                codes, guards, learned = self._values(node, known)
                if len(codes) == 2 and all(code.isidentifier() for code in codes):
                    return f"({codes[0]} if {codes[0]} {'>=' if greatest else '<='} {codes[1]} else {codes[1]})", guards, learned
                return f"{'max' if greatest else 'min'}({', '.join(codes)})", guards, learned
            case x.FullMonths():
                codes, guards, learned = self._values(node, known)
                return f"full_months({', '.join(codes)})", guards, learned
            case x.FenOf() | x.QuantityOf():
                (price, quantity), guards, learned = self._values(node, known)
                # even, so half of it is whole: rounds half up as `money.round_half_up`
                whole = PRICE_TIMES_QUANTITY_PER_FEN if isinstance(node, x.FenOf) else MICRO
                return f"(({price} * {quantity} + {whole // 2}) // {whole})", guards, learned
            case _:
                pass
        if not isinstance(node, NAMES):
            raise TypeError(f"no Python for {type(node).__name__} outside an amount")
        return self._name(self.resolve(node), known)

    def _name(self, name: Name, known: Known) -> tuple[str, tuple[str, ...], Known]:
        if not name.nullable or name.code in known:
            return name.code, (), _NONE
        return name.code, (f"{name.code} is not None",), frozenset({name.code})

    def nullable(self, node: x.Expr, known: Known = _NONE) -> tuple[str, bool]:
        """Code that gives the value or None, and whether it is sure not to give None."""
        if node in self.bound:
            return self.bound[node].code, not self.bound[node].nullable or self.bound[node].code in known
        match node:
            case x.FirstKnown(parts=parts):
                return self._first_known(parts, known)
            case x.If(condition=condition, then=then, otherwise=otherwise):
                if isinstance(condition, x.Compare | x.Among | x.StartsWith) and not self.certain(condition, known):
                    return self._guarded(node, condition, known)
                test, learned = self.true(condition, known)
                first, sure = self.nullable(then, known | learned)
                second, also_sure = self.nullable(otherwise, known)
                if self.certain(condition, known):
                    return f"({first} if {test} else {second})", sure and also_sure
                return f"({first} if {test} else {second} if {self.false(condition, known)[0]} else None)", False
            case x.And() | x.Or() | x.Not() | x.Missing() | x.Compare() | x.Among() | x.StartsWith():
                test = self.true(node, known)[0]
                if self.certain(node, known):
                    return f"({test})", True
                return f"(True if {test} else False if {self.false(node, known)[0]} else None)", False
            case _ if isinstance(node, NAMES):
                name = self.resolve(node)
                return name.code, not name.nullable or name.code in known
            case _:
                pass
        code, guards, _ = self.value(node, known)
        return (f"({code} if {' and '.join(guards)} else None)", False) if guards else (code, True)

    def certain(self, node: x.Expr, known: Known = _NONE) -> bool:
        """Whether a node can be neither missing nor unknown, by what is known here."""
        match node:
            case x.Literal() | x.Missing():
                return True
            case x.FirstKnown(parts=parts):
                return any(self.certain(part, known) for part in parts)
            case _ if isinstance(node, NAMES):
                name = self.resolve(node)
                return not name.nullable or name.code in known
            case _:
                pass
        return all(self.certain(part, known) for part in node.children())

    def _values(self, node: x.Expr, known: Known) -> tuple[list[str], tuple[str, ...], Known]:
        codes: list[str] = []
        guards: list[str] = []
        learned: Known = _NONE
        for part in node.children():
            code, more, also = self.value(part, known | learned)
            codes.append(code)
            guards += more
            learned |= also
        return codes, tuple(guards), learned

    def _guarded(self, node: x.If, condition: x.Expr, known: Known) -> tuple[str, bool]:
        """`if` over a comparison: first that its inputs are there, then one test instead of two."""
        _, guards, learned = self._values(condition, known)
        test, _ = self.true(condition, known | learned)
        first, _ = self.nullable(node.then, known | learned)
        second, _ = self.nullable(node.otherwise, known | learned)
        if len(learned) < len(guards):  # a guard that binds a temporary: the test would bind it anew
            return f"({first} if {test} else {second} if {self.false(condition, known)[0]} else None)", False
        return f"(({first} if {test} else {second}) if {' and '.join(guards)} else None)", False

    def _first_known(self, parts: Sequence[x.Expr], known: Known) -> tuple[str, bool]:
        code, sure = self.nullable(parts[0], known)
        if sure or len(parts) == 1:
            return code, sure
        rest, sure = self._first_known(parts[1:], known)
        if code.isidentifier():
            return f"({code} if {code} is not None else {rest})", sure
        temporary = f"t{next(self._numbers)}"
        return f"({temporary} if ({temporary} := {code}) is not None else {rest})", sure

    def _leaf(self, node: x.Compare | x.Among | x.StartsWith, known: Known, positive: bool) -> tuple[str, Known]:
        codes, guards, learned = self._values(node, known)
        literal = isinstance(node, x.Among) or (isinstance(node, x.Compare) and node.op == "=" and isinstance(node.right, x.Literal))
        if positive and literal and isinstance(node, x.Compare | x.Among) and guards == (f"{codes[0]} is not None",):
            guards = ()  # None equals no constant
        if isinstance(node, x.Compare):
            test = f"{codes[0]} {(_OPERATORS if positive else _OPPOSITE)[node.op]} {codes[1]}"
        elif isinstance(node, x.Among):
            test = f"{codes[0]} {'in' if positive else 'not in'} {node.values!r}"
        else:
            test = f"{'' if positive else 'not '}{codes[0]}.startswith({node.prefixes!r})"
        return " and ".join((*guards, test)), learned

    def _all(self, tests: Sequence[tuple[Callable[[x.Expr, Known], tuple[str, Known]], x.Expr]], known: Known) -> tuple[str, Known]:
        codes, learned = [], _NONE
        for write, part in tests:
            code, also = write(part, known | learned)
            if code == "False":
                return "False", _NONE
            if code != "True":
                codes.append(_bracket(code, " or "))
            learned |= also
        return " and ".join(codes) or "True", learned

    def _any(self, tests: Sequence[tuple[Callable[[x.Expr, Known], tuple[str, Known]], x.Expr]], known: Known) -> tuple[str, Known]:
        written = [found for write, part in tests if (found := write(part, known))[0] != "False"]
        if not written:
            return "False", _NONE
        if any(code == "True" for code, _ in written):
            return "True", _NONE
        learned = frozenset.intersection(*(also for _, also in written))
        return " or ".join(_bracket(code, " and ") for code, _ in written), learned

    def _branches(
        self,
        condition: x.Expr,
        then: tuple[Callable[[x.Expr, Known], tuple[str, Known]], x.Expr],
        otherwise: tuple[Callable[[x.Expr, Known], tuple[str, Known]], x.Expr],
        known: Known,
    ) -> tuple[str, Known]:
        first, _ = self._all([(self.true, condition), then], known)
        second, _ = self._all([(self.false, condition), otherwise], known)
        return f"({first}) or ({second})", _NONE


def _bracket(code: str, operator: str) -> str:
    """Code in brackets where it holds an operator that binds less (or might)."""
    return f"({code})" if operator in code or " or " in code else code
