"""Windowed features in Python: the candidates of one rule, grouped by scope, each group gone through once.

Running values are prefix sums (counts, extremes, first occurrences) in order; rolling days are differences of prefix sums
found by bisection; courses are cut where a gap is too wide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from xiezhi.ruleset.features import LOCAL_SCOPES, POINT_SCOPES, SCOPE_KEYS, ScopeKind, Window
from xiezhi.ruleset.python_rule import NULLABLE, Candidate, RuleCode, build

Column = Callable[[Candidate], Any]


class WindowCode:
    """One windowed feature of one rule, ready to run over the rule's candidates of one person (trace code, institution)."""

    def __init__(self, code: RuleCode, node: Window) -> None:
        self.node, self.kind = node, node.scope.kind
        self.dynamic = {ScopeKind.WINDOW: "window", ScopeKind.PER: "per"}.get(self.kind)
        self.by_group = "group" in node.per
        # stock and months have no order within a partition: all of it is up to here
        self.running = node.running and code.kind not in (
            "stock",
            "month",
        )
        self.word_at = code.limits.index(self.dynamic) if self.dynamic else 0
        self._key = key_function(code, self.kind, node.per, with_point=not self.by_group)
        self._value = code.function([node.value]) if node.value is not None else None
        self._size = code.function([node.scope.size]) if node.scope.size is not None else None
        self._ranks = code.function([part for part, _ in node.order])

    def values(self, candidates: Sequence[Candidate]) -> list[Any]:
        """The value for each candidate; candidates are in order."""
        result: list[Any] = [None] * len(candidates)
        if self.kind is ScopeKind.HOURS:
            return result  # a window of hours relates other rows; it has no instance of its own
        for members, own in self._groups(candidates):
            pools = self._courses(candidates, members) if self.kind is ScopeKind.COURSE else [members]
            for pool in pools:
                found = self._pool([candidates[at] for at in pool])
                for at, value in zip(pool, found, strict=True):
                    if own is None or at in own:
                        result[at] = value
        return result

    def _groups(self, candidates: Sequence[Candidate]) -> Iterator[tuple[list[int], set[int] | None]]:
        """Places of the candidates that share a scope, and for which of them this is their own scope (None: all)."""
        groups: dict[Any, list[int]] = defaultdict(list)
        if self.dynamic is None or not self.by_group:
            for at, candidate in enumerate(candidates):
                word = candidate[3][self.word_at] if self.dynamic else None
                if (key := self._key(candidate[0], candidate[1], candidate[3], word)) is not None:
                    groups[key].append(at)
            yield from ((members, None) for members in groups.values())
            return
        # points of one group may name different windows: each looks at all candidates through its own
        owners: dict[Any, set[int]] = defaultdict(set)
        words = {candidate[3][self.word_at] for candidate in candidates}
        for at, candidate in enumerate(candidates):
            for word in words:
                if (key := self._key(candidate[0], candidate[1], candidate[3], word)) is not None:
                    groups[(word, key)].append(at)
                    if word == candidate[3][self.word_at]:
                        owners[(word, key)].add(at)
        yield from ((members, owners[key]) for key, members in groups.items())

    def _courses(self, candidates: Sequence[Candidate], members: Sequence[int]) -> list[list[int]]:
        """Members cut where a use lies more than the gap after the one before (or the gap is missing)."""
        assert self._size is not None
        courses: list[list[int]] = []
        last = 0
        for at in members:
            candidate = candidates[at]
            gap = self._size(candidate[0], candidate[3])[0]
            day = candidate[0].date
            if not courses or gap is None or day - last > gap:
                courses.append([])
            courses[-1].append(at)
            last = day
        return courses

    def _pool(self, pool: Sequence[Candidate]) -> list[Any]:
        """The aggregate for each candidate of one scope."""
        node = self.node
        if node.how == "first":
            return [self._first(pool)] * len(pool)
        values = [1] * len(pool) if self._value is None else [self._value(c[0], c[3])[0] for c in pool]
        if self.kind is ScopeKind.ROLLING:
            return self._rolling(pool, [value or 0 for value in values])
        if not self.running:
            return [_whole(node.how, values)] * len(pool)
        return [running for running, times in _up_to(node.how, pool, values) for _ in range(times)]

    def _first(self, pool: Sequence[Candidate]) -> Any:
        """The value at the candidate that comes first by the feature's own order, then by that of the candidates."""
        assert self._value is not None

        def rank(candidate: Candidate) -> list[tuple[bool, Any]]:
            found = self._ranks(candidate[0], candidate[3])
            order = zip(found, self.node.order, strict=True)
            return [(True, 0) if value is None else (False, -value if descending else value) for value, (_, descending) in order]

        best = min(pool, key=rank) if self.node.order else pool[0]
        return self._value(best[0], best[3])[0]

    def _rolling(self, pool: Sequence[Candidate], values: Sequence[int]) -> list[Any]:
        """The sum over the last N days up to each candidate; missing where N is."""
        assert self._size is not None
        dates = [candidate[0].date for candidate in pool]
        sums = [0, *accumulate(values)]
        result: list[Any] = []
        for start, end in _ties(pool):
            for candidate in pool[start:end]:
                days = self._size(candidate[0], candidate[3])[0]
                first = 0 if days is None else bisect_left(dates, candidate[0].date - days + 1, 0, end)
                result.append(None if days is None else sums[end] - sums[first])
        return result


