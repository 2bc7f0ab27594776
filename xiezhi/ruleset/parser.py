"""From expression text to the typed tree (`xiezhi.ruleset.expr`).

    person.age_years > first_known(point.max_age_years, param.child_age_years)
    encounter.kind = 'inpatient' and (line.date < encounter.begin_date or line.date > encounter.end_date)
    used > point.max_quantity            -- `used` is a feature of the rule

Types are checked while reading; the first mistake of an expression is reported with its place.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.lexer import ExpressionError, Token, tokenize
from xiezhi.ruleset.types import MICRO_TYPES, NUMERIC, FieldInfo, Type

MICRO_DIGITS = 6
MAX_DEPTH = 50
COMPARISONS = ("<=", ">=", "!=", "=", "<", ">")


@dataclass(frozen=True)
class Names:
    """What an expression may name, with types."""

    fields: Mapping[str, FieldInfo]
    points: Mapping[str, Type] = field(default_factory=dict)
    params: Mapping[str, Type] = field(default_factory=dict)
    features: Mapping[str, Type] = field(default_factory=dict)
    definitions: Mapping[str, x.Expr] = field(default_factory=dict)
    others: Mapping[str, FieldInfo] = field(default_factory=dict)

    def resolve(self, name: str, offset: int) -> x.Expr:
        """The node a name stands for; raises `ExpressionError` with the closest known names."""
        if name in self.definitions:
            return self.definitions[name]
        if name in self.features:
            return x.Feature(self.features[name], name)
        if name in self.fields:
            info = self.fields[name]
            return x.Field(info.type, name, info.column)
        if name in self.others:
            info = self.others[name]
            return x.Other(info.type, name, info.column)
        space, _, rest = name.partition(".")
        if space == "point" and rest in self.points:
            return x.Point(self.points[rest], rest)
        if space == "param" and rest in self.params:
            return x.Param(self.params[rest], rest)
        known = [*self.fields, *self.others, *self.features, *self.definitions]
        known += [f"point.{n}" for n in self.points] + [f"param.{n}" for n in self.params]
        close = difflib.get_close_matches(name, known, 3) or [n for n in known if n.split(".")[-1] == rest][:3]
        what = f"unknown name {name!r}"
        if space == "point" and not self.points:
            what += " (this rule declares no knowledge)"
        raise ExpressionError(offset, what, " | ".join(close) or ", ".join(known[:12]) + ", …")


def parse(source: str, names: Names, expected: Type | None = None) -> x.Expr:
    """Read one expression; `expected` is the type it must have. Raises `ExpressionError`."""
    parser = _Parser(source, names)
    node = parser.expression()
    parser.expect_end()
    return node if expected is None else fit(node, expected, 0)


def parse_amount(source: str, names: Names) -> x.Amount:
    """Read an amount: a product of one money expression and any number of shares."""
    parser = _Parser(source, names)
    node = parser.expression()
    parser.expect_end()
    numerators: list[x.Expr] = []
    denominators: list[x.Expr] = []

    def flatten(part: x.Expr) -> None:
        if isinstance(part, x.Arith) and part.op == "*" and Type.SHARE in (part.left.type, part.right.type):
            flatten(part.left)
            flatten(part.right)
        elif isinstance(part, x.Share):
            numerators.append(part.part)
            denominators.append(part.whole)
        else:
            numerators.append(fit(part, Type.FEN, 0))

    flatten(node)
    if sum(part.type is Type.FEN for part in numerators) != 1:
        raise ExpressionError(0, "an amount is one money expression times shares", "line.amount * share(part, whole)")
    return x.Amount(tuple(numerators), tuple(denominators))


def fit(node: x.Expr, wanted: Type, offset: int) -> x.Expr:
    """The node with the wanted type: whole-number constants take the type of what they meet."""
    if node.type is wanted:
        return node
    if node.type is Type.INT and wanted in NUMERIC:
        factor = 1_000_000 if wanted in MICRO_TYPES else 1
        if wanted is Type.FEN and not (isinstance(node, x.Literal) and node.value == 0):
            raise ExpressionError(offset, "a bare number is not money", "a parameter of type fen, or 0")
        if isinstance(node, x.Literal):
            return x.Literal(wanted, int(node.value) * factor)
        return x.Arith(wanted, "*", node, x.Literal(Type.INT, factor)) if factor != 1 else node
    if isinstance(node, x.Literal) and node.type in MICRO_TYPES and wanted in MICRO_TYPES:
        return x.Literal(wanted, node.value)
    raise ExpressionError(offset, f"this is {node.type}, where {wanted} is needed", f"an expression of type {wanted}")


class _Parser:
    def __init__(self, source: str, names: Names) -> None:
        self.tokens, self.names, self.at, self.depth = tokenize(source), names, 0, 0

    @contextmanager
    def nested(self) -> Generator[None]:
        """One level deeper; a text that only nests is a mistake, not a crash."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(self.token.offset, "nested too deep", f"at most {MAX_DEPTH} levels")
        yield
        self.depth -= 1

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        token = self.token
        if token.kind in ("op", "keyword") and token.text in texts:
            self.at += 1
            return token
        return None

    def need(self, text: str) -> None:
        if not self.take(text):
            raise ExpressionError(self.token.offset, f"found {self.token.text or 'the end'!r}", f"'{text}'")

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise ExpressionError(self.token.offset, f"{self.token.text!r} is too much here", "and, or, an operator, or the end")

    def expression(self) -> x.Expr:
        with self.nested():
            return self.choice()

    def choice(self) -> x.Expr:
        if self.take("if"):
            start = self.token.offset
            condition = fit(self.expression(), Type.BOOL, start)
            self.need("then")
            then_at = self.token.offset
            then = self.expression()
            self.need("else")
            other_at = self.token.offset
            then, otherwise = self.same(then, then_at, self.expression(), other_at)
            return x.If(then.type, condition, then, otherwise)
        return self.chain("or", x.Or, lambda: self.chain("and", x.And, self.negation))

    def chain(self, word: str, node: type[x.And] | type[x.Or], inner: Callable[[], x.Expr]) -> x.Expr:
        start = self.token.offset
        parts = [inner()]
        offsets = [start]
        while self.take(word):
            offsets.append(self.token.offset)
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        return node(Type.BOOL, tuple(fit(part, Type.BOOL, offset) for part, offset in zip(parts, offsets, strict=True)))

    def negation(self) -> x.Expr:
        if self.take("not"):
            offset = self.token.offset
            with self.nested():
                return x.Not(Type.BOOL, fit(self.negation(), Type.BOOL, offset))
        return self.comparison()

    def comparison(self) -> x.Expr:
        left_at = self.token.offset
        left = self.sum()
        if operator := self.take(*COMPARISONS):
            right_at = self.token.offset
            left, right = self.same(left, left_at, self.sum(), right_at)
            if left.type in (Type.BOOL, Type.TEXT) and operator.text not in ("=", "!="):
                raise ExpressionError(operator.offset, f"{left.type} values have no order", "= or !=")
            return x.Compare(Type.BOOL, operator.text, left, right)
        if self.take("is"):
            negated = bool(self.take("not"))
            if self.take("known"):
                negated = not negated
            else:
                self.need("missing")
            node = x.Missing(Type.BOOL, left)
            return x.Not(Type.BOOL, node) if negated else node
        negated = bool(self.token.text == "not" and self.tokens[self.at + 1].text == "in" and self.take("not"))
        if self.take("in"):
            values = tuple(fit(node, left.type, offset) for node, offset in self.literals())
            node_in = x.Among(Type.BOOL, left, tuple(v.value for v in values if isinstance(v, x.Literal)))
            return x.Not(Type.BOOL, node_in) if negated else node_in
        if self.take("starts"):
            self.need("with")
            left = fit(left, Type.TEXT, left_at)
            prefixes = tuple(str(node.value) for node, _ in self.literals() if isinstance(node, x.Literal))
            return x.StartsWith(Type.BOOL, left, prefixes)
        return left

    def literals(self) -> list[tuple[x.Expr, int]]:
        if not self.take("("):
            offset = self.token.offset
            return [(self.literal(), offset)]
        result = []
        while True:
            offset = self.token.offset
            result.append((self.literal(), offset))
            if not self.take(","):
                self.need(")")
                return result

    def literal(self) -> x.Expr:
        node = self.atom()
        if not isinstance(node, x.Literal):
            raise ExpressionError(self.token.offset, "only constants may stand in a list", "'text' or a number")
        return node

    def same(self, left: x.Expr, left_at: int, right: x.Expr, right_at: int) -> tuple[x.Expr, x.Expr]:
        """Both sides with one type."""
        if left.type is right.type:
            return left, right
        if isinstance(left, x.Literal) or (left.type is Type.INT and not isinstance(right, x.Literal)):
            return fit(left, right.type, left_at), right
        return left, fit(right, left.type, right_at)

    def sum(self) -> x.Expr:
        left_at = self.token.offset
        left = self.product()
        while operator := self.take("+", "-"):
            right_at = self.token.offset
            right = self.product()
            if left.type is Type.DATE and right.type is Type.DATE and operator.text == "-":
                left = x.Arith(Type.INT, "-", left, right)
            elif left.type is Type.DATE and right.type is Type.INT:
                left = x.Arith(Type.DATE, operator.text, left, right)
            elif left.type is Type.TIME and right.type is Type.TIME and operator.text == "-":
                left = x.Arith(Type.INT, "-", left, right)
            else:
                left, right = self.same(left, left_at, right, right_at)
                if left.type not in NUMERIC:
                    raise ExpressionError(operator.offset, f"{left.type} values cannot be added or subtracted", "numbers, dates")
                left = x.Arith(left.type, operator.text, left, right)
        return left

    def product(self) -> x.Expr:
        left = self.unary()
        while operator := self.take("*"):
            right = self.unary()
            kinds = {left.type, right.type}
            if Type.SHARE in kinds:
                left = x.Arith(left.type if right.type is Type.SHARE else right.type, "*", left, right)
            elif Type.INT in kinds and kinds <= NUMERIC:
                left = x.Arith(right.type if left.type is Type.INT else left.type, "*", left, right)
            else:
                raise ExpressionError(
                    operator.offset,
                    f"{left.type} × {right.type} has no meaning",
                    "fen(price * quantity), quantity(a * b), or one whole number",
                )
        return left

    def unary(self) -> x.Expr:
        if self.take("-"):
            offset = self.token.offset
            with self.nested():
                node = self.unary()
            if node.type not in NUMERIC:
                raise ExpressionError(offset, f"{node.type} has no negative", "a number")
            return (
                x.Literal(node.type, -int(node.value))
                if isinstance(node, x.Literal)
                else x.Arith(node.type, "-", x.Literal(node.type, 0), node)
            )
        return self.atom()

    def atom(self) -> x.Expr:
        token = self.token
        self.at += 1
        if token.kind == "number":
            whole, _, part = token.text.partition(".")
            if not part:
                return x.Literal(Type.INT, int(whole))
            if len(part) > MICRO_DIGITS:
                raise ExpressionError(token.offset, "more than six decimals", "at most six")
            return x.Literal(Type.QTY, int(whole + part.ljust(MICRO_DIGITS, "0")))
        if token.kind == "text":
            return x.Literal(Type.TEXT, token.text[1:-1])
        if token.text in ("true", "false"):
            return x.Literal(Type.BOOL, token.text == "true")
        if token.text == "(":
            node = self.expression()
            self.need(")")
            return node
        if token.kind == "name":
            if self.token.text == "(" and "." not in token.text:
                return self.call(token)
            return self.names.resolve(token.text, token.offset)
        raise ExpressionError(token.offset, f"found {token.text or 'the end'!r}", "a value, a name, or '('")

    def call(self, name: Token) -> x.Expr:
        self.need("(")
        if name.text in ("fen", "quantity"):
            return self.of_product(name)
        arguments, offsets = [], []
        while True:
            offsets.append(self.token.offset)
            arguments.append(self.expression())
            if not self.take(","):
                break
        self.need(")")
        if name.text in ("least", "greatest", "first_known"):
            wanted = next((a.type for a in arguments if not isinstance(a, x.Literal)), arguments[0].type)
            parts = tuple(fit(a, wanted, o) for a, o in zip(arguments, offsets, strict=True))
            return x.FirstKnown(wanted, parts) if name.text == "first_known" else x.Extreme(wanted, name.text == "greatest", parts)
        if name.text == "full_months" and len(arguments) == 2:
            start, end = (fit(a, Type.DATE, o) for a, o in zip(arguments, offsets, strict=True))
            return x.FullMonths(Type.INT, start, end)
        if name.text == "share" and len(arguments) == 2:
            part, whole = self.same(arguments[0], offsets[0], arguments[1], offsets[1])
            if part.type not in NUMERIC:
                raise ExpressionError(offsets[0], "a share is of numbers", "share(quantity, quantity)")
            return x.Share(Type.SHARE, part, whole)
        raise ExpressionError(
            name.offset,
            f"unknown function {name.text!r} with {len(arguments)} values",
            "least, greatest, first_known, full_months(a, b), fen(price * quantity), quantity(a * b), share(part, whole)",
        )

    def of_product(self, name: Token) -> x.Expr:
        left_at = self.token.offset
        left = self.unary()
        self.need("*")
        right_at = self.token.offset
        right = self.unary()
        self.need(")")
        if name.text == "quantity":
            return x.QuantityOf(Type.QTY, fit(left, Type.QTY, left_at), fit(right, Type.QTY, right_at))
        if left.type is Type.QTY:
            left, right, left_at, right_at = right, left, right_at, left_at
        return x.FenOf(Type.FEN, fit(left, Type.PRICE, left_at), fit(right, Type.QTY, right_at))
