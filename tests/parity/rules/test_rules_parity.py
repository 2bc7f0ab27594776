"""The three engines say the same of random lives: reference = Python = DuckDB, in hits, findings and what stays unknown."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import pytest
import yaml
from engines import by_duckdb, by_python, by_reference, differences
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_life import World, person, stock, trace, world
from random_points import points

from xiezhi.ruleset.loader import RuleBase, load_rule, load_rules
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.settings import find_rules_dir

FIRINGS = 100
NEVER_UNKNOWN = {
    "ZB10000205001000": "fees and stays of a month are always counted",
    "ZB10000205002000": "fees and stays of a month are always counted",
    "ZB10000205003000": "fees and stays of a month are always counted",
    "ZB10000205004000": "fees and stays of a month are always counted",
    "ZB10000205005000": "fees and stays of a month are always counted",
    "ZB10000205006000": "fees and stays of a month are always counted",
    "ZB10000205008000": "discharges of a month are always counted",
    "GZ10000201001000": "what the rule looks for is that something is missing",
    "GZ10000201002000": "no input can be missing",
    "GZ10000202004000": "the prescription is known where the rule looks",
    "GZ10000204003000": "visits are always counted",
    "GZ10000301006000": "no earlier drug is an answer",
    "XZ-DQ-001": "no input can be missing",
    "XZ-DQ-002": "no input can be missing",
    "XZ-DQ-003": "no input can be missing",
    "XZ-DQ-004": "no input can be missing",
    "XZ-ST-002": "the date of death is known where the rule looks",
}
"""Rules that are never unknown, and why."""


def compared(rules: Sequence[RuleSpec], seeds: Sequence[int], persons: int) -> tuple[Counter[str], Counter[str]]:
    """Compare the engines on worlds; firings and unknowns by rule."""
    fired: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for seed in seeds:
        lives = world(seed, persons)
        said = by_reference(rules, lives)
        assert not differences(rules, said, by_python(rules, lives)), f"Python, seed {seed}"
        assert not differences(rules, said, by_duckdb(rules, lives)), f"DuckDB, seed {seed}"
        fired.update({rule: len(hits) for rule, hits in said.hits.items()})
        for (rule, _), number in said.unknown.items():
            unknown[rule] += number
    return fired, unknown


def table(rules: Sequence[RuleSpec], fired: Mapping[str, int], unknown: Mapping[str, int]) -> str:
    lines = [f"{rule.id:<18} {fired[rule.id]:>6} {unknown[rule.id]:>8}  {rule.title}" for rule in rules]
    return "\n".join(["", "rule                hits  unknown", *lines])


@pytest.mark.parametrize("half", [0, 1])
def test_engines_agree_and_every_rule_fires(half: int, rules: Sequence[RuleSpec], capsys: pytest.CaptureFixture[str]) -> None:
    """In two halves, which two processes can run at the same time."""
    rules = rules[half::2]
    fired, unknown = compared(rules, (3,), 400)
    with capsys.disabled():
        sys.stdout.write(table(rules, fired, unknown))
    assert {rule.id: fired[rule.id] for rule in rules if fired[rule.id] < FIRINGS} == {}
    assert {rule.id for rule in rules if not unknown[rule.id]} == set(NEVER_UNKNOWN) & {rule.id for rule in rules}


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(10, 1 << 32))
def test_engines_agree_on_many_lives(rules: Sequence[RuleSpec], seed: int) -> None:
    compared(rules, (seed,), 400)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
def test_python_agrees_with_the_reference_on_one_life(rules: Sequence[RuleSpec], random: Random) -> None:
    """Small, so that hypothesis can shrink what differs."""
    lives = World((person(random, "N1"),), (trace(random, "T1"), stock(random, "H1")), points(Random(5)))
    assert not differences(rules, by_reference(rules, lives), by_python(rules, lives))


FEATURES: Mapping[str, tuple[Mapping[str, object], str]] = {
    "rolling count": ({"count": "rows", "in": "rolling(3)"}, "v >= 2"),
    "rolling by institution": ({"sum": "line.quantity", "in": "rolling(5)", "per": ["institution", "item"]}, "v > 2"),
    "largest so far": ({"max": "line.price", "in": "month"}, "v > line.price"),
    "smallest of all": ({"min": "line.days_supplied", "in": "all", "until": "end"}, "v < line.days_supplied"),
    "distinct so far": ({"distinct": "line.doctor", "in": "encounter"}, "v >= 2"),
    "distinct in a year": ({"distinct": "line.days_supplied", "in": "year", "per": ["substance"]}, "v >= 2"),
    "sum in an hour": ({"sum": "line.in_scope", "in": "hour"}, "v > line.amount"),
    "first of a day": (
        {"first": "line.days_supplied", "in": "day", "order": ["line.price", "line.amount desc"]},
        "v != line.days_supplied",
    ),
    "course count": ({"count": "rows", "in": "course(2)", "per": ["item"]}, "v >= 3"),
    "course end": ({"max": "line.date", "in": "course(2)", "until": "end"}, "v > line.date"),
    "near in time": ({"count": "lines", "in": "hours(2)", "if": "other.item = line.item"}, "v >= 1"),
    "days before": ({"exists": "lines", "in": "rolling(4)", "same": ["item"], "earlier": True}, "v"),
    "another doctor": ({"exists": "lines", "in": "day", "if": "other.doctor != line.doctor"}, "v"),
    "last other visit": (
        {"max": "other.use_end", "of": "lines", "earlier": True, "if": "other.encounter != encounter.id"},
        "v > line.date",
    ),
    "least quantity": (
        {"min": "other.quantity", "of": "lines", "in": "month", "same": ["substance"], "if": "other.price > line.price"},
        "v < 2",
    ),
    "still in use": ({"exists": "lines", "same": ["substance"], "earlier": True, "if": "other.use_end >= line.date"}, "v"),
    "stays here": ({"count": "stays", "same": ["institution"], "if": "other.end_date < line.date"}, "v >= 1"),
    "no stay this month": ({"exists": "stays", "in": "month", "if": "other.end_date < line.date and other.moved"}, "not v"),
}
"""Shapes of features that the catalogue does not use, with a condition each (`v` is the feature)."""


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> list[RuleSpec]:
    """A rule for each shape, over lines with and without a point."""
    folder = find_rules_dir()
    base: RuleBase = load_rules(folder)
    rule = yaml.safe_load(Path(base.rules["GZ10000102014000"].path).read_text("utf-8"))
    target = tmp_path_factory.mktemp("shapes")
    made = []
    for index, (name, (feature, when)) in enumerate(FEATURES.items()):
        for knowledge in (None, {"class": 27, "role": "a"}):
            content = {
                **rule, "id": f"XZ-{'K' if knowledge else 'N'}-{index:03d}", "title": name, "features": {"v": dict(feature)}, "when": when,
                "subject": ["line"], "amount": "line.amount", "knowledge": knowledge,
            }  # fmt: skip
            for key in ("cases", "counted", "limit", "define", "except", "class", "class_no", "meta", "cases_given"):
                content.pop(key, None)
            content = {key: value for key, value in content.items() if value is not None or key == "effective"}
            path = target / f"{content['id']}.yaml"
            path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
            made.append(load_rule(path, base.laws, base.parameters))
    return made


def test_engines_agree_on_every_shape_of_feature(shapes: Sequence[RuleSpec]) -> None:
    fired, _ = compared(shapes, (11,), 40)
    assert {rule.title for rule in shapes if not fired[rule.id]} == set()
