"""獬豸 touches no innocent: ordinary life without schemes gives no definite finding, and few others, all of known kinds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Outcome, Request, sweep
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase

EXPLAINED = {
    "GZ10000201002000": "sums that the sender got wrong",
    "XZ-DQ-001": "refunds without their line",
    "XZ-DQ-002": "refunds above what was billed",
    "XZ-DQ-003": "corrections to another person",
    "GZ10000204001000": "an illness that honestly came back",
    "GZ10000301006000": "an early refill before a journey",
    "GZ10000204003000": "an illness with many small purchases",
}
"""What honest life is mistaken for, by rule; every one is a suspicion that a person clears, never a definite finding."""


def lives(folder: Path, seed: int, persons: int, schemes: str = "none") -> Outcome:
    simulate(folder / "out", persons=persons, months=6, seed=seed, schemes=schemes)
    home = folder / "home"
    ingest(sorted((folder / "out").glob("*.parquet")), DeltaStore.of_home(home))
    KnowledgeBase(home, find_rules_dir()).add(read_points(sorted((folder / "out" / "knowledge").glob("*.csv"), reverse=True)))
    return sweep(Request(home, find_rules_dir()))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_ordinary_life_is_silent(tmp_path: Path, seed: int) -> None:
    outcome = lives(tmp_path, seed, 5_000)
    assert not outcome.refused
    assert [f.message_zh for f in outcome.open if f.verdict == "definite"] == []
    by_rule = Counter(f.rule_id for f in outcome.open)
    assert set(by_rule) <= set(EXPLAINED), by_rule
    clinical = by_rule["GZ10000204001000"] + by_rule["GZ10000301006000"] + by_rule["GZ10000204003000"]
    assert clinical < outcome.persons * 0.02, by_rule
    assert outcome.lines > 150_000


@pytest.mark.slow
def test_schemes_are_seen(tmp_path: Path) -> None:
    """The same rules are anything but silent where somebody cheats."""
    outcome = lives(tmp_path, 11, 3_000, "all")
    assert not outcome.refused
    assert sum(1 for f in outcome.open if f.verdict == "definite") > 300