def key_function(code: RuleCode, kind: ScopeKind, per: Sequence[str], with_point: bool) -> Callable[..., Any]:
    """`(row, point, limits, word)` to what rows of one scope share, None where there is no scope instance.

    `word` is what the point names, for `point.window` and `point.per`.
    """
    parts = ["point"] if with_point else []
    nullable = []
    for column in per:
        variable = f"limits[{code.limits.index('surgery_group')}]" if column == "group" else f"row.{column}"
        parts.append(variable)
        if column == "group" or column in NULLABLE[code.kind]:
            nullable.append(variable)
    body = [f"if {' or '.join(f'{variable} is None' for variable in nullable)}:", "    return None"] if nullable else []
    if kind not in (ScopeKind.WINDOW, ScopeKind.PER):
        body += _instance(code, kind, parts)
    else:
        for word, named in POINT_SCOPES.items():
            if named in SCOPE_KEYS:
                body += [f"if word == {word!r}:", *("    " + line for line in _instance(code, named, [*parts, repr(named.value)]))]
        body.append("return None")
    return build("key", "def key(row, point, limits, word):\n" + "".join(f"    {line}\n" for line in body), {})


def _instance(code: RuleCode, kind: ScopeKind, parts: Sequence[str]) -> list[str]:
    parts = [*parts, *(["row.institution"] if kind in LOCAL_SCOPES else [])]
    if kind not in SCOPE_KEYS:
        return [f"return ({''.join(f'{part}, ' for part in parts)})"]
    column = SCOPE_KEYS[kind]
    guard = [f"if row.{column} is None:", "    return None"] if column in NULLABLE[code.kind] else []
    return [*guard, f"return ({''.join(f'{part}, ' for part in parts)}row.{column})"]


def _ties(pool: Sequence[Candidate]) -> Iterator[tuple[int, int]]:
    """Runs of candidates with one place in the order: the same row under several points or sides."""
    start = 0
    for at in range(1, len(pool) + 1):
        if at == len(pool) or pool[at][0] is not pool[start][0]:
            yield start, at
            start = at


def _up_to(how: str, pool: Sequence[Candidate], values: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    """The running aggregate after each run of ties, with the length of the run."""
    total: Any = 0 if how in ("sum", "count") else None
    seen: set[Any] = set()
    for start, end in _ties(pool):
        for value in values[start:end]:
            if value is None:
                continue
            if how in ("sum", "count"):
                total += value
            elif how == "distinct":
                seen.add(value)
            else:
                total = value if total is None else max(total, value) if how == "max" else min(total, value)
        yield (len(seen) if how == "distinct" else total), end - start


def _whole(how: str, values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    if how in ("sum", "count"):
        return sum(known)
    if how == "distinct":
        return len(set(known))
    if not known:
        return None
    return max(known) if how == "max" else min(known)
