"""Related features in SQL: an aggregate over other rows, one result row a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from xiezhi.domain.facts import INPATIENT
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import CODED, Related, ScopeKind
from xiezhi.ruleset.sql_expr import case, is_null, literal, not_null
from xiezhi.ruleset.sql_scopes import column, scope_known, shares_scope

if TYPE_CHECKING:
    from xiezhi.ruleset.compile_sql import RuleQuery


def related_query(query: RuleQuery, node: Related, last: str, carry: Sequence[str] = ()) -> exp.Select:
    """The table `r_<name>`: for candidates that have such other rows at all, the keys and the aggregate over them.

    Candidates without any are left out: `related_value` says what they get, so that only few rows are grouped. `carry` names
    further columns of the candidate to keep, where the others are not needed any more.
    """
    if node.of in CODED:
        return _coded(query, node, last)
    tests = _conditions(query, node, last)
    keys = [column(key, last) for key in query.key_columns()]
    if node.condition is not None:
        condition = query.sql(node.condition, last)
        unknown_too = exp.Coalesce(this=exp.Paren(this=condition), expressions=[literal(True)])
        tests.append(unknown_too if node.how == "exists" else exp.Paren(this=condition))
    value: exp.Expr
    if node.how == "exists":
        truth = literal(2) if node.condition is None else case((query.sql(node.condition, last), literal(2)), default=literal(1))
        value = exp.Max(this=truth)
    elif node.how == "count":
        value = exp.Count(this=exp.Star())
    else:
        assert node.value is not None
        value = (exp.Max if node.how == "max" else exp.Min)(this=query.sql(node.value, last))
    others = exp.alias_(_others(query, node, last), "o", table=True)
    kept = [exp.alias_(exp.Min(this=column(name, last)), name) for name in carry]
    joined = exp.select(*keys, *kept, exp.alias_(value, "value")).from_(last).join(others, on=exp.and_(*tests))
    return joined.group_by(*(key.copy() for key in keys))


def related_value(query: RuleQuery, node: Related, last: str, step: str) -> exp.Expr:
    """The feature of a candidate of `last`, left-joined with its row of `step`.

    `exists` is true where one is there; false where none is and absence is known; else unknown.
    """
    value: exp.Expr = column("value", step)
    if node.of in CODED:
        return value
    if node.how == "count":
        value = exp.Coalesce(this=value, expressions=[literal(0)])
    elif node.how == "exists":
        absent: list[exp.Expr] = [is_null(value.copy())]
        if node.of in ("partner", "unlisted"):
            absent.append(column("settled", last))
            if node.scope is not None and node.scope.kind is ScopeKind.ROLLING and node.scope.size is not None:
                size = exp.Paren(this=query.sql(node.scope.size, last))
                first = exp.Add(this=exp.Sub(this=column("date", last), expression=size), expression=literal(1))
                absent.append(exp.GTE(this=exp.Paren(this=first), expression=exp.select("earliest_date").from_("store_info").subquery()))
        value = case((exp.EQ(this=value, expression=literal(2)), literal(True)), (exp.and_(*absent), literal(False)))
    known = scope_known(last, node.scope, lambda size: query.sql(size, last)) if node.scope is not None else []
    return case((exp.and_(*(not_null(exp.Paren(this=each)) for each in known)), value)) if known else value


def _others(query: RuleQuery, node: Related, last: str) -> exp.Expr:
    """The rows a feature looks at."""
    if node.of == "lines":
        return exp.to_table(last)
    if node.of == "sales":
        return exp.to_table("sales")
    if node.of == "stays":
        inpatient = exp.EQ(this=column("kind", "e"), expression=literal(INPATIENT))
        return (
            exp.select("e.*")
            .from_(exp.alias_(exp.to_table("encounters"), "e", table=True))
            .where(column("live", "e"), inpatient)
            .subquery()
        )
    if node.of == "unlisted":
        keys = ("institution", "id")
        same = exp.and_(*(exp.EQ(this=column(key, "c"), expression=column(key, "l")) for key in keys))
        listed = exp.select(literal(1)).from_(exp.alias_(exp.to_table(last), "c", table=True)).where(same)
        return (
            exp.select("l.*")
            .from_(exp.alias_(exp.to_table("lines"), "l", table=True))
            .where(column("live", "l"), exp.Not(this=exp.Exists(this=listed)))
            .subquery()
        )
    knowledge = query.rule.knowledge
    assert knowledge is not None
    used = {"id", "institution", "person", "date", "time", "hour", "encounter", "prescription", "month", "year", *node.same}
    for part in (node.value, node.condition):
        if part is not None:
            used.update(each.column for each in part.walk() if isinstance(each, x.Other))
    columns = [column(each, "l") for each in sorted(used)]
    on = exp.and_(
        exp.EQ(this=column("code", "k"), expression=column("item", "l")),
        exp.EQ(this=column("class_no", "k"), expression=literal(knowledge.class_no)),
    )
    partners = exp.select(*columns, exp.alias_(column("kp_id", "k"), "partner_kp"), exp.alias_(column("side", "k"), "partner_side"))
    partners = partners.from_(exp.alias_(exp.to_table("lines"), "l", table=True)).join(
        exp.alias_(exp.to_table("point_items"), "k", table=True), on=on
    )
    if knowledge.role != "any":
        partners = partners.where(exp.EQ(this=column("side", "k"), expression=literal(node.role)))
    return partners.where(column("live", "l")).subquery()


def _conditions(query: RuleQuery, node: Related, last: str) -> list[exp.Expr]:
    """Join conditions: same person, not the row itself, point, scope, equal columns, earlier."""
    base = "trace" if query.kind == "sale" else "person"
    tests: list[exp.Expr] = [exp.EQ(this=column(base, "o"), expression=column(base, last))]
    if node.of == "partner":
        tests.append(exp.EQ(this=column("partner_kp", "o"), expression=column("kp_id", last)))
        if query.rule.knowledge is not None and query.rule.knowledge.role == "any":
            tests.append(exp.NEQ(this=column("partner_side", "o"), expression=column("side", last)))
    if node.of == "lines":
        tests.append(exp.EQ(this=column("kp_id", "o"), expression=column("kp_id", last)))
    same_kind = {"partner": "line", "lines": "line", "unlisted": "line", "stays": "encounter", "sales": "sale"}[node.of] == query.kind
    if same_kind:
        itself = exp.and_(
            *(exp.EQ(this=column(key, "o"), expression=column(key, last)) for key in query.key_columns() if key not in ("kp_id", "side"))
        )
        tests.append(exp.Not(this=exp.Paren(this=itself)))
    if node.scope is not None:
        tests.append(exp.Paren(this=shares_scope(last, "o", node.scope, lambda size: query.sql(size, last))))
    tests.extend(exp.EQ(this=column(each, "o"), expression=column(each, last)) for each in node.same)
    if node.earlier:
        tests.append(exp.Paren(this=_before("o", last, "begin_time" if query.kind == "encounter" else "time")))
    return tests


def _before(first: str, second: str, time: str) -> exp.Expr:
    """Whether the row of `first` comes before that of `second` in the order of semantics.md 2."""

    def key(table: str, name: str) -> exp.Expr:
        return exp.Coalesce(this=column(name, table), expressions=[literal(-1)]) if name == "begin_time" else column(name, table)

    result: exp.Expr = literal(False)
    for name in ("id", "institution", time):
        less = exp.LT(this=key(first, name), expression=key(second, name))
        equal = exp.EQ(this=key(first, name), expression=key(second, name))
        result = exp.Paren(this=exp.or_(less, exp.and_(equal, result)))
    return result


def _coded(query: RuleQuery, node: Related, last: str) -> exp.Select:
    """Whether a code of the row, or a diagnosis of its encounter, stands in the point's role; unknown without codes on either side."""
    encounter = "id" if query.kind == "encounter" else "encounter"
    joined = exp.select(*(column(key, last) for key in query.key_columns())).from_(last)
    own = CODED[node.of]
    code = column(own, last) if own else column("code", "d")
    if not own:
        joined = joined.join(
            exp.alias_(exp.to_table("diagnoses"), "d", table=True),
            on=exp.and_(
                exp.EQ(this=column("person", "d"), expression=column("person", last)),
                exp.EQ(this=column("encounter", "d"), expression=column(encounter, last)),
            ),
        )
    joined = joined.join(
        exp.alias_(exp.to_table("point_codes"), "q", table=True),
        on=exp.and_(
            exp.EQ(this=column("kp_id", "q"), expression=column("kp_id", last)),
            exp.EQ(this=column("role", "q"), expression=literal(node.role)),
        ),
    )
    start = exp.Substring(this=code.copy(), start=literal(1), length=exp.Length(this=column("code", "q")))
    matches = exp.or_(
        exp.EQ(this=code.copy(), expression=column("code", "q")),
        exp.and_(column("is_prefix", "q"), exp.EQ(this=start, expression=column("code", "q"))),
    )
    found = exp.Max(this=case((exp.Paren(this=matches), literal(1)), default=literal(0)))
    if own:
        joined = joined.where(not_null(code.copy()))
    return joined.select(exp.alias_(exp.EQ(this=found, expression=literal(1)), "value")).group_by(
        *(column(key, last) for key in query.key_columns())
    )
