"""Direct evaluation of an expression tree, with three values, over any environment of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from xiezhi.domain.calendar import full_months
from xiezhi.domain.money import MICRO, PRICE_TIMES_QUANTITY_PER_FEN, round_half_up
from xiezhi.ruleset import expr as x


class Environment(Protocol):
    """Gives names their values; None is missing."""

    def field(self, column: str) -> Any:
        """Column of the row at hand."""
        ...

    def other(self, column: str) -> Any:
        """Column of the other row of a related feature."""
        ...

    def point(self, name: str) -> Any:
        """Limit of the knowledge point."""
        ...

    def param(self, name: str) -> Any:
        """Parameter by service date and region."""
        ...

    def feature(self, name: str) -> Any:
        """Feature of the row at hand."""
        ...


def evaluate(node: x.Expr, env: Environment) -> Any:
    """The value of a node: an integer, text, truth value, or None for missing or unknown."""
    match node:
        case x.Literal(value=value):
            return value
        case x.Field(column=column):
            return env.field(column)
        case x.Other(column=column):
            return env.other(column)
        case x.Point(name=name):
            return env.point(name)
        case x.Param(name=name):
            return env.param(name)
        case x.Feature(name=name):
            return env.feature(name)
        case x.And(parts=parts):
            truths = [evaluate(part, env) for part in parts]
            return False if False in truths else None if None in truths else True
        case x.Or(parts=parts):
            truths = [evaluate(part, env) for part in parts]
            return True if True in truths else None if None in truths else False
        case x.Not(part=part):
            truth = evaluate(part, env)
            return None if truth is None else not truth
        case x.Missing(part=part):
            return evaluate(part, env) is None
        case x.FirstKnown(parts=parts):
            return next((value for part in parts if (value := evaluate(part, env)) is not None), None)
        case x.If(condition=condition, then=then, otherwise=otherwise):
            truth = evaluate(condition, env)
            return None if truth is None else evaluate(then if truth else otherwise, env)
        case _:
            pass
    values = [evaluate(part, env) for part in node.children()]
    return None if None in values else _strict(node, values)


def _strict(node: x.Expr, values: list[Any]) -> Any:
    """Nodes that are missing as soon as one input is."""
    match node:
        case x.Compare(op=op):
            left, right = values
            return {"=": left == right, "!=": left != right}[op] if op in ("=", "!=") else _ordered(op, left, right)
        case x.Among(values=allowed):
            return values[0] in allowed
        case x.StartsWith(prefixes=prefixes):
            return str(values[0]).startswith(prefixes)
        case x.Arith(op=op):
            left, right = values
            return left + right if op == "+" else left - right if op == "-" else left * right
        case x.Extreme(greatest=greatest):
            return max(values) if greatest else min(values)
        case x.FullMonths():
            return full_months(values[0], values[1])
        case x.FenOf():
            return round_half_up(values[0] * values[1], PRICE_TIMES_QUANTITY_PER_FEN)
        case x.QuantityOf():
            return round_half_up(values[0] * values[1], MICRO)
        case _:
            pass
    raise TypeError(f"no meaning for {type(node).__name__} outside an amount")


def _ordered(op: str, left: Any, right: Any) -> bool:
    if op == "<":
        return bool(left < right)
    if op == "<=":
        return bool(left <= right)
    return bool(left > right) if op == ">" else bool(left >= right)


def aggregate(how: str, values: Sequence[Any]) -> Any:
    """Values that are known, aggregated: sum, distinct, max or min; the latter are None where there are no values."""
    if how == "sum":
        return sum(values)
    if how == "distinct":
        return len(set(values))
    if not values:
        return None
    return max(values) if how == "max" else min(values)
