"""The cases inside the rule files pass, and they bite: a rule with one comparison shifted or one condition left out fails some case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.cases import run_case
from xiezhi.ruleset.features import Related, ScopeKind, Window
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.settings import find_rules_dir

SHIFTED = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "=": "!=", "!=": "="}
BASE = load_rules(find_rules_dir())
RULES = [rule for _, rule in sorted(BASE.rules.items())]

IMPLIED = "the other parts say it already"
SURVIVORS: dict[tuple[str, str], str] = {
    ("GZ10000201002000", "when. without part 0"): IMPLIED,
    ("GZ10000101009000", "when.right.left.parts.1.otherwise.otherwise.otherwise.condition = → !="): "both parameters are 30 days at first",
    ("GZ10000101009000", "each billed_line"): "a line that is gone holds no more than one package",
    ("GZ10000101010000", "when.parts.0 without part 0"): IMPLIED,
    ("GZ10000101010000", "when.parts.1 without part 1"): IMPLIED,
    ("GZ10000101010000", "when.parts.2 without part 0"): IMPLIED,
    ("GZ10000101010000", "when.parts.2 without part 1"): IMPLIED,
    ("GZ10000102002000", "when. without part 0"): IMPLIED,
    ("GZ10000102010000", "when.parts.0 without part 0"): IMPLIED,
    ("GZ10000102010000", "when.parts.1 without part 1"): IMPLIED,
    ("GZ10000102010000", "when.parts.2 without part 0"): IMPLIED,
    ("GZ10000102010000", "when.parts.2 without part 1"): IMPLIED,
    ("GZ10000102013000", "no amount"): "no published point of class 26 states the price of the bundle",
    ("GZ10000201002000", "where. > → >="): "a line of quantity 0 is no live line",
    ("XZ-C77", "each billed_line"): "a line that is gone holds no more than is allowed",
}
"""Changes that no case can notice, with the reason."""


def nodes(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], x.Expr]]:
    """Every expression below a value, with the path to it."""
    if isinstance(node, x.Expr):
        yield at, node
    if isinstance(node, x.Expr | Window | Related) and is_dataclass(node):
        for field in fields(node):
            yield from nodes(getattr(node, field.name), (*at, field.name))
    elif isinstance(node, tuple):
        for index, part in enumerate(node):
            yield from nodes(part, (*at, index))
    elif isinstance(node, dict):
        for key, part in node.items():
            yield from nodes(part, (*at, key))


def put(node: Any, at: tuple[Any, ...], new: Any) -> Any:
    """The value with one part replaced."""
    if not at:
        return new
    first, *rest = at
    if isinstance(node, tuple):
        return tuple(put(part, tuple(rest), new) if index == first else part for index, part in enumerate(node))
    if isinstance(node, dict):
        return {key: put(part, tuple(rest), new) if key == first else part for key, part in node.items()}
    return replace(node, **{first: put(getattr(node, first), tuple(rest), new)})


def mutants(rule: RuleSpec) -> Iterator[tuple[str, RuleSpec]]:
    """Rules that differ in one place."""
    parts = {"where": rule.where, "when": rule.when, "features": dict(rule.features), "exceptions": dict(rule.exceptions)}
    for key, tree in parts.items():
        for at, node in nodes(tree):
            name = f"{key}.{'.'.join(map(str, at))}"
            if isinstance(node, x.Compare):
                yield f"{name} {node.op} → {SHIFTED[node.op]}", replace(rule, **{key: put(tree, at, replace(node, op=SHIFTED[node.op]))})
            elif isinstance(node, x.And | x.Or) and key != "where":
                for index in range(len(node.parts)):
                    rest = node.parts[:index] + node.parts[index + 1 :]
                    small = rest[0] if len(rest) == 1 else replace(node, parts=rest)
                    yield f"{name} without part {index}", replace(rule, **{key: put(tree, at, small)})
    for name, feature in rule.features.items():
        if isinstance(feature, Window) and feature.running:
            yield f"features.{name} not running", replace(rule, features={**rule.features, name: replace(feature, running=False)})
        if isinstance(feature, Related):
            for index, column in enumerate(feature.same):
                same = feature.same[:index] + feature.same[index + 1 :]
                yield f"features.{name} without same {column}", replace(rule, features={**rule.features, name: replace(feature, same=same)})
            if feature.earlier:
                yield f"features.{name} not earlier", replace(rule, features={**rule.features, name: replace(feature, earlier=False)})
            if feature.scope is not None:
                wide = replace(feature, scope=replace(feature.scope, kind=ScopeKind.ALL))
                yield f"features.{name} without scope", replace(rule, features={**rule.features, name: wide})
    if rule.amount is not None:
        yield "no amount", replace(rule, amount=None)
    if rule.each == "line":
        yield "each billed_line", replace(rule, each="billed_line")


MUTANTS = [(rule, name, mutant) for rule in RULES for name, mutant in mutants(rule)]


def test_the_base_is_not_empty() -> None:
    assert isinstance(BASE, RuleBase)
    assert len(RULES) >= 31
    assert len(MUTANTS) >= 180


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_case_of_a_rule_passes(rule: RuleSpec) -> None:
    results = [run_case(rule, case) for case in rule.cases]
    assert len(results) >= 6
    assert [(str(result.place), *map(str, result.differences)) for result in results if not result.passed] == []


@pytest.mark.parametrize(("rule", "name", "mutant"), MUTANTS, ids=[f"{rule.id}: {name}" for rule, name, _ in MUTANTS])
def test_a_rule_changed_in_one_place_fails_a_case(rule: RuleSpec, name: str, mutant: RuleSpec) -> None:
    noticed = any(not run_case(mutant, case).passed for case in rule.cases)
    assert noticed != ((rule.id, name) in SURVIVORS), f"no case of {rule.path} notices: {name}"
