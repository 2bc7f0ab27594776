"""The parity tests must bite: each seeded mistake, in one engine or in the netting, makes the same comparison fail."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest
from engines import Outcome, by_duckdb, by_python, by_reference, differences
from random_life import World, world

from xiezhi.domain import netting, versions
from xiezhi.ruleset import compile_sql, python_expr, python_features, python_related, sql_expr, sql_scopes, sql_windows
from xiezhi.ruleset.spec import RuleSpec

SEED, PERSONS = 3, 60
SOME = ("GZ10000102014000", "XZ-C31", "GZ10000101010000", "GZ10000102012000", "GZ10000301004000", "GZ10000301011000", "XZ-TR-001")
"""Rules that the mistakes in SQL touch; planning all of them would take long."""


@pytest.fixture(scope="module")
def lives() -> World:
    return world(SEED, PERSONS)


@pytest.fixture(scope="module")
def some(rules: Sequence[RuleSpec]) -> list[RuleSpec]:
    return [rule for rule in rules if rule.id in SOME]


@pytest.fixture(scope="module")
def said(rules: Sequence[RuleSpec], lives: World) -> Outcome:
    return by_reference(rules, lives)


def rewritten(module: ModuleType, function: Any, old: str, new: str) -> Any:
    """A function with a piece of its text changed."""
    text = inspect.cleandoc("\n" + inspect.getsource(function))
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {function.__qualname__}"
    space = dict(vars(module))
    exec(compile("from __future__ import annotations\n" + text.replace(old, new), "<mutant>", "exec"), space)
    return space[function.__name__]


def mutate_netting(monkeypatch: pytest.MonkeyPatch, module: ModuleType, function: Any, old: str, new: str) -> World:
    """The same raw lives, netted with a mistake."""
    changed = rewritten(module, function, old, new)
    monkeypatch.setattr(module, function.__name__, changed)
    if module is versions:
        monkeypatch.setattr(netting, function.__name__, changed)
    return world(SEED, PERSONS)


def test_without_a_mistake_nothing_differs(rules: Sequence[RuleSpec], some: Sequence[RuleSpec], lives: World, said: Outcome) -> None:
    assert not differences(rules, said, by_python(rules, world(SEED, PERSONS)))
    assert not differences(some, only(said, some), by_duckdb(some, lives))


def only(said: Outcome, rules: Sequence[RuleSpec]) -> Outcome:
    kept = {rule.id for rule in rules}
    outcome = Outcome()
    outcome.hits.update({rule: hits for rule, hits in said.hits.items() if rule in kept})
    outcome.unknown.update({key: number for key, number in said.unknown.items() if key[0] in kept})
    return outcome


def test_refund_not_netted(monkeypatch: pytest.MonkeyPatch, rules: Sequence[RuleSpec], said: Outcome) -> None:
    mutant = mutate_netting(monkeypatch, netting, netting._lines, 'link = "linked"\n', 'link = "linked"\n            continue\n')
    assert differences(rules, said, by_python(rules, mutant))


def test_correction_ignored(monkeypatch: pytest.MonkeyPatch, rules: Sequence[RuleSpec], said: Outcome) -> None:
    mutant = mutate_netting(monkeypatch, versions, versions.newest_of_person, "max(own, key=version_key)", "min(own, key=version_key)")
    assert differences(rules, said, by_python(rules, mutant))


Mutation = tuple[ModuleType, Any, str, str]
IN_PYTHON: dict[str, tuple[Any, Mutation]] = {
    "window off by a day": (
        python_features.WindowCode,
        (python_features, python_features.WindowCode._rolling, "candidate[0].date - days + 1", "candidate[0].date - days"),
    ),
    "later line of the same day counted": (
        python_features.WindowCode,
        (python_features, python_features.WindowCode._rolling, "sums[end] -", "sums[bisect_left(dates, dates[start] + 1)] -"),
    ),
    "NULL as true": (
        python_expr.Source,
        (python_expr, python_expr.Source.false, "sure = not name.nullable or name.code in known", "sure = True"),
    ),
    "other institution joined": (
        python_related.RelatedCode,
        (python_related, python_related.RelatedCode._bucket, "if kind in LOCAL_SCOPES:", "if False:"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PYTHON)
def test_mistakes_in_python(name: str, monkeypatch: pytest.MonkeyPatch, rules: Sequence[RuleSpec], lives: World, said: Outcome) -> None:
    owner, (module, function, old, new) = IN_PYTHON[name]
    monkeypatch.setattr(owner, function.__name__, rewritten(module, function, old, new))
    assert differences(rules, said, by_python(rules, lives))


def null_as_true(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = sql_expr.to_sql
    changed = rewritten(
        sql_expr, real, "return exp.Not(this=exp.Paren(this=to_sql(part, resolve)))",
        "return exp.Coalesce(this=exp.Not(this=exp.Paren(this=to_sql(part, resolve))), expressions=[literal(True)])",
    )  # fmt: skip
    monkeypatch.setattr(sql_expr, "to_sql", changed)
    monkeypatch.setattr(compile_sql, "to_sql", changed)


def window_off(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = rewritten(
        sql_windows,
        sql_windows._rolling,
        "expression=exp.Paren(this=size))",
        "expression=exp.Add(this=exp.Paren(this=size), expression=literal(1)))",
    )
    monkeypatch.setattr(sql_windows, "_rolling", changed)


def later_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sql_windows.window

    def whole_days(function: Any, keys: Any, terms: Any, frame: str) -> Any:
        rolling = len(terms) == 5  # day, is_line, time, institution, id
        return real(function, keys, terms[:2] if rolling else terms, "peers" if rolling else frame)

    monkeypatch.setattr(sql_windows, "window", whole_days)


def other_institution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_scopes, "LOCAL_SCOPES", frozenset())


@pytest.mark.parametrize("mistake", [null_as_true, window_off, later_line, other_institution])
def test_mistakes_in_sql(
    mistake: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, some: Sequence[RuleSpec], lives: World, said: Outcome
) -> None:
    mistake(monkeypatch)
    assert differences(some, only(said, some), by_duckdb(some, lives))
