"""The closed, typed expression tree that every rule is made of.

Both compilers, the reference interpreter and the sentence generator read this tree and nothing else. A new node needs
all four and a parity strategy; there is no free SQL, no regular expression, and division only as `share` in amounts.
Logic has three values: a missing input makes a comparison unknown, `and`/`or`/`not` follow SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from xiezhi.ruleset.types import Type


@dataclass(frozen=True)
class Expr:
    """A node with its type."""

    type: Type

    def children(self) -> Iterator[Expr]:
        """The direct sub-expressions."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Expr):
                yield value
            elif isinstance(value, tuple):
                yield from (part for part in value if isinstance(part, Expr))

    def walk(self) -> Iterator[Expr]:
        """This node and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True)
class Literal(Expr):
    """A constant: integer in the scale of its type, text, or truth value."""

    value: int | str | bool


@dataclass(frozen=True)
class Field(Expr):
    """A column of the row at hand (`line.price`); `name` is as written, `column` that of the facts."""

    name: str
    column: str


@dataclass(frozen=True)
class Other(Expr):
    """A column of the other row inside a related feature (`other.use_end`)."""

    name: str
    column: str


@dataclass(frozen=True)
class Point(Expr):
    """A limit of the knowledge point (`point.max_quantity`)."""

    name: str


@dataclass(frozen=True)
class Param(Expr):
    """A dated, regional parameter (`param.child_age_years`), resolved by service date and region."""

    name: str


@dataclass(frozen=True)
class Feature(Expr):
    """A named windowed or related feature of the rule."""

    name: str


@dataclass(frozen=True)
class Compare(Expr):
    """`left op right`, op one of = != < <= > >=."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class And(Expr):
    """Three-valued conjunction."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Or(Expr):
    """Three-valued disjunction."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Not(Expr):
    """Three-valued negation."""

    part: Expr


@dataclass(frozen=True)
class Missing(Expr):
    """`part is missing` (never unknown)."""

    part: Expr


@dataclass(frozen=True)
class Among(Expr):
    """`part in ('a', 'b')`: unknown where the part is missing."""

    part: Expr
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class StartsWith(Expr):
    """`part starts with ('Z51', 'Z49')`: unknown where the part is missing."""

    part: Expr
    prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Arith(Expr):
    """`left op right`, op one of + - *; missing if either side is."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Extreme(Expr):
    """`least(...)` or `greatest(...)`: missing if any part is (unlike the SQL functions)."""

    greatest: bool
    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class FirstKnown(Expr):
    """`first_known(a, b, ...)`: the first that is not missing."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class If(Expr):
    """`if c then a else b`: missing where the condition is unknown."""

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True)
class FullMonths(Expr):
    """`full_months(a, b)`: completed calendar months from date a to date b."""

    start: Expr
    end: Expr


@dataclass(frozen=True)
class FenOf(Expr):
    """`fen(price * quantity)`: money, rounded half up."""

    price: Expr
    quantity: Expr


@dataclass(frozen=True)
class QuantityOf(Expr):
    """`quantity(a * b)`: a quantity times a quantity, rounded half up to millionths."""

    one: Expr
    other: Expr


@dataclass(frozen=True)
class Share(Expr):
    """`share(part, whole)`: an exact fraction; only as a factor of an amount."""

    part: Expr
    whole: Expr


@dataclass(frozen=True)
class Amount:
    """Money at stake of one row: the numerators multiplied, over the denominators multiplied, in fen.

    Kept as an exact fraction; rounded once, at the end, by the assembly of findings.
    """

    numerators: tuple[Expr, ...]
    denominators: tuple[Expr, ...]

    def walk(self) -> Iterator[Expr]:
        """All nodes of both sides."""
        for expr in (*self.numerators, *self.denominators):
            yield from expr.walk()
