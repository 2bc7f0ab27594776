"""Related features in Python: other rows of the person (trace code), found by key and by bisection, not by search.

Rows are put into buckets by scope and equal columns once a person; a candidate looks into its own bucket, up to its place
in the order where only earlier rows count. What is left of the condition is a generated loop over that bucket, or, for
the two shapes that long histories meet most, a look at a running extreme: "an earlier row with `other.x >= y`" and "the
largest `other.x` of earlier rows with another `other.y`".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from xiezhi.domain.facts import AnyFacts, PersonFacts
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import CODED, LOCAL_SCOPES, POINT_SCOPES, SCOPE_KEYS, Related, ScopeKind
from xiezhi.ruleset.python_expr import Source
from xiezhi.ruleset.python_partition import Partition, order_of
from xiezhi.ruleset.python_rule import NULLABLE, OTHER_KIND, Candidate, RuleCode, build


class Bucket:
    """Other rows in order, with what bisection needs; extremes are filled in on demand."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._orders: list[tuple[int, str, str]] | None = None
        self._column: dict[str, list[int]] = {}
        self.extremes: list[Any] | None = None

    def before(self, row: Any) -> int:
        """How many rows come before a row."""
        if self._orders is None:
            self._orders = [order_of(other) for other in self.rows]
        return bisect_left(self._orders, order_of(row))

    def between(self, column: str, low: int, high: int) -> tuple[int, int]:
        """The part of the rows whose `date` or `time` lies from low to high."""
        values = self._column.get(column)
        if values is None:
            values = self._column[column] = [getattr(other, column) for other in self.rows]
        return bisect_left(values, low), bisect_right(values, high)


_EMPTY = Bucket()


class RelatedCode:
    """One related feature of one rule."""

    def __init__(self, code: RuleCode, node: Related) -> None:
        self.code, self.node = code, node
        self.by_group = "group" in node.same
        self.columns = tuple(column for column in node.same if column != "group")
        scope = node.scope.kind if node.scope is not None else ScopeKind.ALL
        self.dynamic = {ScopeKind.WINDOW: "window", ScopeKind.PER: "per"}.get(scope)
        if scope is ScopeKind.COURSE:
            raise TypeError("a course is made of the rule's own candidates, not of other rows")
        self.scope = scope
        self.limit_at = {name: at for at, name in enumerate(code.limits)}
        self._size = code.function([node.scope.size]) if node.scope is not None and node.scope.size is not None else None
        self.prefix = prefix_shape(node, code)
        self._threshold = code.function([self.prefix[1]]) if self.prefix is not None else None
        self._loop = loop_function(code, node)

    def values(self, candidates: Sequence[Candidate], facts: AnyFacts, partition: Partition) -> list[Any]:
        """The value for each candidate."""
        node = self.node
        if node.of in CODED:
            return [partition.coded(candidate, node.of, node.role) for candidate in candidates]
        buckets: dict[Any, dict[Any, Bucket]] = {}
        return [self._one(candidate, candidates, facts, partition, buckets) for candidate in candidates]

    def _one(
        self, candidate: Candidate, candidates: Sequence[Candidate], facts: AnyFacts, partition: Partition, buckets: dict[Any, Any]
    ) -> Any:
        row, limits = candidate[0], candidate[3]
        kind: ScopeKind | None = self.scope
        if self.dynamic is not None:
            word = limits[self.limit_at[self.dynamic]]
            kind = POINT_SCOPES.get(word) if word is not None else None
        if kind is None or (kind in SCOPE_KEYS and getattr(row, SCOPE_KEYS[kind]) is None):
            return None
        bucket = self._bucket(candidate, kind, candidates, facts, partition, buckets)
        first, last = 0, len(bucket.rows)
        if kind is ScopeKind.HOURS:
            hours = self._size(row, limits)[0] if self._size is not None else limits[self.limit_at["window_hours"]]
            if hours is None:
                return None
            first, last = bucket.between("time", row.time - hours * 3_600, row.time + hours * 3_600)
        elif kind is ScopeKind.ROLLING:
            days = self._size(row, limits)[0] if self._size is not None else None
            if days is None:
                return None
            first, last = bucket.between("date", row.date - days + 1, row.date)
        if self.node.earlier and last:
            last = min(last, bucket.before(row))
        if self.prefix is not None and first == 0:
            found = self._by_prefix(bucket, last, candidate)
        else:
            found = self._loop(row, limits, bucket.rows[first:last])
        if (
            found is False
            and self.node.how == "exists"
            and self.node.of in ("partner", "unlisted")
            and not self._absence_is_known(candidate, kind, facts)
        ):
            return None
        return found

    def _absence_is_known(self, candidate: Candidate, kind: ScopeKind, facts: AnyFacts) -> bool:
        """Absence can be true only once the encounter is settled and the look-back is stored (semantics.md 3)."""
        row = candidate[0]
        if not row.settled or not isinstance(facts, PersonFacts):
            return False
        if kind is not ScopeKind.ROLLING or self._size is None:
            return True
        days = self._size(row, candidate[3])[0]
        return days is not None and facts.earliest_date is not None and facts.earliest_date <= row.date - days + 1

    def _bucket(
        self, candidate: Candidate, kind: ScopeKind, candidates: Sequence[Candidate], facts: AnyFacts, partition: Partition, buckets: Any
    ) -> Bucket:
        """The other rows that share scope and equal columns with a candidate."""
        row, point, node = candidate[0], candidate[1], self.node
        if self.by_group and (node.of == "stays" or candidate[3][self.limit_at["surgery_group"]] is None):
            return _EMPTY
        columns = self.columns
        if kind in LOCAL_SCOPES:
            columns = (*columns, "institution")
        if kind in SCOPE_KEYS:
            columns = (*columns, SCOPE_KEYS[kind])
        role = ""
        if node.of == "partner":
            role = (
                node.role if self.code.rule.knowledge is None or self.code.rule.knowledge.role != "any" else "ab".replace(candidate[2], "")
            )
        place = (kind, point if node.of in ("partner", "lines") else None, role)
        table = buckets.get(place)
        if table is None:
            table = buckets[place] = self._table(columns, self._others(point, role, candidates, facts, partition))
        key = tuple([getattr(row, column) for column in columns])
        found: Bucket = table.get(key, _EMPTY)
        return found

    def _others(self, point: Any, role: str, candidates: Sequence[Candidate], facts: AnyFacts, partition: Partition) -> Sequence[Any]:
        if self.node.of == "partner":
            return partition.partners(point, role)
        if self.node.of == "stays":
            return partition.stays
        if self.node.of == "sales":
            return partition.sales
        if self.node.of == "unlisted":
            return partition.unlisted(candidates)
        return [candidate[0] for candidate in candidates if candidate[1] is point]

    def _table(self, columns: Sequence[str], rows: Sequence[Any]) -> dict[Any, Bucket]:
        table: dict[Any, Bucket] = defaultdict(Bucket)
        for row in rows:
            key = tuple([getattr(row, column) for column in columns])
            if None not in key:
                table[key].rows.append(row)
        return dict(table)

    def _by_prefix(self, bucket: Bucket, end: int, candidate: Candidate) -> Any:
        """The answer of the two shapes whose earlier rows need not be gone through."""
        assert self.prefix is not None
        assert self._threshold is not None
        shape, _, value, apart = self.prefix
        threshold = self._threshold(candidate[0], candidate[3])[0]
        none = False if shape == "exists" else None
        if end == 0:
            return none
        if threshold is None:
            return None
        if bucket.extremes is None:
            bucket.extremes = _largest(bucket.rows, value, apart)
        best, best_of, second = bucket.extremes[end - 1]
        if shape == "exists":
            return best >= threshold
        return second if best_of == threshold else best


