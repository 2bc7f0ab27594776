"""Money counted once: every fee line's money goes to findings at most once, over all rules (semantics.md 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xiezhi.domain.finding import VERDICT_RANK, Finding

LineKey = tuple[str, str]
"""Institution and line id."""
_FOREIGN = re.compile(r"^([HP]\d{11}):(.+)$", re.DOTALL)


def line_key(finding: Finding, line_id: str) -> LineKey:
    """Institution and id of one of the finding's lines; a line of another institution is written with its code before it."""
    match = _FOREIGN.match(line_id)
    return (match.group(1), match.group(2)) if match else (finding.institution_code, line_id)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one open finding claims: its rank, its amount, and the part (fen) of each line."""

    finding_id: str
    verdict: str
    amount_fen: int
    parts: Sequence[tuple[LineKey, int]]


def count_once(claims: Iterable[Claimed], net_amounts: Mapping[LineKey, int]) -> dict[str, int]:
    """Counted fen by finding id.

    In the order definite, suspicious, indicator, then larger amount, then id, each finding gets of each line the
    smaller of its part and what is left of the line's net amount. A line that is not in `net_amounts` gives nothing.

    >>> a = Claimed("a", "definite", 80, [(("H", "1"), 80)])
    >>> b = Claimed("b", "suspicious", 100, [(("H", "1"), 100)])
    >>> count_once([b, a], {("H", "1"): 100})
    {'a': 80, 'b': 20}
    """
    return {finding_id: sum(given) for finding_id, given in count_parts_once(claims, net_amounts).items()}


def count_parts_once(claims: Iterable[Claimed], net_amounts: Mapping[LineKey, int]) -> dict[str, list[int]]:
    """Counted fen by finding id, in the order of its parts; the order of giving is that of `count_once`."""
    left = dict(net_amounts)
    counted: dict[str, list[int]] = {}
    for claim in sorted(claims, key=lambda c: (VERDICT_RANK[c.verdict], -c.amount_fen, c.finding_id)):
        counted[claim.finding_id] = []
        for key, part in claim.parts:
            given = min(part, left.get(key, 0))
            left[key] = left.get(key, 0) - given
            counted[claim.finding_id].append(given)
    return counted
