"""Expression trees to sqlglot trees: portable SQL with the same three-valued logic.

`LEAST(NULL, 1)` is 1 in DuckDB and Spark and `CASE … ELSE` runs for unknown: both are guarded here, or unknown would
become true. Integers stay integers; products that may pass 64 bits are taken in 128.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import ErrorLevel, exp

from xiezhi.domain.money import MICRO, PRICE_TIMES_QUANTITY_PER_FEN
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.parameters import Dated, Parameter

Resolver = Callable[[x.Expr], exp.Expr]
"""Gives a name node (Field, Other, Point, Param, Feature) its column."""

WIDE = exp.DataType.build("INT128")
COMPARE = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
ARITH = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}


def literal(value: int | str | bool | None) -> exp.Expr:
    """A constant."""
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    return exp.Literal.string(value) if isinstance(value, str) else exp.convert(value)


def wide(node: exp.Expr) -> exp.Expr:
    """A number in 128 bits (`portable` turns it into DECIMAL(38, 0) for Spark)."""
    return exp.Cast(this=node, to=WIDE.copy())


def case(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Case:
    """`CASE WHEN … THEN … [ELSE …] END`."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def is_null(node: exp.Expr) -> exp.Expr:
    """`node IS NULL`."""
    return exp.Is(this=node, expression=exp.Null())


def not_null(node: exp.Expr) -> exp.Expr:
    """`node IS NOT NULL`."""
    return exp.Not(this=is_null(node))


def to_sql(node: x.Expr, resolve: Resolver) -> exp.Expr:
    """The SQL of an expression; the result is parenthesised where needed."""
    match node:
        case x.Literal(value=value):
            return literal(value)
        case x.Field() | x.Other() | x.Point() | x.Param() | x.Feature():
            return resolve(node)
        case x.Compare(op=op, left=left, right=right):
            return exp.Paren(this=COMPARE[op](this=to_sql(left, resolve), expression=to_sql(right, resolve)))
        case x.And(parts=parts):
            return exp.Paren(this=exp.and_(*(to_sql(part, resolve) for part in parts)))
        case x.Or(parts=parts):
            return exp.Paren(this=exp.or_(*(to_sql(part, resolve) for part in parts)))
        case x.Not(part=part):
            return exp.Not(this=exp.Paren(this=to_sql(part, resolve)))
        case x.Missing(part=part):
            return exp.Paren(this=is_null(exp.Paren(this=to_sql(part, resolve))))
        case x.Among(part=part, values=values):
            return exp.Paren(this=exp.In(this=to_sql(part, resolve), expressions=[literal(value) for value in values]))
        case x.StartsWith(part=part, prefixes=prefixes):
            text = to_sql(part, resolve)
            tests = [
                exp.EQ(this=exp.Substring(this=text.copy(), start=literal(1), length=literal(len(prefix))), expression=literal(prefix))
                for prefix in prefixes
            ]
            return exp.Paren(this=exp.or_(*tests))
        case x.Arith(op=op, left=left, right=right):
            return exp.Paren(this=ARITH[op](this=to_sql(left, resolve), expression=to_sql(right, resolve)))
        case x.Extreme(greatest=greatest, parts=parts):
            options = [to_sql(part, resolve) for part in parts]
            function = exp.Greatest if greatest else exp.Least
            known = exp.and_(*(not_null(value.copy()) for value in options))
            return case((known, function(this=options[0], expressions=options[1:], ignore_nulls=True)))
        case x.FirstKnown(parts=parts):
            options = [to_sql(part, resolve) for part in parts]
            return exp.Coalesce(this=options[0], expressions=options[1:])
        case x.If(condition=condition, then=then, otherwise=otherwise):
            test = to_sql(condition, resolve)
            return case((test, to_sql(then, resolve)), (exp.Not(this=exp.Paren(this=test.copy())), to_sql(otherwise, resolve)))
        case x.FullMonths(start=start, end=end):
            return _full_months(to_sql(start, resolve), to_sql(end, resolve))
        case x.FenOf(price=price, quantity=quantity):
            product = exp.Mul(this=wide(to_sql(price, resolve)), expression=wide(to_sql(quantity, resolve)))
            return round_half_up(product, PRICE_TIMES_QUANTITY_PER_FEN)
        case x.QuantityOf(one=one, other=other):
            return round_half_up(exp.Mul(this=wide(to_sql(one, resolve)), expression=wide(to_sql(other, resolve))), MICRO)
        case _:
            pass
    raise TypeError(f"no SQL for {type(node).__name__} outside an amount")


