"""Once drained, the open findings of the stream are those of all facts at once, whatever the order of arrival (semantics.md 5)."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from messy_lives import arrive, by_definition, fired, lives, take_as_they_are
from random_points import points as points_of
from stream_world import Stream, comparable, content, events_of, rows_of_store

from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Request, sweep
from streaming import consumer
from streaming.judge import Judge
from xiezhi.domain.versions import Row
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage import lmdb_history, lmdb_update
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase


@pytest.fixture(scope="module")
def points() -> PointBase:
    return PointBase.of(points_of(Random(5)), "made up")


@pytest.fixture(scope="module")
def messy_judge(rule_base: RuleBase, points: PointBase) -> Judge:
    return Judge(rule_base.active, points, rule_base.version)


def differing(stream: Stream, expected: dict[str, tuple[Any, ...]]) -> list[str]:
    """Ids that only one side has open, or that differ in any column."""
    found = stream.open()
    return sorted(i for i in found.keys() | expected.keys() if found.get(i) != expected.get(i))


Chosen = Callable[[str, Row], bool]
Late = Callable[[Mapping[str, Sequence[Row]]], Chosen]
"""From all rows, which of them come after all others."""


def converge(
    home: Path,
    seed: int,
    persons: int,
    judge: Judge,
    rules: RuleBase,
    points: PointBase,
    late: Late | None = None,
    habits: Sequence[str] = (),
    **arriving: Any,
) -> tuple[Stream, dict[str, tuple[Any, ...]]]:
    store = lives(seed, persons, habits)
    stream = Stream(home, judge)
    if late is None:
        arrive(stream, store.rows, Random(seed), **arriving)
    else:  # some rows come after all others
        chosen = late(store.rows)
        first = {table: [row for row in rows if not chosen(table, row)] for table, rows in store.rows.items()}
        arrive(stream, first, Random(seed))
        rest = {table: [row for row in rows if chosen(table, row)] for table, rows in store.rows.items()}
        arrive(stream, {table: rows for table, rows in rest.items() if rows}, Random(seed))
    return stream, by_definition(store, rules.active, points)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_any_order_comes_to_the_same(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messy_judge: Judge, rule_base: RuleBase, points: PointBase
) -> None:
    take_as_they_are(monkeypatch)
    stream, expected = converge(tmp_path, seed, 14, messy_judge, rule_base, points)
    assert len(expected) > 100
    assert differing(stream, expected) == []


FIRINGS = REVISIONS = 100
HABITS = [
    *["one day's buyer"] * 110,
    *["one day's visitor"] * 125,
    *["many drugs"] * 70,
    *["parts"] * 45,
    *["readmitted"] * 60,
    *["pieces"] * 50,
    *["none"] * 70,
]
"""Persons beyond the random ones, for rules that fire seldom in random lives."""


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_every_rule_fires_often(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rule_base: RuleBase,
    record_property: Callable[[str, object], None],
) -> None:
    """Every rule of the stream has at least 100 open findings in the end, all of them right, after at least 100 revisions on the way.

    Takes about four minutes of one core. The table of firings and revisions by rule is printed (`pytest -rP`) and recorded as a
    property. A new rule that never fires here fails the test: give `HABITS` what it needs.
    """
    take_as_they_are(monkeypatch)
    points = PointBase.of(points_of(Random(28)), "made up")  # points of this seed let every rule fire
    judge = Judge(rule_base.active, points, rule_base.version)
    stream, expected = converge(tmp_path, 3, 160, judge, rule_base, points, habits=HABITS, at_once=(1_000, 2_000))
    assert differing(stream, expected) == []
    revised: Counter[str] = Counter()
    for finding in stream.findings():  # a finding that comes back or changes was made again
        revised[finding.rule_id] += finding.revision - 1
    firings = fired(expected)
    table = {rule: (firings[rule], revised[rule]) for rule in sorted(judge.rules, key=lambda each: (firings[each], each))}
    record_property("firings and revisions", table)
    sys.stdout.write("rule                 open  revisions\n")
    sys.stdout.writelines(f"{rule:20}{count:5}{again:11}\n" for rule, (count, again) in table.items())
    assert {rule: count for rule, (count, _) in table.items() if count < FIRINGS} == {}
    assert sum(revised.values()) >= REVISIONS


def rewritten(module: ModuleType, function: Any, old: str, new: str) -> Any:
    """A function with a piece of its text changed."""
    text = inspect.cleandoc("\n" + inspect.getsource(function))
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {function.__qualname__}"
    space = dict(vars(module))
    exec(compile("from __future__ import annotations\n" + text.replace(old, new), "<mutant>", "exec"), space)
    return space[function.__name__]


U, C = lmdb_update.Update, consumer.Consumer
MUTANTS: dict[str, tuple[Any, ModuleType, Any, str, str]] = {
    "diagnoses that come late are not judged": (U, lmdb_update, U._add_diagnosis, "self.mark(PERSON, owner)", "pass"),
    "a changed institution touches nobody": (U, lmdb_update, U._add_registry, "    self.mark(PERSON, number)", "    pass"),
    "merged persons are not judged again": (U, lmdb_update, U._remap, "    self.mark(PERSON, each)\n", "    pass\n"),
    "usual prices change unnoticed": (U, lmdb_update, U.contribute, "self.mark(PERSON, number)", "pass"),
    "a correction is taken for a duplicate": (U, lmdb_update, U._add_of_person, ' + bytes.fromhex(row["content_hash"])', " + bytes(16)"),
    "what is no longer true stays open": (C, consumer, C._revise, "finding.finding_id in mine", "False"),
    "a line's change does not reach its trace code": (C, consumer, C._evaluate, "update.mark(TRACE, trace)", "pass"),
    "versions under other numbers are left out": (
        lmdb_history.View,
        lmdb_history,
        lmdb_history.View.raw_person,
        "if len(holders) > 1 else ()",
        "if False else ()",
    ),
}


LATE: dict[str, Late] = {
    "diagnoses that come late are not judged": lambda rows: lambda table, row: table == "setl_list_diag_d",
    "merged persons are not judged again": lambda rows: lambda table, row: table == "psn_map_d",
}
"""What has to come last for a mistake to show: in a random order a later event nearly always has the same person judged again."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (place > 0)) for place, name in enumerate(MUTANTS)])
def test_seeded_mistakes_are_caught(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messy_judge: Judge, rule_base: RuleBase, points: PointBase
) -> None:
    owner, module, function, old, new = MUTANTS[name]
    take_as_they_are(monkeypatch)
    monkeypatch.setattr(owner, function.__name__, rewritten(module, function, old, new))
    caught = False
    for seed in range(1, 25):  # a rare order may hide a mistake once
        stream, expected = converge(tmp_path / str(seed), seed, 14, messy_judge, rule_base, points, LATE.get(name))
        caught = caught or bool(differing(stream, expected))
        if caught:
            break
    assert caught


