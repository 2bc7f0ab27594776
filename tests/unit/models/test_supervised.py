"""Boosted trees on labels: groups are never split, chances are calibrated, the threshold comes from rows not seen, runs repeat."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.supervised.boosting import SupervisedDetector, splits
from models.supervised.calibration import Calibration
from models.supervised.threshold import average_precision, best_threshold, precision_at
from xiezhi.domain.errors import UsageError


def test_groups_are_never_split_and_both_kinds_are_trained_on() -> None:
    # Mutant caught: KFold over rows.
    random = np.random.default_rng(1)
    y = (random.random(300) < 0.2).astype(float)
    groups = np.array([f"i{n}" for n in random.integers(0, 25, 300)])
    found = splits(y, groups, 5, 3)
    assert len(found) == 5
    assert sorted(np.concatenate([test for _, test in found]).tolist()) == list(range(300))
    for train, test in found:
        assert not set(groups[train]) & set(groups[test])
        assert len(np.unique(y[train])) == 2


def test_no_folds_where_they_cannot_be_made() -> None:
    assert splits(np.array([1.0, 0.0, 0.0]), None, 5, 0) == []
    assert splits(np.array([1.0, 1.0, 0.0, 0.0]), ["a", "a", "b", "b"], 5, 0) == []


def test_group_memory_does_not_look_like_skill() -> None:
    # Labels are a matter of the institution alone, and the feature only names it. Split by rows the model looks perfect (proved
    # here too); split by institution it knows nothing.
    random = np.random.default_rng(5)
    institution = random.integers(0, 40, 800)
    label_of = (random.random(40) < 0.5).astype(float)
    X = pd.DataFrame({"code": institution.astype(float)})
    y = label_of[institution]
    by_row = SupervisedDetector(rounds=40, seed=1).fit(X, y).out_of_fold
    grouped = SupervisedDetector(rounds=40, seed=1).fit(X, y, institution).out_of_fold
    assert average_precision(by_row, y) > 0.95
    assert average_precision(grouped, y) < 0.8


@pytest.mark.parametrize(("rows", "kind"), [(4000, "isotonic"), (400, "platt")])
def test_chances_can_be_taken_at_their_word(rows: int, kind: str) -> None:
    # Mutant caught: no calibration, or one learned on rows the trees had seen (then the chances are too extreme).
    random = np.random.default_rng(2)
    X = pd.DataFrame(random.normal(size=(2 * rows, 4)), columns=list("abcd"))
    chance = 1 / (1 + np.exp(-(1.5 * X["a"] - X["b"] - 1.5)))
    y = (random.random(2 * rows) < chance).astype(float).to_numpy()
    detector = SupervisedDetector(rounds=100, seed=1).fit(X.iloc[:rows], y[:rows])
    assert detector.calibration.kind == kind
    said = detector.score(X.iloc[rows:])
    truth = y[rows:]
    edges = np.quantile(said, [0, 0.25, 0.5, 0.75, 0.9, 1])
    bins = np.clip(np.searchsorted(edges, said, "right") - 1, 0, 4)
    off = [abs(said[bins == k].mean() - truth[bins == k].mean()) for k in range(5)]
    assert max(off) < (0.05 if rows > 1000 else 0.12)


def test_a_model_worse_than_chance_says_the_base_rate() -> None:
    # A negative slope would turn the order around and break monotone directions.
    margins = np.linspace(3, -3, 100)
    y = (np.arange(100) > 70).astype(float)
    found = Calibration().fit(margins, y).chance(margins)
    assert np.ptp(found) == 0
    assert abs(found[0] - y.mean()) < 0.03


def test_runs_repeat_to_the_bit_and_shares_add_up() -> None:
    random = np.random.default_rng(4)
    X = pd.DataFrame(random.normal(size=(300, 5)), columns=list("abcde"))
    y = (X["a"] + random.normal(size=300) > 1).astype(float)
    one, other = (SupervisedDetector({"a": 1}, rounds=30, seed=9).fit(X, y) for _ in range(2))
    assert one.text == other.text
    assert (one.score(X) == other.score(X)).all()
    margin = one.margin(X)
    for row, each in enumerate(one.explain(X)):
        assert abs(each.base + sum(r.share for r in each.reasons) - margin[row]) < 1e-9


@pytest.mark.parametrize("y", [None, [1.0] * 20, [0.0] * 20, [0.0, 1.0], [0.0, 0.5] * 10])
def test_labels_that_cannot_be_learned_from(y: object) -> None:
    with pytest.raises(UsageError, match="label"):
        SupervisedDetector().fit(pd.DataFrame({"a": np.arange(20.0)}), y)


def test_measures_agree_with_scikit_learn() -> None:
    from sklearn.metrics import average_precision_score, f1_score

    random = np.random.default_rng(8)
    y = (random.random(200) < 0.3).astype(float)
    scores = np.round(y * 0.3 + random.random(200), 1)  # with ties
    assert average_precision(scores, y) == pytest.approx(average_precision_score(y, scores))
    best = f1_score(y, scores >= best_threshold(scores, y))
    assert best == pytest.approx(max(f1_score(y, scores >= t) for t in np.unique(scores)))
    assert precision_at(np.array([3.0, 2.0, 1.0]), np.array([1.0, 0.0, 1.0]), 2) == 0.5
    assert np.isnan(average_precision(np.array([1.0]), np.array([0.0])))