def round_half_up(numerator: exp.Expr, denominator: int) -> exp.Expr:
    """`(2 × numerator + denominator)` floor-divided by `2 × denominator`, as BIGINT; for numerators >= 0."""
    doubled = exp.Add(this=exp.Mul(this=exp.Paren(this=numerator), expression=literal(2)), expression=literal(denominator))
    quotient = exp.IntDiv(this=exp.Paren(this=doubled), expression=wide(literal(2 * denominator)))
    return exp.Cast(this=exp.Paren(this=quotient), to=exp.DataType.build("BIGINT"))


def calendar_date(day: exp.Expr) -> exp.Expr:
    """The calendar date of a day number."""
    epoch = exp.Cast(this=literal("1970-01-01"), to=exp.DataType.build("DATE"))
    days = exp.Cast(this=day, to=exp.DataType.build("INT"))
    return exp.Cast(this=exp.DateAdd(this=epoch, expression=days, unit=exp.var("DAY")), to=exp.DataType.build("DATE"))


def _full_months(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    def part(name: str, day: exp.Expr) -> exp.Expr:
        return exp.Extract(this=exp.var(name), expression=calendar_date(day.copy()))

    def months(day: exp.Expr) -> exp.Expr:
        return exp.Add(this=exp.Mul(this=part("YEAR", day), expression=literal(12)), expression=part("MONTH", day))

    early = case((exp.LT(this=part("DAY", end), expression=part("DAY", start)), literal(1)), default=literal(0))
    return exp.Paren(this=exp.Sub(this=exp.Sub(this=months(end), expression=exp.Paren(this=months(start))), expression=early))


def parameter_sql(parameter: Parameter, date: exp.Expr, region: exp.Expr | None) -> exp.Expr:
    """The value of a parameter by service date and region: a constant where it never changes, else a CASE."""
    branches: list[tuple[exp.Expr, exp.Expr]] = []

    def dated(values: tuple[Dated, ...], *tests: exp.Expr) -> None:
        for value in reversed(values):
            since = exp.GTE(this=date.copy(), expression=literal(value.start))
            branches.append((exp.and_(*(test.copy() for test in tests), since), literal(value.value)))

    if region is not None and parameter.regional:
        six = exp.EQ(this=exp.Length(this=region.copy()), expression=literal(6))
        for key_of in region_forms(region):
            for key, values in sorted(parameter.regional.items()):
                dated(values, six, exp.EQ(this=key_of.copy(), expression=literal(key)))
    dated(parameter.national)
    return case(*branches)


def region_forms(region: exp.Expr) -> list[exp.Expr]:
    """County, prefecture and province key of a region column (`parameters.region_keys`)."""

    def cut(length: int, zeros: str) -> exp.Expr:
        head = exp.Substring(this=region.copy(), start=literal(1), length=literal(length))
        return exp.DPipe(this=head, expression=literal(zeros))

    return [region.copy(), cut(4, "00"), cut(2, "0000")]


def _without_int128(node: exp.Expr) -> exp.Expr:
    is_wide = isinstance(node, exp.DataType) and node.this == exp.DataType.Type.INT128
    return exp.DataType.build("DECIMAL(38, 0)") if is_wide else node


def portable(tree: exp.Expr, dialect: str) -> str:
    """The text of a tree for `duckdb` or `spark`; raises where the dialect lacks something."""
    if dialect == "spark":
        tree = tree.transform(_without_int128)
    return tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE, copy=False)