def against_the_sweep(tmp_path: Path, sources: list[Path], knowledge: list[Path], rule_base: RuleBase, seed: int) -> int:
    """Ingest and sweep one home, stream the same rows in random order in another; every open finding and every stored row is equal."""
    swept = tmp_path / "swept"
    ingest(sources, DeltaStore.of_home(swept))
    base = KnowledgeBase(swept, find_rules_dir())
    base.add(read_points(knowledge))
    streamed = tuple(rule.id for rule in rule_base.active if not rule.batch)
    expected = {f.finding_id: comparable(f) for f in sweep(Request(swept, find_rules_dir(), rules=streamed)).open}
    rows = rows_of_store(DeltaStore.of_home(swept))
    stream = Stream(tmp_path / "streamed", Judge(rule_base.active, PointBase.of(base.points(), base.version()), rule_base.version))
    stream.send(events_of(rows, Random(seed)))
    assert stream.run().counts.dead == 0
    assert differing(stream, expected) == []
    stored = rows_of_store(stream.store)
    for table, those in rows.items():
        assert sorted(map(content, stored[table])) == sorted(map(content, those)), table
    return len(expected)


@pytest.mark.slow
def test_a_simulated_region_comes_to_what_the_sweep_finds(tmp_path: Path, rule_base: RuleBase) -> None:
    simulate(tmp_path / "out", persons=60, months=6, seed=5, schemes="all")
    knowledge = sorted((tmp_path / "out" / "knowledge").glob("*.csv"), reverse=True)
    assert against_the_sweep(tmp_path, sorted((tmp_path / "out").glob("*.parquet")), knowledge, rule_base, 5) > 50


@pytest.mark.slow
def test_a_larger_region_comes_to_what_the_sweep_finds(tmp_path: Path, rule_base: RuleBase) -> None:
    simulate(tmp_path / "out", persons=500, months=6, seed=6, schemes="all")
    knowledge = sorted((tmp_path / "out" / "knowledge").glob("*.csv"), reverse=True)
    assert against_the_sweep(tmp_path, sorted((tmp_path / "out").glob("*.parquet")), knowledge, rule_base, 6) > 500
