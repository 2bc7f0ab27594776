"""The cases inside the rule files on every engine: what the reference interpreter makes of them, the compiled ones make too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from engines import Engine, by_duckdb, by_python, by_reference, differences
from random_life import World

from xiezhi.domain.calendar import day_number
from xiezhi.domain.facts import PartitionFacts
from xiezhi.ruleset.case_facts import STORE_FROM, case_facts, points_of
from xiezhi.ruleset.spec import RuleCase, RuleSpec


def world_of(rule: RuleSpec, case: RuleCase) -> World:
    """The facts of a case as the engines take them."""
    facts = case_facts(rule, case)
    partitions = [PartitionFacts(sales=group) for group in facts.sales.values()] + [
        PartitionFacts(stock=rows) for rows in facts.stock.values()
    ]
    partitions += [PartitionFacts(months=rows) for rows in facts.months.values()]
    earliest = day_number(case.given.get("store_from") or STORE_FROM)
    return World(facts.persons, tuple(partitions), tuple(points_of(rule, case)), earliest)


def told(rules: Sequence[RuleSpec], engine: Engine) -> Iterator[str]:
    """Where an engine differs from the reference, by case."""
    for rule in rules:
        for case in rule.cases:
            world = world_of(rule, case)
            found = differences([rule], by_reference([rule], world), engine([rule], world))
            yield from (f"{rule.path}:{case.line} {case.name}: {each}" for each in found)


def test_every_case_comes_out_the_same_in_python(rules: Sequence[RuleSpec]) -> None:
    assert sum(len(rule.cases) for rule in rules) >= 300
    assert list(told(rules, by_python)) == []


@pytest.mark.slow
def test_every_case_comes_out_the_same_in_duckdb(rules: Sequence[RuleSpec]) -> None:
    assert list(told(rules, by_duckdb)) == []
