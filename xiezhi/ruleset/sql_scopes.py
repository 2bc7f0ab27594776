"""Scopes in SQL: which columns name an instance, and when two rows share one."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import LOCAL_SCOPES, POINT_SCOPES, SCOPE_KEYS, Scope, ScopeKind
from xiezhi.ruleset.sql_expr import case, literal

TEXT = exp.DataType.build("VARCHAR")


def column(name: str, table: str) -> exp.Column:
    """A column of a table."""
    return exp.column(name, table=table)


def kind_of_scope(scope: Scope | None) -> tuple[ScopeKind, ...]:
    """The kinds a scope may turn out to be: for `point.window` and `point.per` every one the point may name."""
    if scope is None:
        return ()
    if scope.kind in (ScopeKind.WINDOW, ScopeKind.PER):
        return tuple(dict.fromkeys(POINT_SCOPES.values()))
    return (scope.kind,)


def scope_key(table: str, key: str, subject: bool = False) -> tuple[exp.Expr, exp.Expr]:
    """Kind and instance (as text) of the scope that the point names by `point.window` or `point.per`.

    For a window of N hours the instance of a subject is the line itself; as a partition it is unknown.
    """
    name = column(f"p_{key.removeprefix('point.')}", table)
    kinds, instances = [], []
    for word, kind in POINT_SCOPES.items():
        is_kind = exp.EQ(this=name.copy(), expression=literal(word))
        kinds.append((is_kind, literal(kind.value)))
        if kind in SCOPE_KEYS:
            instances.append((is_kind.copy(), exp.Cast(this=column(SCOPE_KEYS[kind], table), to=TEXT.copy())))
    otherwise = column("id", table) if subject else None
    return case(*kinds), case(*instances, default=otherwise)


def partition(table: str, scope: Scope, base: str) -> list[exp.Expr]:
    """Columns that must be equal for rows to share the scope; `base` is person or trace."""
    keys: list[exp.Expr] = [column(base, table)]
    if scope.kind in (ScopeKind.WINDOW, ScopeKind.PER):
        kind, instance = scope_key(table, scope.kind.value)
        local = exp.In(this=kind.copy(), expressions=[literal(each.value) for each in sorted(LOCAL_SCOPES & set(POINT_SCOPES.values()))])
        return [*keys, case((local, column("institution", table)), default=literal("")), kind, instance]
    if scope.kind in LOCAL_SCOPES:
        keys.append(column("institution", table))
    if scope.kind in SCOPE_KEYS:
        keys.append(column(SCOPE_KEYS[scope.kind], table))
    return keys


def instance_known(table: str, scope: Scope) -> list[exp.Expr]:
    """Expressions that must not be NULL for the row to have an instance of the scope."""
    if scope.kind in (ScopeKind.WINDOW, ScopeKind.PER):
        return [scope_key(table, scope.kind.value)[1]]
    return [column(SCOPE_KEYS[scope.kind], table)] if scope.kind in SCOPE_KEYS else []


def scope_known(table: str, scope: Scope, size: Callable[[x.Expr], exp.Expr]) -> list[exp.Expr]:
    """Expressions that must not be NULL for other rows to be looked for in the scope: its instance, or its hours or days."""
    if scope.size is not None:
        return [size(scope.size)]
    known = instance_known(table, scope)
    if scope.kind in (ScopeKind.WINDOW, ScopeKind.PER):
        named = exp.EQ(this=column(f"p_{scope.kind.value.removeprefix('point.')}", table), expression=literal("hours"))
        hours = case((named, exp.Cast(this=column("p_window_hours", table), to=TEXT.copy())))
        return [exp.Coalesce(this=known[0], expressions=[hours])]
    return known


def shares_scope(table: str, other: str, scope: Scope, size: Callable[[x.Expr], exp.Expr]) -> exp.Expr:
    """Whether the row of `other` lies in the scope of the row of `table`."""
    if scope.kind in (ScopeKind.WINDOW, ScopeKind.PER):
        name = column(f"p_{scope.kind.value.removeprefix('point.')}", table)
        branches = []
        for word, kind in POINT_SCOPES.items():
            hours = column("p_window_hours", table) if kind is ScopeKind.HOURS else None
            branches.append((exp.EQ(this=name.copy(), expression=literal(word)), _shares(table, other, kind, hours)))
        return case(*branches)
    return _shares(table, other, scope.kind, size(scope.size) if scope.size is not None else None)


def _shares(table: str, other: str, kind: ScopeKind, size: exp.Expr | None) -> exp.Expr:
    tests: list[exp.Expr] = []
    if kind in LOCAL_SCOPES:
        tests.append(exp.EQ(this=column("institution", other), expression=column("institution", table)))
    if kind in SCOPE_KEYS:
        key = SCOPE_KEYS[kind]
        tests.append(exp.EQ(this=column(key, other), expression=column(key, table)))
    if kind is ScopeKind.HOURS and size is not None:
        distance = exp.Abs(this=exp.Sub(this=column("time", other), expression=column("time", table)))
        tests.append(exp.LTE(this=distance, expression=exp.Mul(this=exp.Paren(this=size), expression=literal(3_600))))
    if kind is ScopeKind.ROLLING and size is not None:
        first = exp.Add(this=exp.Sub(this=column("date", table), expression=exp.Paren(this=size)), expression=literal(1))
        tests.append(exp.Between(this=column("date", other), low=first, high=column("date", table)))
    return exp.and_(*tests) if tests else literal(True)
