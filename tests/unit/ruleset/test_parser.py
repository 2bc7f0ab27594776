"""The expression language: what is read, every kind of mistake with its offset, and no text whatever that breaks the parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.interpret import evaluate
from xiezhi.ruleset.lexer import KEYWORDS, ExpressionError
from xiezhi.ruleset.parser import Names, parse, parse_amount
from xiezhi.ruleset.types import ROW_FIELDS, Type

NAMES = Names(
    fields=ROW_FIELDS["line"],
    points={"max_quantity": Type.QTY, "sex": Type.TEXT},
    params={"cap": Type.FEN, "days": Type.INT},
    features={"used": Type.QTY, "found": Type.BOOL},
)

# source, the word where the mistake is (its first place; '' for the start, None for the end), part of what, part of accepted
MISTAKES: list[tuple[str, str | None, str, str]] = [
    ("line.price >", None, "the end", "a value"),
    ("line.price > ceiling", "ceiling", "unknown name 'ceiling'", ""),
    ("line.prize > 1", "line.prize", "unknown name", "line.price"),
    ("point.max_days > 1", "point.max_days", "unknown name", ""),
    ("param.caps > line.amount", "param.caps", "unknown name", "param.cap"),
    ("line.price > line.quantity", "line.quantity", "this is quantity, where price", "price"),
    ("line.amount > 5", "5", "a bare number is not money", "fen"),
    ("line.item > 'A'", ">", "have no order", "= or !="),
    ("line.item = 5", "5", "this is int, where text", "text"),
    ("line.date = '2026-01-01'", "'2026", "this is text, where date", "date"),
    ("line.price == 1", "==", "not an operator", "="),
    ("line.price ≥ 1", "≥", "not part of the language", ">="),
    ("line.price ＞ 1", "＞", "not part of the language", ">"),
    ("line.price > 1 && found", "&", "not part of the language", "and"),
    ('line.item = "X"', '"', "not part of the language", "'"),
    ("line.amount / 2 > 1", "/", "not part of the language", "share"),
    ("line.price > 1.2345678", "1.2345678", "more than six decimals", "six"),
    ("line.price > 1 2", "2", "too much", "the end"),
    ("(line.price > 1", None, "the end", "')'"),
    ("line.item in ('A', line.name)", ")", "only constants", "'text'"),
    ("line.item starts 'A'", "'A'", "found", "'with'"),
    ("line.price starts with 'A'", "", "this is price", "text"),
    ("line.item is empty", "empty", "found", "'missing'"),
    ("not line.price", "line.price", "this is price, where bool", "bool"),
    ("found and line.price", "line.price", "this is price, where bool", "bool"),
    ("line.amount * line.amount > 1", "*", "no meaning", "fen("),
    ("line.item + line.item = 'A'", "+", "cannot be added", "numbers"),
    ("-line.item = 'A'", "line.item", "no negative", "a number"),
    ("average(line.price) > 1", "average", "unknown function", "least"),
    ("full_months(line.date) > 1", "full_months", "with 1 values", "full_months(a, b)"),
    ("fen(line.price) > line.amount", ")", "found", "'*'"),
    ("if found then 1 > 2", None, "the end", "'else'"),
    ("if line.price then found else found", "line.price", "where bool", "bool"),
    ("if found then line.price else line.item", "line.item", "", "price"),
]


@pytest.mark.parametrize(("source", "at", "what", "accepted"), MISTAKES, ids=[each[0] for each in MISTAKES])
def test_a_mistake_is_told_with_its_place(source: str, at: str | None, what: str, accepted: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, NAMES, Type.BOOL)
    assert what in caught.value.what
    assert accepted in caught.value.accepted
    assert caught.value.offset == (len(source) if at is None else source.index(at))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("share(line.quantity, used)", "one money expression"),
        ("line.quantity * share(line.quantity, used)", "this is quantity"),
        ("line.amount * share(line.quantity, line.price)", "price"),
        ("line.amount * share(line.item, line.item)", "of numbers"),
    ],
)
def test_an_amount_is_money_times_shares(source: str, told: str) -> None:
    with pytest.raises(ExpressionError, match=told):
        parse_amount(source, NAMES)


def test_shares_are_kept_as_a_fraction() -> None:
    amount = parse_amount("line.amount * share(used, line.quantity) * share(1, 2)", NAMES)
    assert [type(part).__name__ for part in amount.numerators] == ["Field", "Feature", "Literal"]
    assert len(amount.denominators) == 2


class Env:
    """Everything is missing but what is given."""

    def __init__(self, **values: object) -> None:
        self.values = values

    def field(self, column: str) -> object:
        return self.values.get(column)

    other = point = param = feature = field


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("line.quantity * 2 > 2", True),
        ("line.quantity >= 1.5", True),
        ("line.quantity > 1.5", False),
        ("line.price > 1", None),
        ("line.price > 1 or line.quantity > 1", True),
        ("line.price > 1 and line.quantity < 1", False),
        ("line.price > 1 and line.quantity > 1", None),
        ("not line.price > 1", None),
        ("line.price is missing", True),
        ("line.price is known", False),
        ("line.price is not missing", False),
        ("line.item in ('A', 'B')", True),
        ("line.item not in ('A', 'B')", False),
        ("line.name not in ('A', 'B')", None),
        ("line.item starts with 'A'", True),
        ("not line.item in ('B', 'C') and true", True),
        ("least(line.quantity, used) > 0", None),
        ("first_known(used, line.quantity) = 1.5", True),
        ("(if line.price > 1 then 1 else 2) = 2", None),
        ("1 + 2 * 3 = 7", True),
        ("(1 + 2) * 3 = 9", True),
        ("1 - 2 - 3 = -4", True),
        ("found or not found", None),
        ("line.date - 5 < line.date", True),
        ("fen(2 * line.quantity) = fen(line.quantity * 2)", True),
    ],
)
def test_values_with_three_truths(source: str, value: bool | None) -> None:
    assert evaluate(parse(source, NAMES, Type.BOOL), Env(quantity=1_500_000, item="A", date=20000)) is value


def test_scales_follow_the_other_side() -> None:
    node = parse("line.price > 3", NAMES)
    assert isinstance(node, x.Compare)
    assert node.right == x.Literal(Type.PRICE, 3_000_000)


WORDS = st.sampled_from(
    [
        *sorted(KEYWORDS),
        *"()+-*,=<>",
        "<=",
        ">=",
        "!=",
        "line.price",
        "line.item",
        "used",
        "found",
        "param.cap",
        "1",
        "2.5",
        "'A'",
        "share",
        "fen",
    ]
)


def mistake(source: str, amount: bool = False) -> ExpressionError | None:
    """The mistake of a text, None where it can be read."""
    try:
        if amount:
            parse_amount(source, NAMES)
        else:
            parse(source, NAMES)
    except ExpressionError as error:
        return error
    return None


@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=40), st.booleans())
def test_no_text_breaks_the_parser(source: str, amount: bool) -> None:
    found = mistake(source, amount)
    assert found is None or (0 <= found.offset <= len(source) and found.what)


@pytest.mark.parametrize("source", ["(" * 3000, "not " * 3000 + "found", "-" * 3000 + "1", "if " * 3000, "least(" * 3000])
def test_deep_nesting_is_a_mistake_not_a_crash(source: str) -> None:
    found = mistake(source)
    assert found is not None
    assert "deep" in found.what
