"""Gradient-boosted trees on decided rows (LightGBM), calibrated, with exact shares of every feature.

Ke et al., "LightGBM", NIPS 2017; shares: Lundberg et al., "From local explanations to global understanding", Nature Machine
Intelligence 2 (2020) 56 (TreeSHAP, `pred_contrib`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from models.anomaly.residuals import signs_of
from models.detector import Explanation, Floats, Frame, explanation
from models.frame import feature_columns, labels, matrix
from models.supervised.calibration import Calibration
from models.supervised.threshold import best_threshold

PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 15,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""Fixed, small trees: labels are few. One thread, so that sums are in one order and runs repeat to the bit."""


class SupervisedDetector:
    """Score = calibrated chance that a reviewer confirms; shares are log-odds and add up to the margin before calibration.

    Directed features (+1, -1) can only raise or only lower the margin (monotone constraints): a more conspicuous value never makes a
    row look better. Rare kinds are not resampled (that breaks calibration); who needs yes or no takes `threshold`, chosen on margins
    out of fold. A missing value is read as the median of the fitted rows: that something is missing must not count against anybody.
    Folds never split a group, so that the model cannot know an institution instead of a pattern.

    Args:
        directions: by feature.
        rounds: trees.
        folds: of the calibration; fewer where there are fewer groups or labels of the rarer kind.
        seed: of bagging and folds.
        parameters: instead of those of `PARAMETERS`.

    Attributes:
        threshold: chance with the best F1 out of fold.
        out_of_fold: calibrated chances of the fitted rows by models that did not see them, in order; NaN where no fold could be made.
    """

    slack = 0.0

    def __init__(
        self,
        directions: Mapping[str, int] | None = None,
        *,
        rounds: int = 150,
        folds: int = 5,
        seed: int = 0,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.directions = dict(directions or {})
        self.rounds, self.folds, self.seed = rounds, folds, seed
        self.parameters = dict(parameters or {})
        self.features: tuple[str, ...] = ()
        self.calibration = Calibration()
        self.threshold = 0.5
        self.out_of_fold: Floats = np.empty(0)
        self.medians: Floats = np.empty(0)
        self.text = ""

    def fit(self, X: Frame, y: Any = None, groups: Any = None) -> Self:
        """Learn trees from all rows, calibration and threshold from margins out of fold.

        Raises:
            UsageError: columns are no numbers, or labels are missing or of one kind.
        """
        self.features = feature_columns(X)
        values, target = matrix(X, self.features), labels(y, len(X))
        self.medians = np.array([float(np.median(column[~np.isnan(column)])) if (~np.isnan(column)).any() else 0.0 for column in values.T])
        values = self._filled(values)
        margins = np.full(len(target), np.nan)
        for train, test in splits(target, groups, self.folds, self.seed):
            margins[test] = _margin(self._grow(values[train], target[train]), values[test])
        seen = ~np.isnan(margins)
        self.calibration = Calibration()
        if seen.any() and len(np.unique(target[seen])) == 2:
            self.calibration.fit(margins[seen], target[seen])
        self.out_of_fold = np.where(seen, self.calibration.chance(np.nan_to_num(margins)), np.nan)
        self.threshold = best_threshold(self.out_of_fold[seen], target[seen]) if seen.any() else 0.5
        self.text = self._grow(values, target).model_to_string()
        return self

    def margin(self, X: Frame) -> Floats:
        """Log-odds before calibration."""
        values = self._filled(matrix(X, self.features))
        return _margin(self._booster(), values) if len(values) else np.empty(0)

    def score(self, X: Frame) -> Floats:
        """Calibrated chance of each row, 0 to 1."""
        return self.calibration.chance(self.margin(X))

    def explain(self, X: Frame) -> Sequence[Explanation]:
        """TreeSHAP: base and shares in log-odds; their sum is the margin."""
        values = self._filled(matrix(X, self.features))
        if not len(values):
            return []
        shares = np.asarray(self._booster().predict(values, pred_contrib=True, num_threads=1), float)
        return [explanation(self.features, row[:-1].tolist(), None, float(row[-1]), float(row.sum())) for row in shares]

    def __getstate__(self) -> dict[str, Any]:
        """The state without the open booster, which is made anew from its text."""
        return {name: value for name, value in self.__dict__.items() if name != "_open"}

    def _filled(self, values: Floats) -> Floats:
        return np.where(np.isnan(values), self.medians, values)

    def _booster(self) -> Any:
        if not hasattr(self, "_open"):
            import lightgbm

            self._open = lightgbm.Booster(model_str=self.text)
        return self._open

    def _grow(self, values: Floats, target: Floats) -> Any:
        import lightgbm

        signs = [int(sign) for sign in signs_of(self.features, self.directions)]
        chosen = PARAMETERS | {"seed": self.seed, "monotone_constraints": signs} | self.parameters
        data = lightgbm.Dataset(values, label=target, free_raw_data=True, params={"verbosity": -1})
        return lightgbm.train(chosen, data, num_boost_round=self.rounds)


def splits(y: Floats, groups: Any, folds: int, seed: int) -> list[tuple[Any, Any]]:
    """Row numbers to train on and to test on; kinds of labels in equal parts, groups never split.

    Fewer folds where there are fewer labels of the rarer kind or fewer groups with one; folds whose training part has one kind only
    are left out. Empty where two folds cannot be made.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    rarer = 1.0 if y.sum() <= len(y) - y.sum() else 0.0
    most = int((y == rarer).sum())
    if groups is not None:
        keys = np.asarray(groups, dtype=object).astype(str)
        most = min(most, len(set(keys[y == rarer].tolist())), len(set(keys.tolist())))
    number = min(folds, most)
    if number < 2:
        return []
    if groups is None:
        found = StratifiedKFold(number, shuffle=True, random_state=seed).split(np.zeros(len(y)), y)
    else:
        found = StratifiedGroupKFold(number, shuffle=True, random_state=seed).split(np.zeros(len(y)), y, keys)
    return [(train, test) for train, test in found if len(np.unique(y[train])) == 2 and len(test)]


def _margin(booster: Any, values: Floats) -> Floats:
    return np.asarray(booster.predict(values, raw_score=True, num_threads=1), float)