def _largest(rows: Sequence[Any], value: str, apart: str | None) -> list[tuple[Any, Any, Any]]:
    """After each row: the largest value so far, whose it is, and the largest value of all others."""
    result = []
    best = best_of = second = None
    for row in rows:
        now, of = getattr(row, value), getattr(row, apart) if apart else None
        if best is None or now > best:
            if of != best_of:
                second = best
            best, best_of = now, of
        elif of != best_of and (second is None or now > second):
            second = now
        result.append((best, best_of, second))
    return result


def _nothing(row: Any, limits: tuple[Any, ...], others: Sequence[Any]) -> None:
    """What the loop of a feature without other rows gives."""


def prefix_shape(node: Related, code: RuleCode) -> tuple[str, x.Expr, str, str | None] | None:
    """(exists | max, threshold, column, column apart) where running extremes answer the feature, else None.

    Only for earlier rows, and only over columns that are never missing.
    """
    if node.of not in ("lines", "partner", "sales") or not node.earlier or not isinstance(node.condition, x.Compare):
        return None
    never = NULLABLE[code.kind if node.of == "lines" else OTHER_KIND[node.of]]
    condition = node.condition
    if not isinstance(condition.left, x.Other) or condition.left.column in never:
        return None
    if any(isinstance(part, x.Other) for part in condition.right.walk()):
        return None
    if node.how == "exists" and condition.op == ">=":
        return ("exists", condition.right, condition.left.column, None)
    if node.how == "max" and condition.op == "!=" and isinstance(node.value, x.Other) and node.value.column not in never:
        return ("max", condition.right, node.value.column, condition.left.column)
    return None


def loop_function(code: RuleCode, node: Related) -> Callable[..., Any]:
    """`(row, limits, others)` to the aggregate over the others of which the condition is true."""
    if node.of in CODED:
        return _nothing
    source = Source(code.other_name(node.of))
    parts = [part for part in (node.condition, node.value) if part is not None]
    body = code.loads(parts)
    start = {"exists": "unknown = False", "count": "total = 0"}.get(node.how, "total = None")
    loop = ["if other is row:", "    continue"]
    used = {each.column for part in parts for each in part.walk() if isinstance(each, x.Other)}
    loop += [f"o_{column} = other.{column}" for column in sorted(used)]
    test = source.true(node.condition)[0] if node.condition is not None else "True"
    loop.append(f"if {test}:")
    if node.how == "exists":
        loop.append("    return True")
        if node.condition is not None and not source.certain(node.condition):
            loop += [f"if not ({source.false(node.condition)[0]}):", "    unknown = True"]
        end = "return None if unknown else False"
    elif node.how == "count":
        loop.append("    total += 1")
        end = "return total"
    else:
        assert node.value is not None
        loop += [f"    value = {source.nullable(node.value)[0]}",
                 f"    if value is not None and (total is None or value {'>' if node.how == 'max' else '<'} total):",
                 "        total = value"]  # fmt: skip
        end = "return total"
    lines = [*body, start, "for other in others:", *("    " + line for line in loop), end]
    return build("related", "def related(row, limits, others):\n" + "".join(f"    {line}\n" for line in lines), code.space)
