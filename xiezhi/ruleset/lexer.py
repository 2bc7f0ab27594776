"""Words of the expression language, with their offsets in the source."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "missing", "known", "if", "then", "else", "true", "false", "starts", "with"})
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^'\n]*')
      |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)|(?P<op><=|>=|!=|==|[=<>+\-*(),])|(?P<bad>.)""",
    re.VERBOSE | re.ASCII,
)
_ADVICE = {
    "（": "(",
    "）": ")",
    "，": ",",
    "“": "'",
    "”": "'",
    "‘": "'",
    "’": "'",
    "＞": ">",
    "＜": "<",
    "＝": "=",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "*",
    '"': "'",
    "/": "share(part, whole) in an amount, or multiply the other side",
    "&": "and",
    "|": "or",
    "!": "not",
}


class ExpressionError(Exception):
    """A mistake in an expression: offset in its text, what, and the accepted form."""

    def __init__(self, offset: int, what: str, accepted: str = "") -> None:
        super().__init__(what)
        self.offset, self.what, self.accepted = offset, what, accepted


@dataclass(frozen=True)
class Token:
    """A word: its kind (number, text, name, keyword, op, end), spelling and offset."""

    kind: str
    text: str
    offset: int


def tokenize(source: str) -> list[Token]:
    """Split an expression into words; raises `ExpressionError` on a character that has no place in it."""
    tokens = []
    for match in _TOKEN.finditer(source):
        kind, text = str(match.lastgroup), match.group()
        if kind == "space":
            continue
        if kind == "bad":
            raise ExpressionError(match.start(), f"character {text!r} is not part of the language", _ADVICE.get(text, ""))
        if text == "==":
            raise ExpressionError(match.start(), "'==' is not an operator", "=")
        tokens.append(Token("keyword" if text in KEYWORDS else kind, text, match.start()))
    tokens.append(Token("end", "", len(source)))
    return tokens
