"""Our expression trees as zen-engine expressions, for the benchmark only.

zen has no third truth value, so `not` is pushed to the leaves and every leaf asks for its inputs first, as in our own compilers.
Names are flat: `<column>` of the line, `k<slot>_<limit>` of the point, `w<slot>_<feature>` for the values of windows. Completed months
are given to zen ready-made (`w<slot>_months`), which spares it a function that we call.
"""

from __future__ import annotations

from xiezhi.domain.money import PRICE_TIMES_QUANTITY_PER_FEN
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.python_rule import NULLABLE, RuleCode
from xiezhi.ruleset.types import Type

OPPOSITE = {"=": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class ZenRule:
    """Writes the condition of one rule over lines."""

    def __init__(self, code: RuleCode) -> None:
        self.code = code

    def text(self) -> str:
        """An expression that is true where `where` and the condition are."""
        parts = [part for part in (self.code.rule.where, self.code.rule.condition) if part is not None]
        return " and ".join(f"({self.test(part, True)})" for part in parts)

    def test(self, node: x.Expr, wanted: bool) -> str:
        """Whether a condition is surely true (or surely false)."""
        match node:
            case x.And(parts=parts) | x.Or(parts=parts):
                word = " and " if isinstance(node, x.And) is wanted else " or "
                return "(" + word.join(self.test(part, wanted) for part in parts) + ")"
            case x.Not(part=part):
                return self.test(part, not wanted)
            case x.Missing(part=part):
                return f"({self.value(part)[0]} {'==' if wanted else '!='} null)"
            case x.If(condition=condition, then=then, otherwise=otherwise):
                yes, no = self.test(condition, True), self.test(condition, False)
                return f"(({yes} and {self.test(then, wanted)}) or ({no} and {self.test(otherwise, wanted)}))"
            case x.Compare(op=op, left=left, right=right):
                (first, guards), (second, more) = self.value(left), self.value(right)
                sign = ("==" if op == "=" else op) if wanted else OPPOSITE[op]
                return self.guarded([*guards, *more], f"{first} {sign} {second}")
            case x.Among(part=part, values=values):
                code, guards = self.value(part)
                return self.guarded(guards, f"{code} {'in' if wanted else 'not in'} {list(values)!r}")
        if node.type is not Type.BOOL:
            raise TypeError(type(node).__name__)
        return f"({self.value(node)[0]} == {'true' if wanted else 'false'})"

    @staticmethod
    def guarded(guards: list[str], test: str) -> str:
        """A test behind the question whether its inputs are there."""
        return "(" + " and ".join([*dict.fromkeys(f"{each} != null" for each in guards), test]) + ")"

    def value(self, node: x.Expr) -> tuple[str, list[str]]:
        """Code of a value, and what must not be null for it."""
        slot = self.code.slot
        match node:
            case x.Literal(value=value):
                return (str(value).lower() if isinstance(value, bool) else repr(value)), []
            case x.Field(column=column):
                return column, [column] if column in NULLABLE["line"] else []
            case x.Point(name=name):
                return f"k{slot}_{name}", [f"k{slot}_{name}"]
            case x.Feature(name=name):
                return f"w{slot}_{name}", [f"w{slot}_{name}"]
            case x.Param(name=name):
                return repr(self.code.constants[name]), []
            case x.FullMonths():
                return f"w{slot}_months", [f"w{slot}_months"]
            case x.FirstKnown(parts=parts):
                code = "(" + " ?? ".join(self.value(part)[0] for part in parts) + ")"
                return code, [] if isinstance(parts[-1], x.Param) else [code]
            case x.If(condition=condition, then=then, otherwise=otherwise):
                yes, no = self.test(condition, True), self.test(condition, False)
                code = f"({yes} ? {self.value(then)[0]} : {no} ? {self.value(otherwise)[0]} : null)"
                return code, [code]
            case x.Arith(op=op):
                codes, guards = self.values(node)
                return f"({codes[0]} {op} {codes[1]})", guards
            case x.Extreme(greatest=greatest):
                codes, guards = self.values(node)
                return f"{'max' if greatest else 'min'}([{', '.join(codes)}])", guards
            case x.FenOf():
                codes, guards = self.values(node)
                half = PRICE_TIMES_QUANTITY_PER_FEN
                return f"floor((2 * {codes[0]} * {codes[1]} + {half}) / {2 * half})", guards
        raise TypeError(type(node).__name__)

    def values(self, node: x.Expr) -> tuple[list[str], list[str]]:
        """Values of the parts."""
        found = [self.value(part) for part in node.children()]
        return [code for code, _ in found], [guard for _, guards in found for guard in guards]
